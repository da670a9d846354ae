"""Dramatiq: dramatiq app, and python -c "import app; app.order.send(7)" """

import dramatiq
from dramatiq.brokers.stub import StubBroker

import mana_errors_sdk

# before the broker is made, which it watches
mana_errors_sdk.init(app_id="orders-dramatiq", release="orders@1.2.3")
broker = StubBroker()
dramatiq.set_broker(broker)


@dramatiq.actor(max_retries=0)
def order(number):
    """Fails."""
    mana_errors_sdk.set_tag("order", number)
    return {}["cart"]
