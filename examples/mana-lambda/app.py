"""AWS Lambda: handler app.handle"""

import mana_errors_sdk

mana_errors_sdk.init(app_id="orders-lambda", release="orders@1.2.3")


def handle(event, context):
    """Fails."""
    mana_errors_sdk.set_tag("order", event["number"])
    return {}["cart"]
