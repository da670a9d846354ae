"""What the apps of all frameworks have in common."""

import hashlib
import logging

import mana_errors_sdk

# Longer than any bound on what is kept of a body.
CHUNK = 4096

log = logging.getLogger("shop")


class Refused(Exception):
    """The app answers it with 409."""


class Broken(Exception):
    """The app answers it with 502."""


def total(order):
    """Fails: there is no cart in the order."""
    return sum(order["cart"])


def handled():
    """Caught and reported."""
    try:
        total({})
    except KeyError as error:
        mana_errors_sdk.capture_exception(error)


def logged():
    """Logged here, and raised to whom else may report it."""
    try:
        total({})
    except KeyError:
        log.exception("no total")
        raise


def meet(who):
    """Who asks."""
    mana_errors_sdk.set_user({"id": who})
    mana_errors_sdk.set_tag("who", who)
    mana_errors_sdk.add_breadcrumb(f"met {who}")


def digest(body):
    """What arrived."""
    return hashlib.sha256(body).hexdigest()


def init(**options):
    """As every app begins; the address and the app's id come from the environment."""
    # On a busy machine the last reports may take longer than a program's end usually may.
    known = {"release": "shop@1.2.3", "environment": "staging", "shutdown_timeout": 30}
    mana_errors_sdk.init(**known | options)
