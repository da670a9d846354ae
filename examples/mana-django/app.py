"""Django in one file: gunicorn app:application. In a project, init() stands in settings.py."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import Http404
from django.urls import path

import mana_errors_sdk

mana_errors_sdk.init(app_id="orders-django", release="orders@1.2.3")
settings.configure(SECRET_KEY="only-for-this-example", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)


def order(request, number):
    """0 is a client's mistake, and no error; the others fail."""
    if number == 0:
        raise Http404
    mana_errors_sdk.set_tag("order", number)
    return {}["cart"]


urlpatterns = [path("orders/<int:number>", order)]
application = get_wsgi_application()
