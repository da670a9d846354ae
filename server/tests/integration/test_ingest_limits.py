"""Everything that refuses at ingest, at once: on the connection and as ASGI, and counted once."""

import asyncio
import contextlib
import errno
import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from mana_errors.config import Settings
from mana_errors.ingest import accept, guard, http, watch
from mana_errors.ingest.accept import Ingest
from mana_errors.ingest.app import IngestApp
from mana_errors.ingest.identify import Known
from mana_errors.ingest.receive import Receive, Scope, Send
from mana_errors.ingest.stamp import system_clock
from mana_errors.model.app import AppSettings, Directory, Filters, KnownApp, Quota
from mana_errors.model.outcome import Outcome, Refusals
from mana_errors.store.spool import writer as spool_writer
from mana_errors.store.spool.format import decode_record
from mana_errors.store.spool.reader import SegmentReader, segments
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter

KEY, OTHER_KEY = "a" * 32, "b" * 32
CLIENT = "198.51.100.1"
Headers = dict[str, str]


def known() -> Directory:
    later = datetime.now(UTC) + timedelta(hours=5)
    apps = [
        KnownApp("chat", 1, AppSettings()),
        KnownApp("closed", 2, AppSettings(require_key=True)),
        KnownApp("slow", 3, AppSettings(rate_per_second=1, rate_burst=3)),
        KnownApp("over", 4, AppSettings(), later, Quota.DAY),
        KnownApp("picky", 5, AppSettings(filters=Filters(messages=("*noise*",)))),
        KnownApp("web", 6, AppSettings(allowed_origins=("https://*.web.example",))),
    ]
    return Directory(1, {app.id: app for app in apps}, {KEY: "chat", OTHER_KEY: "closed"})


@dataclass
class Site:
    """A running worker without a database."""

    ingest: Ingest
    server: uvicorn.Server
    spool: SpoolWriter
    directory: Path
    # through uvicorn, as connections that began with a preflight
    handed: bool
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = self.server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self.writers.append(writer)
        if self.handed:
            writer.write(b"HEAD /api/v1/errors HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await answer(reader))[0] == 204
        return reader, writer

    async def send(
        self,
        body: bytes | dict[str, Any],
        path: str = "/api/v1/errors",
        method: str = "POST",
        **headers: str,
    ) -> tuple[int, Headers, Any]:
        """One request on a connection of its own: status, headers, decoded answer."""
        reader, writer = await self.connect()
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in headers.items())
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(raw)}\r\n{lines}\r\n"
        writer.write(head.encode() + raw)
        status, got, found = await answer(reader)
        writer.close()
        return status, got, json.loads(found) if found else None

    async def batch(self, *items: Any, **headers: str) -> tuple[int, Headers, Any]:
        return await self.send({"errors": list(items)}, "/api/v1/errors/batch", **headers)

    async def ledger(self) -> Counter[tuple[str, Outcome]]:
        """What was counted by app and outcome, ACCEPTED for what is in the spool."""
        self.ingest.flush()
        if self.spool._committing is not None:
            await self.spool._committing
        found: Counter[tuple[str, Outcome]] = Counter()
        for path in segments(self.directory):
            with SegmentReader(path) as reader:
                batch = reader.read(0)
                for payload in batch.payloads if batch else ():
                    record = decode_record(payload)
                    if isinstance(record, Refusals):
                        for line in record.counts:
                            found[line.app_id, line.outcome] += line.count
                    else:
                        found[record.app_id, Outcome.ACCEPTED] += 1
        return found


async def answer(reader: asyncio.StreamReader) -> tuple[int, Headers, bytes]:
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).decode()
    status, *lines = head.strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(status.split()[1]), headers, body


