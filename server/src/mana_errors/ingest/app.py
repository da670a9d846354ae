"""The ingest routes as an ASGI app: for connections that ingest/http.py hands over."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from mana_errors.ingest.accept import Ingest
from mana_errors.ingest.answer import Answer, wrong_method
from mana_errors.ingest.guard import Held
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.receive import ClientGone, Receive, Scope, Send, read_body
from mana_errors.ingest.routes import Wire, find_route

AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class IngestApp:
    """Answers the ingest routes; every other path is the next app's.

    Never raises and always answers in the contract's shape, whatever comes.
    """

    def __init__(self, ingest: Ingest, next_app: AsgiApp) -> None:
        self._ingest = ingest
        self._next = next_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = find_route(scope["path"].encode()) if scope["type"] == "http" else None
        if route is None:
            await self._next(scope, receive, send)
            return
        client = scope["client"]
        host = client[0] if client else None
        sender = self._ingest.meet(dict(scope["headers"]), scope["query_string"], host, route)
        try:
            answer = await self._answer(scope["method"], sender, receive)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - the contract: the endpoint never throws
            answer = self._ingest.refuse(error, sender)
        await _send(send, answer)

    async def _answer(self, method: str, sender: Sender, receive: Receive) -> Answer:
        if method in {"OPTIONS", "HEAD"}:
            return self._ingest.preflight(sender)
        # Old browsers report with an image's URL.
        by_url = method == "GET" and sender.route.wire is Wire.STORE
        if method != "POST" and not by_url:
            return wrong_method()
        self._ingest.check(sender)
        held = Held(self._ingest.guard)
        try:
            body = b"" if by_url else await read_body(receive, sender.route.limit, held.add)
            answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._ingest.accept(sender, body, partial(_answer_once, answer))
            return await answer
        finally:
            held.release()


def _answer_once(future: asyncio.Future[Answer], answer: Answer) -> None:
    # Cancelled when the client went away.
    if not future.done():
        future.set_result(answer)


async def _send(send: Send, answer: Answer) -> None:
    headers = answer.headers
    if answer.body:
        headers = [*headers, (b"content-length", str(len(answer.body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
