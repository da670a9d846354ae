"""Clients that report all the time, remember every answer, and survive every loss of connection.

What was acknowledged must be stored. What got no answer may be stored, once. What was refused must
not be stored. A report with an id of its own (or an Idempotency-Key) is sent again until it is
acknowledged, and now and then once more after that.
"""

import asyncio
import json
import random
import statistics
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID, uuid4

from mana_errors.model.ids import uuid7

REPORT: Final = "/api/v1/errors"
BATCH: Final = "/api/v1/errors/batch"
# A process that is stopped (SIGSTOP) never answers; a live one does within milliseconds.
ANSWER_LIMIT_S: Final = 20.0
RETRY_S: Final = 0.05
# Mean time between a client's requests: enough load to meet every state, and cores left for it.
PAUSE_S: Final = 0.03
# How long clients go on resending after the test said stop.
LAST_ATTEMPTS_S: Final = 30.0
RESEND_SHARE: Final = 0.1
PADDING_BYTES: Final = 600
MAX_BATCH_ITEMS: Final = 30
# Below the 10 MiB that a batch may have.
BATCH_BYTES: Final = 8_000_000


@dataclass
class Ledger:
    """What the clients know. A marker is unique to a report and part of its message."""

    # id -> marker
    acknowledged: dict[str, str] = field(default_factory=dict)
    # sent, whatever became of it
    possible: set[str] = field(default_factory=set)
    # told that it is not stored
    refused: set[str] = field(default_factory=set)
    # 503s: (Retry-After, body)
    refusals: list[tuple[str | None, dict[str, Any]]] = field(default_factory=list)
    lost_connections: int = 0
    resent: int = 0
    # answers that should not have come
    wrong: list[str] = field(default_factory=list)
    # time of the 201 and how long it took, in seconds
    latencies: list[tuple[float, float]] = field(default_factory=list)

    def acknowledge(self, identifier: str, marker: str) -> None:
        known = self.acknowledged.setdefault(identifier, marker)
        if known != marker:
            self.wrong.append(f"id {identifier} answered for {known} and {marker}")

    def p50_ms(self, since: float, until: float) -> float:
        """Median of the 201s of a stretch of time.monotonic(), in milliseconds."""
        taken = [latency for at, latency in self.latencies if since <= at <= until]
        return statistics.median(taken) * 1000 if taken else float("nan")

    def summary(self) -> str:
        return (
            f"{len(self.acknowledged)} acknowledged of {len(self.possible)}, "
            f"{len(self.refused)} refused, {self.lost_connections} connections lost, "
            f"{self.resent} resent"
        )


@contextmanager
def clients(
    *ports: int, seed: int, count: int = 6, padding: int = PADDING_BYTES
) -> Generator[Ledger]:
    """Clients that send until the block ends, to any of the ports; then they finish.

    Reports are padded with up to `padding` bytes.
    """
    ledger, stop = Ledger(), threading.Event()

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                client = Client(ports, ledger, random.Random(seed * 1000 + number), padding)
                tasks.create_task(client.run(stop))

    failures: list[BaseException] = []

    def main() -> None:
        try:
            asyncio.run(work())
        except BaseException as error:  # noqa: BLE001 - raised in the test's thread
            failures.append(error)

    thread = threading.Thread(target=main, name="clients")
    thread.start()
    try:
        yield ledger
    finally:
        stop.set()
        thread.join()
        print(ledger.summary())
    if failures:
        raise failures[0]


@dataclass(frozen=True)
class Request:
    """One request and the markers of what it holds, None for an item that must be refused."""

    path: str
    body: bytes
    markers: tuple[str | None, ...]
    key: str | None = None
    # markers of items that may be sent again
    lasting: frozenset[str] = frozenset()

    @property
    def resendable(self) -> bool:
        """Sending it again changes nothing."""
        return all(marker is None or marker in self.lasting for marker in self.markers)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    # names in lower case
    headers: dict[str, str]
    body: dict[str, Any]