async def nowhere(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def running(directory: Path, *, handed: bool = False, **settings: Any) -> AsyncIterator[Site]:
    spool = SpoolWriter(directory, SpoolLimits(1 << 40, 0))
    found = known()
    ingest = Ingest(
        spool, system_clock(timedelta(days=30)), Settings(**settings), Known(lambda: found)
    )
    config = uvicorn.Config(
        IngestApp(ingest, nowhere), host="127.0.0.1", port=0, http=http.protocol_class(ingest),
        lifespan="off", ws="none", log_config=None, proxy_headers=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    site = Site(ingest, server, spool, directory, handed)
    yield site
    for writer in site.writers:
        writer.close()
    server.should_exit = True
    await task
    await spool.close()


@pytest.fixture(params=[False, True], ids=["connection", "asgi"])
async def site(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    async with running(tmp_path, handed=request.param) as found:
        yield found


def report(app_id: str | None = "chat", message: str = "m", **fields: Any) -> dict[str, Any]:
    named = {} if app_id is None else {"appId": app_id}
    return {"errorCode": "C", "errorType": "T", "message": message, **named, **fields}


async def test_refusals_have_the_contracts_shape_and_their_status(site: Site) -> None:
    """And say why."""
    await site.send(report("over"))
    cases: list[tuple[int, str, dict[str, Any] | bytes, Headers]] = [
        (400, "errorCode", {}, {}),
        (401, "X-App-Key", report("closed"), {}),
        (403, "unknown or revoked", report(), {"X_App_Key": "c" * 32}),
        (403, "not one of the app", report("closed"), {"X_App_Key": KEY}),
        (403, "this web page", report("web"), {"Origin": "https://evil.example"}),
        (413, "larger", b"x" * 1_048_577, {}),
        (415, "content-type", report(), {"Content_Type": "image/png"}),
        (429, "over its events of the day", report("over"), {}),
    ]
    for status, reason, body, headers in cases:
        found, got, said = await site.send(body, **headers)
        assert (found, said["success"]) == (status, False), reason
        assert reason in said["error"]
        assert got["content-type"] == "application/json"
        assert ("retry-after" in got) is (status == 429)


async def test_all_at_once_are_counted_exactly_once(site: Site) -> None:
    """Received = the sum over apps and outcomes, whatever became of each."""
    for _ in range(3):
        await site.send(report())
        await site.send(report(None), X_App_Key=KEY)
        await site.send({"errorCode": "C"}, X_App_Id="chat")
        await site.send(report("closed"))
        await site.send(report("closed"), "/api/v1/errors?key=" + OTHER_KEY)
        await site.send(report("closed"), X_App_Key=KEY)
        await site.send(report(), X_App_Key="nonsense")
        await site.send(report("over", message="the same"))
        await site.send(report("picky", "some noise here"))
        await site.send(report("stranger"))
        await site.send(b"{", X_App_Id="stranger")
    await site.batch(report(), {}, report("picky", "noise"), report("over", "same"), report("slow"))
    await site.send(b"[" * 10, "/api/v1/errors/batch", X_App_Id="chat")
    expected = {
        ("chat", Outcome.ACCEPTED): 3 + 3 + 1,
        ("chat", Outcome.INVALID): 3 + 1,
        ("closed", Outcome.UNAUTHORIZED): 3 + 3,
        ("closed", Outcome.ACCEPTED): 3,
        ("", Outcome.UNAUTHORIZED): 3,
        ("over", Outcome.ACCEPTED): 1 + 1,
        ("over", Outcome.QUOTA): 2,
        ("picky", Outcome.FILTERED): 3 + 1,
        ("stranger", Outcome.ACCEPTED): 3,
        ("", Outcome.INVALID): 3 + 1,
        ("slow", Outcome.ACCEPTED): 1,
    }
    assert await site.ledger() == expected


async def test_a_batch_beyond_a_limit_is_refused_in_part(site: Site) -> None:
    """Singly while some pass; as a whole when none does."""
    status, headers, said = await site.batch(*[report("slow")] * 5)
    assert int(headers["retry-after"]) > 0
    assert (status, said["succeeded"], said["failed"]) == (201, 3, 2)
    assert [item["success"] for item in said["results"]] == [True] * 3 + [False] * 2
    assert "too many events" in said["results"][4]["error"]
    status, headers, said = await site.batch(*[report("slow")] * 5, {"bad": 1})
    assert (status, headers["retry-after"], said["success"]) == (429, "1", False)
    assert await site.ledger() == {
        ("slow", Outcome.ACCEPTED): 3,
        ("slow", Outcome.RATE_LIMITED): 2 + 5,
        ("", Outcome.INVALID): 1,
    }


async def test_what_is_filtered_has_an_id_and_is_not_stored(site: Site) -> None:
    """The client did nothing wrong: 201, marked."""
    status, _, said = await site.send(report("picky", "so much noise"))
    assert (status, said["success"], said["filtered"], len(said["id"])) == (201, True, True, 36)
    status, headers, said = await site.batch(report("picky", "noise"), report("picky", "music"))
    assert "retry-after" not in headers
    assert (said["succeeded"], [item.get("filtered") for item in said["results"]]) == (
        2,
        [True, None],
    )
    assert await site.ledger() == {
        ("picky", Outcome.FILTERED): 2,
        ("picky", Outcome.ACCEPTED): 1,
    }


@pytest.mark.parametrize(
    ("path", "headers", "origin", "allowed"),
    [
        ("", {}, "https://any.example", "*"),
        ("", {"X_App_Id": "chat"}, "https://any.example", "*"),
        ("", {"X_App_Id": "web"}, "https://a.web.example", "https://a.web.example"),
        ("", {"X_App_Id": "web"}, "https://evil.example", None),
        (f"?key={KEY}", {}, "https://any.example", "*"),
    ],
)
async def test_browsers_may_read_what_their_app_allows(
    site: Site, path: str, headers: Headers, origin: str, allowed: str | None
) -> None:
    """With the answer and before it, in a preflight."""
    whole = f"/api/v1/errors{path}"
    status, got, _ = await site.send(report(None), whole, Origin=origin, **headers)
    assert status == (201 if allowed else 403)
    assert got.get("access-control-allow-origin") == allowed
    status, got, _ = await site.send(b"", whole, "OPTIONS", Origin=origin, **headers)
    assert (status, got.get("access-control-allow-origin")) == (204, allowed)
    assert "x-app-key" in got["access-control-allow-headers"]


@pytest.mark.parametrize("handed", [False, True], ids=["connection", "asgi"])
async def test_an_address_that_sends_too_much_waits(tmp_path: Path, *, handed: bool) -> None:
    """Others do not, nor do programs on this machine."""
    async with running(
        tmp_path, handed=handed, rate_per_address=1, rate_burst_per_address=2
    ) as site:
        found: list[int] = []
        for _ in range(4):
            status, headers, said = await site.send(report(), X_Forwarded_For=CLIENT)
            found.append(status)
        assert found == [201, 201, 429, 429]
        assert headers["retry-after"] == "1"
        assert "retry-after" in headers["access-control-expose-headers"]
        assert (said["success"], "this address" in said["error"]) == (False, True)
        for other in ({"X_Forwarded_For": "198.51.100.2"}, {}, {}, {}):
            assert (await site.send(report(), **other))[0] == 201
        assert await site.ledger() == {
            ("chat", Outcome.ACCEPTED): 6,
            ("", Outcome.RATE_LIMITED): 2,
        }


async def test_events_that_the_spool_refuses_are_counted_once_it_takes_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their counts wait in memory."""
    monkeypatch.setattr(spool_writer, "SPACE_CHECK_INTERVAL_S", 0.0)
    async with running(tmp_path) as site:
        full = tmp_path / f"{'0' * 32}.spool"
        site.spool._limits = SpoolLimits(3, 0)
        full.write_bytes(b"full")
        status, headers, _ = await site.send(report(), X_App_Id="chat")
        assert (status, "retry-after" in headers) == (503, True)
        assert await site.ledger() == {}
        full.unlink()
        site.spool._limits = SpoolLimits(1 << 40, 0)
        assert (await site.send(report(), X_App_Id="chat"))[0] == 201
        assert await site.ledger() == {
            ("chat", Outcome.UNAVAILABLE): 1,
            ("chat", Outcome.ACCEPTED): 1,
        }


async def test_events_that_a_failed_fsync_costs_are_counted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of a batch under its own app, as its sender was told that they are lost."""

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "no luck")

    with monkeypatch.context() as patch:
        patch.setattr(spool_writer.os, "fdatasync", fail)
        status, headers, _ = await site.batch(report(), report("over"), report("stranger"))
    assert (status, "retry-after" in headers) == (503, True)
    assert await site.ledger() == {
        ("chat", Outcome.UNAVAILABLE): 1,
        ("over", Outcome.UNAVAILABLE): 1,
        ("", Outcome.UNAVAILABLE): 1,
    }


@pytest.mark.parametrize("handed", [False, True], ids=["connection", "asgi"])
async def test_too_much_memory_and_too_many_bodies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, handed: bool
) -> None:
    """503 before harm, and 201 again once there is room."""
    monkeypatch.setattr(guard, "MEMORY_CHECK_S", 0.0)
    async with running(tmp_path, handed=handed) as site:
        own = site.ingest.guard
        monkeypatch.setattr(own, "_resident", lambda: 1 << 50)
        status, headers, said = await site.send(report())
        assert (status, headers["retry-after"]) == (503, "5")
        assert "memory at its ceiling" in said["error"]
        monkeypatch.setattr(own, "_resident", lambda: 0)
        own.hold(own._max_bodies - 10)
        large = report(stackTrace="x" * (guard.FREE_BYTES + 100))
        status, _, said = await site.send(large)
        assert (status, "bodies" in said["error"]) == (503, True)
        assert (await site.send(report()))[0] == 201
        own.release(own._max_bodies - 10)
        assert (await site.send(large))[0] == 201
        assert own._bodies == 0
        assert await site.ledger() == {
            ("chat", Outcome.ACCEPTED): 2,
            ("", Outcome.UNAVAILABLE): 2,
        }


async def test_a_batch_has_a_budget_of_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is behind it is refused singly, for the client to send again; but never the first, since
    that would come again for ever."""
    monkeypatch.setattr(accept, "REQUEST_BUDGET_S", 0.0)
    status, _, said = await site.batch(report(), report(), X_App_Id="chat")
    assert (status, said["failed"]) == (201, 1)
    assert "took too long" in said["results"][1]["error"]
    assert await site.ledger() == {("chat", Outcome.ACCEPTED): 1, ("chat", Outcome.UNAVAILABLE): 1}


async def test_silent_connections_make_room_for_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand that say nothing, or a header a second, keep nobody out."""
    monkeypatch.setattr(guard, "SHED_AFTER_S", 0.0)
    async with running(tmp_path, max_connections=16) as site:
        for n in range(100):
            _, writer = await site.connect()
            writer.write(b"POST /api/v1/errors HTTP/1.1\r\nX-A: b\r\n" if n % 2 else b"GET / H")
        assert (await site.send(report()))[0] == 201
        assert site.ingest.guard._connections <= 17


async def test_a_connection_too_many_is_answered(tmp_path: Path) -> None:
    """Where all others have just come: 503, when to come again, and the end."""
    async with running(tmp_path, max_connections=16) as site:
        silent = [await site.connect() for _ in range(16)]
        reader, _ = await site.connect()
        status, headers, body = await answer(reader)
        assert (status, headers["retry-after"], headers["connection"]) == (503, "5", "close")
        assert json.loads(body)["success"] is False
        assert not all(check.ok for check in site.ingest.guard.checks())
        silent[0][1].close()
        await asyncio.sleep(0.1)
        assert (await site.send(report()))[0] == 201


@pytest.mark.parametrize("handed", [False, True], ids=["connection", "asgi"])
@pytest.mark.parametrize("start", [b"", b"POST /api", b"GET /x HTTP/1.1\r\nX-A: b\r\n"])
async def test_dripping_heads_are_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: bytes, *, handed: bool
) -> None:
    """One more header now and then keeps no connection open."""
    for limit in ("IDLE_S", "HEAD_S", "LOOK_S"):
        monkeypatch.setattr(watch, limit, 0.05)
    async with running(tmp_path, handed=handed) as site:
        reader, writer = await site.connect()
        writer.write(start)
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                if reader.at_eof():
                    break
                if start:
                    writer.write(b"X-More: 1\r\n" if b"\r\n" in start else b"")
                await asyncio.sleep(0.02)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1000), 0.001)
        assert reader.at_eof()


