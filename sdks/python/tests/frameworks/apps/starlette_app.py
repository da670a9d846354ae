"""Starlette: uvicorn starlette_app:app"""

import asyncio

import shop
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route

shop.init()


class Header(AuthenticationBackend):
    """Believes what it is told."""

    async def authenticate(self, conn):
        if name := conn.headers.get("x-user"):
            return AuthCredentials(["authenticated"]), SimpleUser(name)


async def refused(request, error):
    return JSONResponse({"error": "refused"}, 409)


def broken(request, error):
    return JSONResponse({"error": "broken"}, 502)


def boom(request):
    return shop.total({})


async def read(request):
    await request.json()
    return shop.total({})


async def unread(request):
    return shop.total({})


async def echo(request):
    body = b"".join([chunk async for chunk in request.stream()])
    return JSONResponse(shop.digest(body))


def missing(request):
    raise HTTPException(404)


def unavailable(request):
    raise HTTPException(503, "try later")


def refuse(request):
    raise shop.Refused


def break_down(request):
    raise shop.Broken("the bank is away")


def handled(request):
    shop.handled()
    return PlainTextResponse("")


def logged(request):
    shop.logged()


def stream(request):
    def parts():
        yield b"a" * shop.CHUNK
        shop.total({})

    return StreamingResponse(parts())


async def slow(request):
    shop.meet(request.query_params["who"])
    await asyncio.sleep(0.2)
    return shop.total({})


async def pass_on(request, call_next):
    return await call_next(request)


app = Starlette(
    routes=[
        Route("/boom", boom),
        Route("/read", read, methods=["POST"]),
        Route("/unread", unread, methods=["POST"]),
        Route("/echo", echo, methods=["POST"]),
        Route("/missing", missing),
        Route("/unavailable", unavailable),
        Route("/refused", refuse),
        Route("/broken", break_down),
        Route("/handled", handled),
        Route("/logged", logged),
        Route("/stream", stream),
        Route("/slow", slow),
        Route("/me", boom),
        Mount("/items", Starlette(routes=[Route("/{number}", boom)])),
    ],
    middleware=[
        Middleware(AuthenticationMiddleware, backend=Header()),
        Middleware(BaseHTTPMiddleware, dispatch=pass_on),
    ],
    exception_handlers={shop.Refused: refused, shop.Broken: broken},
)
