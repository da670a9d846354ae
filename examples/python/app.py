"""Plain Python: python app.py handled|unhandled|chained|grouped"""

import os
import sys

import sentry_sdk

sentry_sdk.init(
    dsn=os.environ["SENTRY_DSN"], release="shop@1.2.3", environment="canary", traces_sample_rate=0
)


def total(order):
    """Fails: there is no cart in the order."""
    return sum(order["cart"])


def handled():
    """Report and go on."""
    try:
        total({})
    except KeyError as error:
        sentry_sdk.capture_exception(error)


def unhandled():
    """Nobody catches it."""
    total({})


def chained():
    """A cause and what it led to."""
    try:
        total({})
    except KeyError as error:
        raise RuntimeError("cannot render the page") from error


def grouped():
    """Two at once; before Python 3.11, one after the other."""
    try:
        group = ExceptionGroup
    except NameError:
        return chained()
    raise group("two mirrors failed", [ValueError("first"), OSError("second")])


if __name__ == "__main__":
    case = sys.argv[1]
    sentry_sdk.set_user({"id": "u-1", "email": "ann@example.org"})
    sentry_sdk.set_tag("case", case)
    {"handled": handled, "unhandled": unhandled, "chained": chained, "grouped": grouped}[case]()
