"""Hostile clients, as a process of their own: `hostile.py PORT IDLE`, until SIGTERM.

Prints what became of their requests as JSON: [[attack, outcome, count], …], where an outcome is a
status, "closed" by the server, or "held" to the end.
"""

import asyncio
import json
import random
import signal
import sys
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import uvloop

MEBIBYTE: Final = 1024 * 1024
# Clients of each attack; idle connections are counted apart.
ATTACKERS: Final = 10
# A connection that the server ended is made again after this; idle ones are patient.
COME_BACK_S: Final = 0.5
IDLE_COME_BACK_S: Final = 10.0
BOMB_BYTES: Final = 100 * MEBIBYTE
HUGE_HEADER_BYTES: Final = MEBIBYTE
# How long an answer may take before a client gives up.
PATIENCE_S: Final = 30.0


@dataclass
class Crowd:
    """All hostile clients of one server."""

    port: int
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    # what became of requests, by attack
    met: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def attack(
        self, attempt: Callable[["Crowd"], Awaitable[str]], come_back_s: float = COME_BACK_S
    ) -> None:
        """One hostile client that comes back for ever."""
        while not self.stop.is_set():
            try:
                outcome = await attempt(self)
            # RuntimeError: uvloop's, for writing to what is closed
            except (OSError, RuntimeError, asyncio.IncompleteReadError, TimeoutError):
                outcome = "closed"
            self.met[attempt.__name__, outcome] += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(come_back_s * (0.5 + random.random())):
                    await self.stop.wait()


async def slow_head(crowd: Crowd) -> str:
    """A byte of a head now and then."""
    return await _drip(crowd, b"POST /api/v1/errors HTTP/1.1\r\nHost: localhost\r\nX-", b"a")


async def slow_body(crowd: Crowd) -> str:
    """A byte of a body now and then."""
    return await _drip(crowd, _head(100_000) + b'{"message": "', b"a")


async def slow_page(crowd: Crowd) -> str:
    """The same where pages are served."""
    return await _drip(crowd, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-", b"a")


async def huge_header(crowd: Crowd) -> str:
    """A header of a mebibyte."""
    value = b"a" * HUGE_HEADER_BYTES
    return await _ask(crowd, _head(2, b"X-Huge: " + value + b"\r\n") + b"{}")


async def bomb(crowd: Crowd) -> str:
    """100 MiB in 100 KB."""
    return await _ask(crowd, _head(len(BOMB), b"Content-Encoding: gzip\r\n") + BOMB)


async def random_key(crowd: Crowd) -> str:
    """A hundred keys that nobody has, one after the other."""
    body = b'{"errorCode": "E", "errorType": "T", "message": "m", "appId": "hostile"}'
    outcome = ""
    for _ in range(100):
        key = f"X-App-Key: {random.getrandbits(128):032x}\r\n".encode()
        outcome = await _ask(crowd, _head(len(body), key) + body)
        if crowd.stop.is_set():
            break
        await asyncio.sleep(0.01)
    return outcome


async def garbage(crowd: Crowd) -> str:
    """Nothing that is HTTP."""
    return await _ask(crowd, random.randbytes(2000) + b"\r\n\r\n")


async def idle(crowd: Crowd) -> str:
    """A connection that says nothing."""
    async with _connected(crowd) as (reader, _):
        return await _until_closed(crowd, reader)


class _connected:  # noqa: N801 - used as a function
    """One connection to the server."""

    def __init__(self, crowd: Crowd) -> None:
        self._port = crowd.port

    async def __aenter__(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return reader, self._writer

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


async def _drip(crowd: Crowd, start: bytes, drop: bytes) -> str:
    async with _connected(crowd) as (reader, writer):
        writer.write(start)
        while not (crowd.stop.is_set() or reader.at_eof()):
            writer.write(drop)
            await writer.drain()
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    if not await reader.read(1000):
                        break
        return "closed"


async def _ask(crowd: Crowd, request: bytes) -> str:
    async with _connected(crowd) as (reader, writer):
        writer.write(request)
        return await _status(reader)


async def _status(reader: asyncio.StreamReader) -> str:
    async with asyncio.timeout(PATIENCE_S):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().splitlines()
        length = next((line for line in lines if line.startswith("content-length:")), ": 0")
        await reader.readexactly(int(length.partition(":")[2]))
    return lines[0].split()[1]


async def _until_closed(crowd: Crowd, reader: asyncio.StreamReader) -> str:
    while not crowd.stop.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                if not await reader.read(1000):
                    return "closed"
    return "held"


def _head(length: int, more: bytes = b"") -> bytes:
    return (
        b"POST /api/v1/errors HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n%b\r\n" % (length, more)
    )


def _gzip_of_zeros(size: int) -> bytes:
    squeezer = zlib.compressobj(9, wbits=31)
    parts = [squeezer.compress(bytes(MEBIBYTE)) for _ in range(size // MEBIBYTE)]
    return b"".join(parts) + squeezer.flush()


BOMB: Final = _gzip_of_zeros(BOMB_BYTES)
ATTACKS: Final = (slow_head, slow_body, slow_page, huge_header, bomb, random_key, garbage)


async def run(port: int, idle_connections: int) -> None:
    """Attack until told to stop."""
    crowd = Crowd(port)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, crowd.stop.set)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(ATTACKERS):
            for attack in ATTACKS:
                tasks.create_task(crowd.attack(attack))
        for number in range(idle_connections):
            tasks.create_task(crowd.attack(idle, IDLE_COME_BACK_S))
            # Not faster than the server accepts them.
            if number % 50 == 0:
                await asyncio.sleep(0.05)
    print(json.dumps([[*key, count] for key, count in crowd.met.items()]))


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]), int(sys.argv[2])))
