"""Flask: flask --app app run"""

import os

import sentry_sdk
from flask import Flask

sentry_sdk.init(dsn=os.environ["SENTRY_DSN"], release="shop@1.2.3", environment="canary")
app = Flask(__name__)


def total(order):
    """Fails: there is no cart in the order."""
    return sum(order["cart"])


def meet(case):
    """Who asks, and what for."""
    sentry_sdk.set_user({"id": "u-1"})
    sentry_sdk.set_tag("case", case)


@app.get("/handled")
def handled():
    """Report and answer."""
    meet("handled")
    try:
        total({})
    except KeyError as error:
        sentry_sdk.capture_exception(error)
    return {"total": None}


@app.get("/unhandled")
def unhandled():
    """Nobody catches it."""
    meet("unhandled")
    return total({})


@app.get("/chained")
def chained():
    """A cause and what it led to."""
    meet("chained")
    try:
        total({})
    except KeyError as error:
        raise RuntimeError("cannot render the page") from error


@app.get("/grouped")
def grouped():
    """Two at once."""
    meet("grouped")
    raise ExceptionGroup("two mirrors failed", [ValueError("first"), OSError("second")])