@pytest.mark.parametrize("handed", [False, True], ids=["connection", "asgi"])
async def test_dripping_bodies_are_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, handed: bool
) -> None:
    """Below a least rate; a slow but honest one goes through."""
    monkeypatch.setattr(watch, "LOOK_S", 0.1)
    async with running(tmp_path, handed=handed) as site:
        head = b"POST /api/v1/errors HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n"
        honest_reader, honest = await site.connect()
        honest.write(head)
        reader, writer = await site.connect()
        writer.write(head)
        body = json.dumps(report(context={"a": "x" * 39_000})).encode().ljust(40_000)
        for n in range(10):
            honest.write(body[n * 4000 : (n + 1) * 4000])
            with contextlib.suppress(ConnectionError):
                writer.write(b"x")
            await asyncio.sleep(0.05)
        assert (await answer(honest_reader))[0] == 201
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 20) == b""


async def test_huge_heads_of_other_requests_are_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """uvicorn itself has no limit, and writes a line for each that it cannot read."""
    async with running(tmp_path) as site:
        reader, writer = await site.connect()
        writer.write(b"GET / HTTP/1.1\r\n" + b"X-Y: %b\r\n" % (b"z" * 1000) * 40)
        assert (await answer(reader))[0] == 400
        assert "Invalid HTTP" not in caplog.text


