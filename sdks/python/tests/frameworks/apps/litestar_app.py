"""Litestar: uvicorn litestar_app:app"""

import asyncio

import shop
from litestar import Litestar, Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, NotFoundException
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.response import Stream

shop.init()


class Header(AbstractAuthenticationMiddleware):
    """Believes what it is told."""

    async def authenticate_request(self, connection: ASGIConnection) -> AuthenticationResult:
        name = connection.headers.get("x-user")
        return AuthenticationResult(user={"id": name} if name else None, auth=None)


def refused(request: Request, error: shop.Refused) -> Response:
    return Response({"error": "refused"}, status_code=409)


def broken(request: Request, error: shop.Broken) -> Response:
    return Response({"error": "broken"}, status_code=502)


@get("/boom", sync_to_thread=True)
def boom() -> int:
    return shop.total({})


@post("/read")
async def read(data: dict) -> int:
    return shop.total({})


@post("/unread")
async def unread() -> int:
    return shop.total({})


@post("/echo")
async def echo(request: Request) -> str:
    return shop.digest(b"".join([chunk async for chunk in request.stream()]))


@get("/missing")
async def missing() -> None:
    raise NotFoundException


@get("/unavailable")
async def unavailable() -> None:
    raise HTTPException("try later", status_code=503)


@get("/refused")
async def refuse() -> None:
    raise shop.Refused


@get("/broken")
async def break_down() -> None:
    raise shop.Broken("the bank is away")


@get("/handled")
async def handled() -> None:
    shop.handled()


@get("/logged")
async def logged() -> None:
    shop.logged()


@get("/stream")
async def stream() -> Stream:
    async def parts():
        yield b"a" * shop.CHUNK
        shop.total({})

    return Stream(parts())


@get("/slow")
async def slow(who: str) -> int:
    shop.meet(who)
    await asyncio.sleep(0.2)
    return shop.total({})


@get("/items/{number:int}")
async def item(number: int) -> int:
    return shop.total({})


@get("/me")
async def me() -> int:
    return shop.total({})


app = Litestar(
    [
        boom,
        read,
        unread,
        echo,
        missing,
        unavailable,
        refuse,
        break_down,
        handled,
        logged,
        stream,
        slow,
        item,
        me,
    ],
    middleware=[Header],
    exception_handlers={shop.Refused: refused, shop.Broken: broken},
)
