"""Celery: celery --app app worker"""

import os

import sentry_sdk
from celery import Celery

sentry_sdk.init(dsn=os.environ["SENTRY_DSN"], release="shop@1.2.3", environment="canary")
app = Celery("shop", broker=os.environ.get("BROKER_URL", "memory://"))


def total(order):
    """Fails: there is no cart in the order."""
    return sum(order["cart"])


def meet(case):
    """Whose task it is, and what for."""
    sentry_sdk.set_user({"id": "u-1"})
    sentry_sdk.set_tag("case", case)


@app.task(name="handled")
def handled():
    """Report and go on."""
    meet("handled")
    try:
        total({})
    except KeyError as error:
        sentry_sdk.capture_exception(error)


@app.task(name="unhandled")
def unhandled():
    """Nobody catches it."""
    meet("unhandled")
    return total({})


@app.task(name="chained")
def chained():
    """A cause and what it led to."""
    meet("chained")
    try:
        total({})
    except KeyError as error:
        raise RuntimeError("cannot render the page") from error


@app.task(name="grouped")
def grouped():
    """Two at once."""
    meet("grouped")
    raise ExceptionGroup("two mirrors failed", [ValueError("first"), OSError("second")])
