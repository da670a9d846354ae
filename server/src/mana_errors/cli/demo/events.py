"""When and to whom the demo's problems happen: events, the oldest first. The same seed, count and
time make the same events."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from mana_errors.cli.demo.apps import APPS, DemoApp
from mana_errors.cli.demo.problems import Course, Problem, make_problems, problem_count
from mana_errors.model.event import Event, JsonObject, Protocol
from mana_errors.model.ids import uuid7

# Within the default retention, whatever the time of day.
SPAN: Final = timedelta(days=29, hours=12)
# From the error to the server.
_DELAY_S: Final = 2.0
# Of a storm, the part outside its hour.
_STORM_REST: Final = 0.1
# Enough that nights are quiet; a storm within one has no other time.
_TRIES: Final = 3
# How busy each hour of a UTC day is: people sleep.
_HOURS: Final = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 9, 8, 9, 10, 10, 9, 8, 7, 8, 9, 8, 6, 4)
_BROWSERS: Final = (
    ("Chrome", "141.0.0", "Windows", 46),
    ("Safari", "26.1", "macOS", 18),
    ("Firefox", "145.0", "Linux", 12),
    ("Edge", "141.0.0", "Windows", 9),
    ("Mobile Safari", "26.1", "iOS", 15),
)
_DEVICES: Final = (
    ("Pixel 9", "Google", "Android", "16", 30),
    ("Galaxy S25", "Samsung", "Android", "15", 34),
    ("iPhone 17", "Apple", "iOS", "26.1", 36),
)
_REGIONS: Final = ("eu-central-1", "eu-west-1", "us-east-1")
_PLANS: Final = ("free", "free", "free", "pro", "team")


@dataclass(frozen=True, slots=True)
class Demo:
    """Everything that a seed makes, but for the events themselves."""

    problems: list[Problem]
    # the apps' releases, and since when
    releases: dict[str, tuple[list[datetime], list[str]]]
    # (when, number of the problem), the oldest first
    times: list[tuple[datetime, int]]
    seed: int

    def events(self) -> Iterator[tuple[int, Event]]:
        """The events, the oldest first, each with the number of its problem."""
        random = Random(f"{self.seed} events")
        for at, number in self.times:
            yield (
                number,
                _event(random, self.problems[number], at, self._release(random, number, at)),
            )

    def _release(self, random: Random, number: int, at: datetime) -> str:
        app = self.problems[number].app
        since, versions = self.releases[app.id]
        index = bisect_right(since, at) - 1
        behind = int(random.random() < app.stragglers)
        return versions[max(index - behind, 0)]


def make_demo(seed: int, count: int, end: datetime) -> Demo:
    """`count` events that end at `end`."""
    random = Random(seed)
    start = end - SPAN
    problems = make_problems(random, problem_count(count), start, end)
    weights = [problem.weight for problem in problems]
    chosen = random.choices(range(len(problems)), weights, k=count)
    # None stays without an event, if there are enough of them.
    for number in range(min(len(problems), count // 2)):
        chosen[number] = number
    times = sorted((_time(random, problems[number], start, end), number) for number in chosen)
    return Demo(problems, {app.id: _releases(random, app, start, end) for app in APPS}, times, seed)


def _releases(
    random: Random, app: DemoApp, start: datetime, end: datetime
) -> tuple[list[datetime], list[str]]:
    minor, patch = random.randrange(1, 20), 0
    since, versions = [start - timedelta(days=1)], [f"1.{minor}.0"]
    while (at := since[-1] + timedelta(days=app.release_days * random.uniform(0.5, 1.5))) < end:
        minor, patch = (minor + 1, 0) if random.random() < 0.5 else (minor, patch + 1)
        since.append(at)
        versions.append(f"1.{minor}.{patch}")
    return since, versions


def _time(random: Random, problem: Problem, start: datetime, end: datetime) -> datetime:
    if problem.course is Course.STORM:
        if random.random() < _STORM_REST:
            return _between(random, problem.ends, end)
        # A storm comes at once and goes slowly.
        return problem.begins + (problem.ends - problem.begins) * random.betavariate(1.2, 4)
    if problem.resolved is not None and problem.returns is not None:
        again = random.random() < 0.3
        return _between(random, *((problem.returns, end) if again else (start, problem.resolved)))
    return _between(random, problem.begins, problem.ends)


def _between(random: Random, start: datetime, end: datetime) -> datetime:
    """A time of day at which people are awake, if there is one."""
    at = start + (end - start) * random.random()
    for _ in range(_TRIES):
        if random.random() * max(_HOURS) < _HOURS[at.hour]:
            break
        at = start + (end - start) * random.random()
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _event(random: Random, problem: Problem, at: datetime, release: str) -> Event:
    app = problem.app
    received = at + timedelta(seconds=random.random() * _DELAY_S)
    number, trace = random.randrange(1, 100_000), f"{random.getrandbits(128):032x}"
    person = problem.first_person + int(random.random() ** 2 * app.people * problem.reach)
    user = f"user_{person % app.people}"
    message = problem.message.replace("{n}", str(number)).replace("{id}", trace[:12])
    host = f"https://{app.slug}.example.com"
    client = _client(random, app)
    environment = random.choices(("production", "staging", "development"), (88, 9, 3))[0]
    return Event(
        id=uuid7(int(received.timestamp() * 1e9), random.getrandbits),
        occurred_at=at,
        received_at=received,
        app_id=app.id,
        error_code=problem.code,
        error_type=problem.type,
        message=message,
        protocol=Protocol.SENTRY,
        severity=problem.severity,
        source_type=app.source,
        service_name=f"{app.slug}-{app.runtime.platform}",
        user_id=user if random.random() < 0.85 else None,
        session_id=trace[:16],
        request_url=host + problem.path.replace("{n}", str(number)),
        request_method=problem.method,
        request_headers={"host": host[8:], "accept": "application/json", "x-request-id": trace},
        response_status_code=problem.status,
        environment=environment,
        context={"attempt": random.randrange(4), "durationMs": random.randrange(5, 3000)},
        release=release,
        tags={
            "region": random.choice(_REGIONS),
            "plan": random.choice(_PLANS),
            "handled": "yes" if problem.handled else "no",
            **client.tags,
        },
        user_agent=client.agent,
        browser_info=client.browser,
        device_info=client.device,
        payload=_payload(random, problem, (message, at, trace), user),
    )


@dataclass(frozen=True, slots=True)
class _Client:
    tags: dict[str, str]
    agent: str | None = None
    browser: JsonObject | None = None
    device: JsonObject | None = None


def _client(random: Random, app: DemoApp) -> _Client:
    if app.source == "frontend_web":
        name, version, system, _ = random.choices(_BROWSERS, [item[3] for item in _BROWSERS])[0]
        return _Client(
            {"browser": name, "os": system},
            f"Mozilla/5.0 ({system}) {name}/{version}",
            {"name": name, "version": version},
        )
    if app.source == "frontend_mobile":
        model, maker, system, version, _ = random.choices(_DEVICES, [d[4] for d in _DEVICES])[0]
        device = {"model": model, "manufacturer": maker, "os": {"name": system, "version": version}}
        return _Client({"device": model, "os": system}, None, None, device)
    return _Client({"server_name": f"{app.id}-{random.randrange(3)}"})


def _payload(
    random: Random, problem: Problem, said: tuple[str, datetime, str], user: str
) -> JsonObject:
    message, at, trace = said
    runtime = problem.app.runtime
    exception = {
        "type": problem.type,
        "value": message,
        "mechanism": {"type": "generic", "handled": problem.handled},
        "frames": _frames(problem),
    }
    return {
        "platform": runtime.platform,
        "sdk": {"name": runtime.sdk, "version": "9.1.0"},
        "exceptions": [exception],
        "breadcrumbs": list(_breadcrumbs(random, problem, at)),
        "trace": {"traceId": trace, "spanId": trace[:16]},
        "user": {"id": user, "geo": {"country": random.choice(("DE", "DE", "CH", "AT", "US"))}},
    }


def _frames(problem: Problem) -> list[JsonObject]:
    app = problem.app
    runtime = app.runtime
    root = runtime.root.replace("{app}", app.slug)
    library = [
        {"file": file, "function": function, "line": line, "inApp": False}
        for file, function, line in runtime.library
    ]
    own = [_own_frame(problem, root, call) for call in problem.calls]
    return [*library, *own]


def _own_frame(problem: Problem, root: str, call: tuple[str, str, int]) -> JsonObject:
    module, function, line = call
    runtime = problem.app.runtime
    frame: JsonObject = {
        "file": f"{root}/{module}.{runtime.extension}",
        "function": function,
        "line": line,
        "column": 9,
        "inApp": True,
        "contextLine": f"    {function}(value)",
        "preContext": ["", f"  // {module}", "  const value = read(request)"],
        "postContext": ["  return value", "}"],
    }
    if runtime.platform == "java":
        frame["module"] = f"com.example.{problem.app.name.lower()}.{function.title()}"
        frame["file"] = f"{function.title()}.kt"
    if runtime.platform == "python":
        frame["vars"] = {"value": "None", "retries": "3"}
    return frame


def _breadcrumbs(random: Random, problem: Problem, at: datetime) -> Iterator[JsonObject]:
    for seconds in sorted(random.sample(range(1, 90), 4), reverse=True):
        time = (at - timedelta(seconds=seconds)).isoformat()
        if random.random() < 0.5:
            url = problem.path.replace("{n}", str(random.randrange(1000)))
            data = {"method": problem.method, "url": url, "status_code": 200}
            yield {"at": time, "type": "http", "category": "fetch", "level": "info", "data": data}
        else:
            message = f"{random.choice(problem.calls)[1]} done"
            yield {"at": time, "category": "log", "level": "info", "message": message}
