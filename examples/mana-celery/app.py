"""Celery: celery --app app worker, and python -c "import app; app.order.delay(7)" """

import os

from celery import Celery

import mana_errors_sdk

mana_errors_sdk.init(app_id="orders-celery", release="orders@1.2.3")
app = Celery("orders", broker=os.environ.get("BROKER_URL", "memory://"))


@app.task
def order(number):
    """Fails."""
    mana_errors_sdk.set_tag("order", number)
    return {}["cart"]
