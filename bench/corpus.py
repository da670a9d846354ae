"""Reports as apps send them: about 2 KB of JSON each, the same bytes for the same arguments.

A problem is what should become one issue: five fields of the contract's fingerprint and the
functions of its stack. Its occurrences differ in message, URL query, headers, body, context, user
and session, and a little in the lines of their stacks.
"""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from random import Random
from typing import Final

import msgspec

# The even case: as many problems as a family of apps has on a bad day.
EVEN_PROBLEMS: Final = 200
# A storm of one problem: its share of all reports.
STORM_SHARE: Final = 0.8
# A storm of many: distinct problems in each window of reports, drawn from a pool.
WINDOW: Final = 2_000
WINDOW_PROBLEMS: Final = 1_900
POOL: Final = 20_000

# The app's own calls in a stack: 4 on average, so that a report has 2 KB on average.
_DEPTHS: Final = (1, 2, 2, 3, 3, 4, 5, 6, 10)
# Releases of an app that are in use at once, and ways by which a problem's code is reached:
# together the distinct stacks of a problem, but for the message.
RELEASES: Final = 3
CALLERS: Final = 2
_USERS: Final = 5_000
# Clients send within seconds of the error.
_DELAY_S: Final = 5.0


class Kind(StrEnum):
    """How reports spread over problems."""

    EVEN = "even"
    STORM_OF_ONE = "storm-of-one"
    STORM_OF_MANY = "storm-of-many"


class _Runtime(StrEnum):
    NODE = "node"
    BROWSER = "browser"
    PYTHON = "python"


@dataclass(frozen=True, slots=True)
class Problem:
    """What all its occurrences share."""

    runtime: _Runtime
    app: str
    code: str
    type: str
    text: str
    path: str
    method: str
    functions: tuple[str, ...]


_NOUNS: Final = (
    *("order", "payment", "invoice", "profile", "picture", "thread", "message", "upload"),
    *("session", "calendar", "contact", "export", "webhook", "tenant", "voucher", "shipment"),
)
_VERBS: Final = ("create", "update", "load", "render", "resolve", "validate", "publish", "merge")
_APPS: Final = {
    _Runtime.NODE: ("chat", "orders", "billing"),
    _Runtime.BROWSER: ("chat-web", "picture", "zitare"),
    _Runtime.PYTHON: ("matrix", "transcribe"),
}
_TYPES: Final = {
    _Runtime.NODE: ("TypeError", "AppError", "RangeError", "PrismaClientKnownRequestError"),
    _Runtime.BROWSER: ("TypeError", "ReferenceError", "ChunkLoadError"),
    _Runtime.PYTHON: ("ValueError", "KeyError", "httpx.ReadTimeout", "OperationalError"),
}
_TEXTS: Final = (
    "Cannot read properties of undefined (reading '{noun}') while handling {id}",
    "{noun} {number} is not valid: expected at most 50 items, got {number}",
    "Request to https://{noun}.internal/v2/{id} failed with status 502 after {number} ms",
    "duplicate key value violates unique constraint for {noun} {id}",
    "timed out waiting for {noun} {number}",
)
_AGENTS: Final = {
    _Runtime.NODE: "node",
    _Runtime.BROWSER: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36",
    _Runtime.PYTHON: "python-httpx/0.28.1",
}
_SOURCES: Final = {
    _Runtime.NODE: "backend",
    _Runtime.BROWSER: "frontend_web",
    _Runtime.PYTHON: "backend",
}
_LIBRARY_FRAMES: Final = {
    _Runtime.NODE: """\
    at InterceptorsConsumer.intercept \
(/srv/app/node_modules/@nestjs/core/interceptors/interceptors-consumer.js:10:20)
    at /srv/app/node_modules/@nestjs/core/router/router-execution-context.js:97:64
    at preHandlerCallback (/srv/app/node_modules/fastify/lib/handle-request.js:155:5)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)""",
    _Runtime.BROWSER: """\
    at Array.map (<anonymous>)
    at Q (https://app.example.org/_app/immutable/chunks/C3r48Ojk.js:1:23418)
    at nr (https://app.example.org/_app/immutable/chunks/C3r48Ojk.js:1:21164)""",
    _Runtime.PYTHON: """\
  File "/srv/app/.venv/lib/python3.12/site-packages/starlette/routing.py", line 715, in __call__
    await self.middleware_stack(scope, receive, send)
  File "/srv/app/.venv/lib/python3.12/site-packages/fastapi/routing.py", line 214, in run_endpoint
    return await dependant.call(**values)""",
}


def reports(kind: Kind, seed: int, count: int, now: datetime) -> list[bytes]:
    """JSON bodies of `count` reports that happened just before `now` (UTC).

    Seeds share no problem, but for Kind.EVEN, whose problems are those of every seed.
    """
    random = Random(f"{kind}/{seed}")
    encode = msgspec.json.Encoder().encode
    return [encode(occurrence(problem, random, now)) for problem in _spread(kind, seed, count)]


def _spread(kind: Kind, seed: int, count: int) -> Iterator[Problem]:
    random = Random(f"spread/{kind}/{seed}")
    if kind is Kind.STORM_OF_MANY:
        pool = [problem(f"{seed}/{index}") for index in range(POOL)]
        for start in range(0, count, WINDOW):
            yield from _window(pool, random)[: count - start]
        return
    even = [problem(f"even/{index}") for index in range(EVEN_PROBLEMS)]
    storm = problem(f"storm/{seed}", depth=4)
    share = STORM_SHARE if kind is Kind.STORM_OF_ONE else 0.0
    for index in range(count):
        yield storm if random.random() < share else even[index % EVEN_PROBLEMS]


