"""Sentry's envelopes as sentry-sdk sends them: 4 KB, 20 frames; the same bytes for the same
arguments."""

from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

import msgspec

PROBLEMS: Final = 200
FRAMES: Final = 20
# Of these are the app's own; a web framework's stack is deep.
OWN_FRAMES: Final = 6
KEY: Final = "0123456789abcdef0123456789abcdef"


def envelopes(seed: int, count: int, now: datetime) -> list[bytes]:
    """Envelopes of one event each, of PROBLEMS problems; the same bytes for the same arguments."""
    random = Random(seed)
    return [_envelope(random, now) for _ in range(count)]


def _envelope(random: Random, now: datetime) -> bytes:
    problem = random.randrange(PROBLEMS)
    event_id = UUID(int=random.getrandbits(128), version=4).hex
    at = (now - timedelta(seconds=random.random() * 5)).isoformat()
    event = {
        "event_id": event_id,
        "timestamp": at,
        "platform": "python",
        "level": "error",
        "release": f"shop@1.4.{random.randrange(3)}",
        "environment": "production",
        "server_name": "web-1",
        "transaction": f"/orders/{{id}}/step{problem}",
        "user": {"id": f"u-{random.randrange(5_000)}"},
        "tags": {"region": "eu", "plan": "free"},
        "request": {
            "url": f"https://shop.example/orders/{random.randrange(10**6)}",
            "method": "GET",
        },
        "exception": {"values": [_exception(problem, random)]},
        "breadcrumbs": {"values": [_breadcrumb(at, random) for _ in range(3)]},
        "contexts": {"runtime": {"name": "CPython", "version": "3.12.4"}},
        "sdk": {"name": "sentry.python", "version": "2.75.0"},
    }
    header = {"event_id": event_id, "sent_at": at}
    return b'%b\n{"type":"event"}\n%b\n' % (msgspec.json.encode(header), msgspec.json.encode(event))


def _exception(problem: int, random: Random) -> dict[str, object]:
    frames = [_frame(problem, depth) for depth in range(FRAMES)]
    return {
        "type": f"Problem{problem % 20}Error",
        "value": f"order {random.randrange(10**6)} failed",
        "mechanism": {"type": "wsgi", "handled": False},
        "stacktrace": {"frames": frames},
    }


def _frame(problem: int, depth: int) -> dict[str, object]:
    own = depth >= FRAMES - OWN_FRAMES
    module = f"step{problem}" if own else "handlers"
    folder = "shop" if own else "lib/python3.12/site-packages/django/core"
    return {
        "filename": f"{folder}/{module}.py",
        "abs_path": f"/srv/{folder}/{module}.py",
        "function": f"call_{depth}",
        "lineno": 10 + depth,
        "in_app": own,
        "context_line": "        return step(order, cart)"
        if own
        else "    response = call(request)",
    }


def _breadcrumb(at: str, random: Random) -> dict[str, object]:
    message = f"SELECT * FROM orders WHERE id = {random.randrange(10**6)}"
    return {"timestamp": at, "category": "query", "message": message, "data": {"rows": 1}}
