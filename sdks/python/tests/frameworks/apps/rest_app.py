"""Django REST framework: gunicorn rest_app:application"""

import django
import shop
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

settings.configure(
    SECRET_KEY="none",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
)
shop.init()
django.setup()

from rest_framework.authentication import BaseAuthentication  # noqa: E402 - after the settings
from rest_framework.exceptions import APIException, NotFound  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Customer:
    """Stands for a user's model."""

    is_authenticated = True

    def __init__(self, pk):
        self.pk = pk


class Header(BaseAuthentication):
    """Believes what it is told."""

    def authenticate(self, request):
        name = request.headers.get("x-user")
        return (Customer(name), None) if name else None


class Unavailable(APIException):
    """The shop is closed."""

    status_code = 503


class Orders(APIView):
    """Takes none."""

    authentication_classes = (Header,)

    def get(self, request):
        raise NotFound

    def post(self, request):
        assert request.data["item"]
        raise Unavailable


urlpatterns = [path("orders", Orders.as_view()), path("missing", Orders.as_view())]
application = get_wsgi_application()
