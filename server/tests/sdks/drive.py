"""Asks an example app of a framework for its cases: drive.py FRAMEWORK FOLDER CASE...

Runs in an environment that has the framework, not in that of the tests.
"""

import contextlib
import sys


def drive_fastapi(app, case):
    """Through Starlette's own client."""
    from starlette.testclient import TestClient

    TestClient(app.app, raise_server_exceptions=False).get(f"/{case}?page=2")


def drive_flask(app, case):
    """Through Werkzeug's own client."""
    app.app.test_client().get(f"/{case}?page=2")


def drive_django(_app, case):
    """As a server would: Django's own test client goes round the SDK's hook."""
    import httpx
    from django.core.wsgi import get_wsgi_application

    transport = httpx.WSGITransport(app=get_wsgi_application(), raise_app_exceptions=False)
    httpx.Client(transport=transport).get(f"http://shop.example/{case}?page=2")


def drive_celery(app, case):
    """At once, in this process."""
    with contextlib.suppress(Exception, BaseExceptionGroup):
        app.app.tasks[case].apply(throw=False)


if __name__ == "__main__":
    framework, folder, *cases = sys.argv[1:]
    sys.path.insert(0, folder)
    import app as example
    import sentry_sdk

    for case in cases:
        globals()[f"drive_{framework}"](example, case)
    sentry_sdk.flush(10)
