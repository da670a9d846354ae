"""The ingest routes as an ASGI app: for connections that ingest/http.py hands over."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from mana_errors.ingest.accept import (
    ALLOW,
    BATCH_PATH,
    JSON_HEADERS,
    PREFLIGHT_HEADERS,
    REPORT_PATH,
    Answer,
    Ingest,
    failure,
    refuse,
)
from mana_errors.ingest.receive import ClientGone, Headers, Receive, Scope, Send, read_body

AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class IngestApp:
    """Answers the ingest routes; every other path is the next app's.

    Never raises and always answers in the contract's shape, whatever comes.
    """

    def __init__(self, ingest: Ingest, next_app: AsgiApp) -> None:
        self._ingest = ingest
        self._next = next_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removesuffix("/") if scope["type"] == "http" else ""
        if path not in {REPORT_PATH, BATCH_PATH}:
            await self._next(scope, receive, send)
            return
        try:
            answer = await self._answer(scope, receive, batch=path == BATCH_PATH)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - the contract: the endpoint never throws
            answer = refuse(error)
        await _send(send, answer)

    async def _answer(self, scope: Scope, receive: Receive, *, batch: bool) -> Answer:
        method = scope["method"]
        if method in {"OPTIONS", "HEAD"}:
            return Answer(204, PREFLIGHT_HEADERS, b"")
        if method != "POST":
            return Answer(405, [*JSON_HEADERS, ALLOW], failure("use POST"))
        headers: Headers = dict(scope["headers"])
        self._ingest.check(headers, batch=batch)
        body = await read_body(receive, self._ingest.limit(batch=batch))
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._ingest.accept(headers, body, partial(_answer_once, answer), batch=batch)
        return await answer


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
