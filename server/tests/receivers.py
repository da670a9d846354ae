"""Receivers of alerts: an HTTP server on loopback that answers as a test wants, or does not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Got:
    """A request."""

    line: str
    # names in lower case
    headers: dict[str, str]
    body: bytes


def answers(status: str, body: str = "", *headers: str) -> Answer:
    """An answer, whole: "200 OK"."""

    async def write(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", body]
        writer.write("\r\n".join(lines).encode())

    return write


async def hangs(_: asyncio.StreamWriter) -> None:
    """Takes the request and says nothing."""
    await asyncio.sleep(3600)


async def endless(writer: asyncio.StreamWriter) -> None:
    """Talks for as long as anybody listens."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@dataclass
class Receiver:
    """What a running receiver got. `plan` answers one request each, then `answer` does."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    plan: list[Answer] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: answers("200 OK", "ok"))
    # at once, now and at most
    open: int = 0
    most: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook?a=b"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *rest = head.strip().split("\r\n")
            headers = {n.lower(): v for n, _, v in (item.partition(": ") for item in rest)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.got.append(Got(line, headers, body))
            await (self.plan.pop(0) if self.plan else self.answer)(writer)
            await writer.drain()
        except (OSError, EOFError):
            pass
        finally:
            self.open -= 1


T = TypeVar("T", bound=Receiver)


@asynccontextmanager
async def receiving(
    kind: type[T] = Receiver, tls: ssl.SSLContext | None = None
) -> AsyncIterator[T]:
    """A receiver on a port of its own."""
    receiver = kind()
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(receiver.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        # also of one that was cancelled before it began
        task.add_done_callback(lambda _: _close(writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        # a connection that was just made is accepted first
        await asyncio.sleep(0.01)
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # transports close in the loop's next round
        await asyncio.sleep(0.01)


def _close(writer: asyncio.StreamWriter) -> None:
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    writer.close()
