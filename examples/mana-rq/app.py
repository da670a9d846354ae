"""RQ: rq worker, after Queue(connection=Redis()).enqueue("app.order", 7)"""

import mana_errors_sdk

mana_errors_sdk.init(app_id="orders-rq", release="orders@1.2.3")


def order(number):
    """Fails."""
    mana_errors_sdk.set_tag("order", number)
    return {}["cart"]
