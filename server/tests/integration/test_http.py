"""Ingest straight on the connection: what a byte stream can do to it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn

from mana_errors.ingest import http, watch
from mana_errors.ingest.accept import Ingest
from mana_errors.ingest.app import IngestApp
from mana_errors.ingest.receive import Receive, Scope, Send
from mana_errors.ingest.stamp import system_clock
from mana_errors.store.spool.reader import SegmentReader, segments
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter

REPORT = json.dumps({"errorCode": "C", "errorType": "T", "message": "m"}).encode()
ONE = b"POST /api/v1/errors HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (
    len(REPORT),
    REPORT,
)


@dataclass
class Site:
    """A running server and its spool."""

    port: int
    spool: Path
    server: uvicorn.Server
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        return reader, writer

    async def hang_up(self) -> None:
        for writer in self.writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def spooled(self) -> int:
        total = 0
        for path in segments(self.spool):
            with SegmentReader(path) as reader:
                batch = reader.read(0)
                total += len(batch.payloads) if batch else 0
        return total


async def other_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Every path that is no ingest path."""
    del receive
    body = b"other " + scope["path"].encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    spool = SpoolWriter(tmp_path, SpoolLimits(1 << 40, 0))
    ingest = Ingest(spool, system_clock(timedelta(days=30)))
    config = uvicorn.Config(
        IngestApp(ingest, other_app),
        host="127.0.0.1",
        port=0,
        http=http.protocol_class(ingest),
        lifespan="off",
        ws="none",
        log_config=None,
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    running_site = Site(server.servers[0].sockets[0].getsockname()[1], tmp_path, server)
    yield running_site
    await running_site.hang_up()
    server.should_exit = True
    await running
    await spool.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Status, headers, body of one response."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).decode()
    status, *lines = head.strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(status.split()[1]), headers, body


async def test_a_connection_serves_one_report_after_the_other(site: Site) -> None:
    """Keep-alive, with a date as RFC 9110 asks for."""
    reader, writer = await site.connect()
    for _ in range(5):
        writer.write(ONE)
        status, headers, body = await answer(reader)
        assert status == 201
        assert json.loads(body)["success"] is True
        assert "date" in headers
    assert site.spooled() == 5


@pytest.mark.parametrize("size", [1, 3, 7, 50])
async def test_bytes_may_come_in_any_pieces(site: Site, size: int) -> None:
    """A request line, a header, a body cut anywhere."""
    reader, writer = await site.connect()
    for start in range(0, len(ONE), size):
        writer.write(ONE[start : start + size])
        await writer.drain()
        await asyncio.sleep(0)
    assert (await answer(reader))[0] == 201


async def test_another_request_is_handed_over_and_reports_go_on(site: Site) -> None:
    """A browser's preflight, its report and a page may share a connection."""
    reader, writer = await site.connect()
    writer.write(ONE)
    assert (await answer(reader))[0] == 201
    writer.write(b"OPTIONS /api/v1/errors HTTP/1.1\r\nHost: x\r\n\r\n")
    status, headers, _ = await answer(reader)
    assert status == 204
    assert headers["access-control-allow-origin"] == "*"
    writer.write(b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await answer(reader))[2] == b"other /page"
    writer.write(ONE)
    assert (await answer(reader))[0] == 201
    assert site.spooled() == 2


@pytest.mark.parametrize(
    "line", [b"POST /api/v1/errorsX", b"POST /api/v1/errors/other", b"POST /x", b"PO", b"PUT /"]
)
async def test_paths_that_only_look_alike_are_not_ours(site: Site, line: bytes) -> None:
    """They are the other app's, also when the line comes in two pieces."""
    reader, writer = await site.connect()
    writer.write(line)
    await asyncio.sleep(0.02)
    writer.write(b"T /y HTTP/1.1\r\nHost: x\r\n\r\n" if line == b"PO" else b" HTTP/1.1\r\n\r\n")
    status, _, body = await answer(reader)
    assert (status, body[:5]) == (200, b"other") or status == 400


async def test_a_pipelined_request_gets_its_connection_closed(site: Site) -> None:
    """The first is answered; what came behind was not accepted and can be sent again."""
    reader, writer = await site.connect()
    writer.write(ONE + ONE)
    assert (await answer(reader))[0] == 201
    assert await asyncio.wait_for(reader.read(), 20) == b""
    assert site.spooled() == 1


async def test_expect_100_continue(site: Site) -> None:
    """curl waits for it before a large body."""
    reader, writer = await site.connect()
    head, body = ONE.split(b"\r\n\r\n")
    writer.write(head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert (await answer(reader))[0] == 100
    writer.write(body)
    assert (await answer(reader))[0] == 201


Attack = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def _endless_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"POST /api/v1/errors HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(40):
        writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        await writer.drain()


async def _declared_too_long(writer: asyncio.StreamWriter) -> None:
    writer.write(b"POST /api/v1/errors HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")


async def _endless_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"POST /api/v1/errors HTTP/1.1\r\n" + b"X-Y: %b\r\n" % (b"z" * 1000) * 40)


async def _no_http(writer: asyncio.StreamWriter) -> None:
    writer.write(b"POST /api/v1/errors HTTP/1.1\r\n\x00\x01\x02: \x00\r\n\r\n")


@pytest.mark.parametrize(
    ("attack", "status"),
    [(_endless_body, 413), (_declared_too_long, 413), (_endless_headers, 413), (_no_http, 400)],
)
async def test_refusals_in_mid_request_can_be_read(site: Site, attack: Attack, status: int) -> None:
    """The contract's shape, then the connection ends."""
    reader, writer = await site.connect()
    await attack(writer)
    found, headers, body = await answer(reader)
    assert found == status
    assert json.loads(body)["success"] is False
    assert headers["connection"] == "close"


async def test_connection_close_is_obeyed(site: Site) -> None:
    """HTTP/1.0 clients and those that ask for it."""
    reader, writer = await site.connect()
    writer.write(ONE.replace(b"Host: x", b"Connection: close"))
    status, headers, _ = await answer(reader)
    assert (status, headers["connection"]) == (201, "close")
    assert await asyncio.wait_for(reader.read(), 20) == b""


async def test_stopping_answers_what_is_in_work(site: Site) -> None:
    """Idle connections are closed; a request that has begun is finished first."""
    idle_reader, _ = await site.connect()
    reader, writer = await site.connect()
    writer.write(ONE[:40])
    await asyncio.sleep(0.05)
    site.server.should_exit = True
    assert await asyncio.wait_for(idle_reader.read(), 20) == b""
    writer.write(ONE[40:])
    status, headers, _ = await answer(reader)
    assert (status, headers["connection"]) == (201, "close")


async def test_idle_and_endless_requests_are_ended(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection costs memory: neither silence nor a dripping request keeps it."""
    for limit in ("IDLE_S", "HEAD_S", "LOOK_S"):
        monkeypatch.setattr(watch, limit, 0.05)
    for start in (b"", b"POST", ONE[:60]):
        reader, writer = await site.connect()
        writer.write(start)
        assert await asyncio.wait_for(reader.read(), 20) == b""
