"""Flask: gunicorn app:app"""

from flask import Flask, abort

import mana_errors_sdk

mana_errors_sdk.init(app_id="orders-flask", release="orders@1.2.3")
app = Flask(__name__)


@app.get("/orders/<int:number>")
def order(number):
    """0 is a client's mistake, and no error; the others fail."""
    if number == 0:
        abort(404)
    mana_errors_sdk.set_tag("order", number)
    return {}["cart"]