def _window(pool: list[Problem], random: Random) -> list[Problem]:
    distinct = random.sample(pool, WINDOW_PROBLEMS)
    window = distinct + random.choices(distinct, k=WINDOW - WINDOW_PROBLEMS)
    random.shuffle(window)
    return window


def problem(name: str, depth: int | None = None) -> Problem:
    """The problem of that name, `depth` of the app's calls deep; two names, two fingerprints."""
    random = Random(name)
    runtime = random.choice(tuple(_Runtime))
    noun, verb = random.choice(_NOUNS), random.choice(_VERBS)
    # letters only: digits would be normalised out of the grouping hash
    mark = "".join(random.choices(string.ascii_uppercase, k=10))
    return Problem(
        runtime=runtime,
        app=random.choice(_APPS[runtime]),
        code=f"{noun}_{verb}_failed_{mark}".upper(),
        type=random.choice(_TYPES[runtime]),
        text=random.choice(_TEXTS).replace("{noun}", noun),
        path=f"/api/v1/{noun}s/{verb}",
        method=random.choice(("GET", "POST", "PUT")),
        functions=tuple(
            f"{random.choice(_VERBS)}{random.choice(_NOUNS).title()}"
            for _ in range(depth or random.choice(_DEPTHS))
        ),
    )


def occurrence(problem: Problem, random: Random, now: datetime) -> dict[str, object]:
    """One report of a problem, as a JSON object."""
    trace, session = _hex(random, 32), _hex(random, 24)
    number = random.randrange(1_000_000)
    message = problem.text.format(id=trace, number=number)
    release = f"2.{random.randrange(RELEASES)}.0"
    frames = _frames(problem, release, random.randrange(CALLERS))
    occurred_at = (now - timedelta(seconds=random.random() * _DELAY_S)).astimezone(UTC)
    return {
        "errorCode": problem.code,
        "errorType": problem.type,
        "message": message,
        "stackTrace": _stack(problem, message, frames),
        "appId": problem.app,
        "sourceType": _SOURCES[problem.runtime],
        "serviceName": f"{problem.app}-{problem.runtime}",
        "userId": f"user_{random.randrange(_USERS)}",
        "sessionId": session,
        "requestUrl": f"https://api.example.org{problem.path}?page={number}&q={trace[:8]}",
        "requestMethod": problem.method,
        "requestHeaders": _headers(problem, session, trace),
        "requestBody": {"reference": trace, "amount": number / 100, "tags": [session[:6], "beta"]},
        "responseStatusCode": random.choice((400, 422, 500, 500, 502)),
        "environment": random.choice(("production", "production", "production", "staging")),
        "severity": random.choice(("error", "error", "error", "warning", "critical")),
        "context": _context(random, trace),
        "occurredAt": occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "release": release,
    }


def _headers(problem: Problem, session: str, trace: str) -> dict[str, str]:
    return {
        "host": "api.example.org",
        "accept": "application/json, text/plain, */*",
        "accept-encoding": "gzip, deflate",
        "authorization": f"Bearer {trace}{session}",
        "content-type": "application/json",
        "user-agent": _AGENTS[problem.runtime],
        "x-forwarded-for": f"203.0.113.{int(trace[:2], 16)}",
        "traceparent": f"00-{trace}-{session[:16]}-01",
    }


def _context(random: Random, trace: str) -> dict[str, object]:
    return {
        "traceId": trace,
        "tenant": f"tenant-{random.randrange(300)}",
        "attempt": random.randrange(5),
        "durationMs": round(random.random() * 3000, 1),
        "flags": {"newCheckout": random.random() < 0.5, "darkMode": random.random() < 0.5},
        "memory": {"rss": random.randrange(2**28), "heapUsed": random.randrange(2**27)},
    }


def _stack(problem: Problem, message: str, frames: str) -> str:
    head = f"{problem.type}: {message}"
    if problem.runtime is _Runtime.PYTHON:
        return f"Traceback (most recent call last):\n{frames}\n{head}"
    return f"{head}\n{frames}"


# Of the window of a storm as much as of the even case.
@lru_cache(maxsize=POOL)
def _frames(problem: Problem, release: str, caller: int) -> str:
    """Calls from the framework into the app. Releases move lines, and a problem has few callers;
    what it is grouped by, the functions, stays."""
    random = Random(f"{problem.code}/{release}/{caller}")
    own = "\n".join(_frame(problem, function, random) for function in problem.functions)
    library = _LIBRARY_FRAMES[problem.runtime]
    return f"{library}\n{own}" if problem.runtime is _Runtime.PYTHON else f"{own}\n{library}"


def _frame(problem: Problem, function: str, random: Random) -> str:
    module = function.lower()
    line, column = random.randrange(1, 400), random.randrange(1, 80)
    if problem.runtime is _Runtime.NODE:
        where = f"/srv/app/dist/{module}/{module}.service.js:{line}:{column}"
        return f"    at {function.title()}Service.{function} ({where})"
    if problem.runtime is _Runtime.BROWSER:
        return f"    at {function} (https://app.example.org/src/lib/{module}.ts:{line}:{column})"
    path = f"/srv/app/src/{problem.app}/{module}.py"
    return f'  File "{path}", line {line}, in {function}\n    return await self.{function}(value)'


def _hex(random: Random, digits: int) -> str:
    return f"{random.getrandbits(digits * 4):0{digits}x}"
