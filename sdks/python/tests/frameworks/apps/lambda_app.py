"""AWS Lambda: handler lambda_app.handle"""

import shop

shop.init()


def handle(event, context):
    if event.get("ok"):
        return {"ok": True}
    return shop.total({})
