"""Django in one file: python app.py runserver"""

import os
import sys

import django
import sentry_sdk
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import JsonResponse
from django.urls import path

sentry_sdk.init(
    dsn=os.environ["SENTRY_DSN"],
    release="shop@1.2.3",
    environment="canary",
)
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="only-an-example")
django.setup()


def total(order):
    """Fails: there is no cart in the order."""
    return sum(order["cart"])


def meet(case):
    """Who asks, and what for."""
    sentry_sdk.set_user({"id": "u-1"})
    sentry_sdk.set_tag("case", case)


def handled(_request):
    """Report and answer."""
    meet("handled")
    try:
        total({})
    except KeyError as error:
        sentry_sdk.capture_exception(error)
    return JsonResponse({"total": None})


def unhandled(_request):
    """Nobody catches it."""
    meet("unhandled")
    return total({})


def chained(_request):
    """A cause and what it led to."""
    meet("chained")
    try:
        total({})
    except KeyError as error:
        raise RuntimeError("cannot render the page") from error


def grouped(_request):
    """Two at once."""
    meet("grouped")
    raise ExceptionGroup("two mirrors failed", [ValueError("first"), OSError("second")])


urlpatterns = [path(view.__name__, view) for view in (handled, unhandled, chained, grouped)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
