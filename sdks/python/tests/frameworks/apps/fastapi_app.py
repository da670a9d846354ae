"""FastAPI: uvicorn fastapi_app:app"""

import asyncio

import shop
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.middleware.authentication import AuthenticationMiddleware

shop.init()
app = FastAPI()


class Header(AuthenticationBackend):
    """Believes what it is told."""

    async def authenticate(self, conn):
        if name := conn.headers.get("x-user"):
            return AuthCredentials(["authenticated"]), SimpleUser(name)


app.add_middleware(AuthenticationMiddleware, backend=Header())


@app.exception_handler(shop.Refused)
async def refused(request, error):
    return JSONResponse({"error": "refused"}, 409)


@app.exception_handler(shop.Broken)
def broken(request, error):
    return JSONResponse({"error": "broken"}, 502)


@app.get("/boom")
def boom():
    return shop.total({})


@app.post("/read")
def read(order: dict):
    return shop.total({})


@app.post("/unread")
async def unread():
    return shop.total({})


@app.post("/echo")
async def echo(request: Request):
    return shop.digest(b"".join([chunk async for chunk in request.stream()]))


@app.get("/missing")
def missing():
    raise HTTPException(404)


@app.get("/unavailable")
def unavailable():
    raise HTTPException(503, "try later")


@app.get("/refused")
def refuse():
    raise shop.Refused


@app.get("/broken")
def break_down():
    raise shop.Broken("the bank is away")


@app.get("/handled")
def handled():
    shop.handled()


@app.get("/logged")
def logged():
    shop.logged()


@app.get("/stream")
def stream():
    def parts():
        yield b"a" * shop.CHUNK
        shop.total({})

    return StreamingResponse(parts())


@app.get("/slow")
async def slow(who: str):
    shop.meet(who)
    await asyncio.sleep(0.2)
    return shop.total({})


@app.get("/items/{number}")
def item(number: int):
    return shop.total({})


@app.get("/me")
def me():
    return shop.total({})
