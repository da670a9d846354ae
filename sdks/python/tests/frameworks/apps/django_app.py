"""Django in one file: gunicorn django_app:wsgi, or uvicorn django_app:asgi"""

import asyncio
import time

import django
import shop
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="none", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[f"{__name__}.know"]
)  # fmt: skip
shop.init()
django.setup()


class Customer:
    """Stands for a user's model."""

    is_authenticated = True

    def __init__(self, pk):
        self.pk = pk


def know(get_response):
    """Believes what it is told."""

    def answer(request):
        if name := request.headers.get("x-user"):
            request.user = Customer(name)
        return get_response(request)

    return answer


def boom(request, **_):
    return shop.total({})


def read(request):
    assert request.body
    return shop.total({})


def echo(request):
    return JsonResponse(shop.digest(request.read()), safe=False)


def missing(request):
    raise Http404


def handled(request):
    shop.handled()
    return HttpResponse()


def logged(request):
    shop.logged()


def stream(request):
    def parts():
        yield b"a" * shop.CHUNK
        shop.total({})

    return StreamingHttpResponse(parts())


async def astream(request):
    async def parts():
        yield b"a" * shop.CHUNK
        shop.total({})

    return StreamingHttpResponse(parts())


def slow(request):
    shop.meet(request.GET["who"])
    time.sleep(0.2)
    return shop.total({})


async def aslow(request):
    shop.meet(request.GET["who"])
    await asyncio.sleep(0.2)
    return shop.total({})


urlpatterns = [
    path("boom", boom),
    path("read", read),
    path("unread", boom),
    path("echo", echo),
    path("missing", missing),
    path("handled", handled),
    path("logged", logged),
    path("stream", stream),
    path("astream", astream),
    path("slow", slow),
    path("aslow", aslow),
    path("items/<int:number>", boom),
    path("me", boom),
]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