class Wire:
    """One connection to a server, opened at the first request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def post(self, request: Request) -> Answer:
        """Send and wait. Raises OSError, IncompleteReadError or ValueError when it breaks."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = [
            f"POST {request.path} HTTP/1.1",
            "Host: localhost",
            "Content-Type: application/json",
            f"Content-Length: {len(request.body)}",
            *([f"Idempotency-Key: {request.key}"] if request.key else []),
        ]
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + request.body)
        await writer.drain()
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        body = await reader.readexactly(int(headers["content-length"]))
        return Answer(int(first.split()[1]), headers, json.loads(body))

    async def close(self) -> None:
        """Close it; the next request opens another."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()
            with suppress(OSError):
                await streams[1].wait_closed()


class Client:
    """One client: a connection at a time, a request at a time."""

    def __init__(
        self, ports: tuple[int, ...], ledger: Ledger, rng: random.Random, padding: int
    ) -> None:
        self._ports = ports
        self._ledger = ledger
        self._rng = rng
        self._padding = "x" * padding
        self._batch_items = min(MAX_BATCH_ITEMS, BATCH_BYTES // padding)
        self._number = 0
        self._name = f"{rng.getrandbits(32):08x}"
        self._wire = Wire(rng.choice(ports))

    async def run(self, stop: threading.Event) -> None:
        """Report until told to stop."""
        while not stop.is_set():
            await self.deliver(self.make_request(), stop)
            await asyncio.sleep(PAUSE_S * self._rng.random() * 2)
        await self._disconnect()

    async def deliver(self, request: Request, stop: threading.Event) -> None:
        """Send, and send again what may be sent again, until it is acknowledged."""
        deadline: float | None = None
        while not await self._attempt(request):
            if not request.resendable:
                return
            if stop.is_set():
                deadline = deadline or time.monotonic() + LAST_ATTEMPTS_S
                if time.monotonic() > deadline:
                    return
            self._ledger.resent += 1
            await asyncio.sleep(RETRY_S)
        if request.resendable and self._rng.random() < RESEND_SHARE:
            self._ledger.resent += 1
            # maybe to another server this time
            await self._disconnect()
            await self._attempt(request)

    async def _attempt(self, request: Request) -> bool:
        """Send once; whether it was acknowledged. Writes the ledger."""
        markers = {marker for marker in request.markers if marker is not None}
        self._ledger.possible |= markers
        began = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                answer = await self._wire.post(request)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            self._ledger.lost_connections += 1
            await self._disconnect()
            await asyncio.sleep(RETRY_S)
            return False
        if answer.status == 503:
            self._ledger.refusals.append((answer.headers.get("retry-after"), answer.body))
            self._ledger.refused |= markers - set(request.lasting)
            await asyncio.sleep(RETRY_S)
            return False
        self._ledger.latencies.append((time.monotonic(), time.monotonic() - began))
        self._settle(request, answer)
        return True

    def _settle(self, request: Request, answer: "Answer") -> None:
        if answer.status != 201 or not answer.body["success"]:
            self._ledger.wrong.append(str(answer))
            return
        results = answer.body["results"] if request.path == BATCH else [answer.body]
        for marker, result in zip(request.markers, results, strict=True):
            if result["success"] != (marker is not None):
                self._ledger.wrong.append(f"{marker}: {result}")
            elif marker is not None:
                self._ledger.acknowledge(result["id"], marker)

    async def _disconnect(self) -> None:
        """The next request goes to any of the ports."""
        await self._wire.close()
        self._wire = Wire(self._rng.choice(self._ports))

    def make_request(self) -> Request:
        """A single report, or a batch with now and then a bad item in it."""
        kind = self._rng.random()
        key = f"{self._name}-{self._number}" if self._rng.random() < 0.25 else None
        if kind < 0.8:
            marker, report, own = self.make_report()
            lasting = frozenset([marker] if own or key else [])
            return Request(REPORT, json.dumps(report).encode(), (marker,), key, lasting)
        made = [self.make_report() for _ in range(self._rng.randint(1, self._batch_items))]
        markers: list[str | None] = [marker for marker, _, _ in made]
        reports: list[dict[str, Any]] = [report for _, report, _ in made]
        if self._rng.random() < 0.3:
            place = self._rng.randint(0, len(reports))
            reports.insert(place, {"errorCode": "NO_MESSAGE", "errorType": "Bad"})
            markers.insert(place, None)
        lasting = frozenset(marker for marker, _, own in made if own or key)
        return Request(
            BATCH, json.dumps({"errors": reports}).encode(), tuple(markers), key, lasting
        )

    def make_report(self) -> tuple[str, dict[str, Any], bool]:
        """Marker, report, and whether it brings an id of its own."""
        self._number += 1
        marker = f"{self._name}-{self._number}"
        rng = self._rng
        report: dict[str, Any] = {
            "errorCode": f"CODE_{rng.randint(0, 15)}",
            "errorType": "CrashError",
            "message": f"marker {marker}",
            "appId": rng.choice(["chat", "picture"]),
            "environment": rng.choice(["production", "staging"]),
            "release": rng.choice(["1.0.0", "1.1.0"]),
            "userId": f"user-{rng.randint(0, 30)}",
            "context": {"padding": self._padding[: rng.randint(0, len(self._padding))]},
        }
        if rng.random() < 0.3:
            ago = timedelta(seconds=rng.uniform(0, 3 * 24 * 3600))
            report["occurredAt"] = (datetime.now(UTC) - ago).isoformat()
        if own := rng.random() < 0.35:
            identifier: UUID = uuid7() if rng.random() < 0.3 else uuid4()
            report["id"] = str(identifier)
        return marker, report, own