async def test_bombs_cost_one_event(site: Site) -> None:
    """A thousand times its size, decompressed to the limit and no further."""
    bomb = gzip.compress(b" " * 20_000_000)
    status, _, _ = await site.send(bomb, Content_Encoding="gzip", X_App_Id="chat")
    assert status == 413
    assert await site.ledger() == {("chat", Outcome.TOO_LARGE): 1}


async def test_clients_that_leave_before_their_answer_leave_nothing_behind(site: Site) -> None:
    """Neither a place nor bytes are held for them."""
    body = json.dumps(report(context={"a": "x" * 100_000})).encode()
    head = b"POST /api/v1/errors HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    for sent in (head + body, head + body[:50_000], head[:20]):
        for _ in range(5):
            _, writer = await site.connect()
            writer.write(sent)
            await writer.drain()
            writer.transport.abort()
    own = site.ingest.guard
    async with asyncio.timeout(20):
        while own._connections:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert (own._bodies, len(own._waiting)) == (0, 0)


async def test_a_watch_that_stopped_waits_for_nobody() -> None:
    """The answer to a client that has left comes after its connection is lost."""
    own = guard.Guard(Settings())
    clock = watch.Watch(own, asyncio.get_running_loop(), lambda: None)
    clock.idle()
    assert len(own._waiting) == 1
    clock.stop()
    clock.idle()
    assert len(own._waiting) == 0
