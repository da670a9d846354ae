"""No framework: uvicorn asgi_app:app"""

import asyncio
from urllib.parse import parse_qs

import shop

from mana_errors_sdk.integrations.asgi import ManaErrorsMiddleware

shop.init()


async def bare(scope, receive, send):
    if scope["type"] != "http":
        raise ValueError(f"no {scope['type']} here")
    path = scope["path"]
    if path in ("/read", "/echo"):
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
    if path == "/handled":
        shop.handled()
    if path == "/logged":
        shop.logged()
    if path == "/slow":
        shop.meet(parse_qs(scope["query_string"].decode())["who"][0])
        await asyncio.sleep(0.2)
    if path in ("/boom", "/read", "/unread", "/slow"):
        shop.total({})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    text = f'"{shop.digest(body)}"'.encode() if path == "/echo" else b""
    await send({"type": "http.response.body", "body": text, "more_body": path == "/stream"})
    if path == "/stream":
        shop.total({})


app = ManaErrorsMiddleware(bare)
