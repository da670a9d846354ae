"""What goes wrong in the demo data: each problem is one issue, with a course over the days."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Final

from mana_errors.cli.demo.apps import APPS, DemoApp
from mana_errors.model.event import Severity

# Every kind of course and every app has some.
MIN_PROBLEMS: Final = 48
# One issue for so many events, as in small families.
EVENTS_OF_A_PROBLEM: Final = 100
# More than anybody pages through.
MAX_PROBLEMS: Final = 20_000

_NOUNS: Final = (
    "account", "album", "attachment", "avatar", "basket", "booking", "calendar", "channel",
    "comment", "contact", "coupon", "device", "draft", "event", "export", "folder", "friend",
    "gallery", "group", "invoice", "label", "member", "message", "order", "payment", "photo",
    "player", "profile", "quote", "reaction", "receipt", "reminder", "report", "room", "session",
    "setting", "share", "story", "tenant", "thumbnail", "ticket", "token", "upload", "voucher",
)  # fmt: skip
_VERBS: Final = (
    "apply", "archive", "cancel", "check", "clone", "compose", "count", "create", "delete",
    "enrich", "fetch", "filter", "import", "index", "load", "lock", "merge", "notify", "parse",
    "publish", "refresh", "render", "resize", "resolve", "save", "send", "sort", "sync",
    "transform", "update", "validate", "verify",
)  # fmt: skip


class Course(StrEnum):
    """How a problem goes on."""

    STEADY = "steady"
    # most of it within an hour
    STORM = "storm"
    # begins with a release and goes on
    BORN = "born"
    # since yesterday
    NEW = "new"
    # ends with a fix, and was resolved then
    FIXED = "fixed"
    # was resolved, and comes back in a later release
    REGRESSION = "regression"


# Of a hundred problems.
_SHARES: Final = {
    Course.STEADY: 48,
    Course.STORM: 6,
    Course.BORN: 20,
    Course.NEW: 6,
    Course.FIXED: 14,
    Course.REGRESSION: 6,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that goes wrong."""

    app: DemoApp
    code: str
    type: str
    # with {n} and {id} to be filled in by each event
    message: str
    path: str
    method: str
    status: int | None
    severity: Severity
    # own calls, the outermost first: (module, function, line)
    calls: tuple[tuple[str, str, int], ...]
    course: Course
    # share of all events, relative to the others
    weight: float
    # share of its app's people who meet it
    reach: float
    # of whom the first meets it most
    first_person: int
    handled: bool
    # when it begins, and where a course has them when it was resolved and begins again
    begins: datetime
    ends: datetime
    resolved: datetime | None
    returns: datetime | None


def problem_count(events: int) -> int:
    """How many problems make so many events."""
    return min(max(events // EVENTS_OF_A_PROBLEM, MIN_PROBLEMS), MAX_PROBLEMS)


def make_problems(random: Random, count: int, start: datetime, end: datetime) -> list[Problem]:
    """Problems of all apps and courses; a few happen often, most seldom."""
    apps = random.choices(APPS, [app.weight for app in APPS], k=count)
    apps[: len(APPS)] = APPS
    courses = random.choices(list(_SHARES), list(_SHARES.values()), k=count)
    courses[: len(_SHARES)] = _SHARES
    ranks = random.sample(range(count), count)
    return [
        _problem(random, app, course, rank, (start, end))
        for app, course, rank in zip(apps, courses, ranks, strict=True)
    ]


def _problem(
    random: Random, app: DemoApp, course: Course, rank: int, span: tuple[datetime, datetime]
) -> Problem:
    noun, verb = random.choice(_NOUNS), random.choice(_VERBS)
    kind, message = random.choice(app.runtime.faults)
    is_backend = app.source == "backend"
    begins, resolved, returns, ends = _course(random, course, *span)
    return Problem(
        app=app,
        code=random.choice(("UNHANDLED", f"{noun}_{verb}_FAILED".upper(), kind.upper()))[:100],
        type=kind,
        message=message.replace("{noun}", noun),
        path=f"/api/{noun}s/{{n}}/{verb}" if is_backend else f"/{noun}s/{{n}}",
        method=random.choice(("GET", "GET", "POST", "PUT", "DELETE")) if is_backend else "GET",
        status=random.choice((500, 500, 500, 502, 503, 422, 404)) if is_backend else None,
        severity=Severity(random.choices(list(Severity), (1, 4, 15, 70, 10))[0]),
        calls=tuple(_call(random, noun) for _ in range(random.randrange(2, 6))),
        course=course,
        # Zipf's law, flattened a little: the first is some percent of all, the last a few events
        weight=1 / (rank + 8) ** 0.9,
        reach=random.choice((0.002, 0.01, 0.05, 0.3)),
        first_person=random.randrange(app.people),
        handled=random.random() < 0.4,
        begins=begins,
        ends=ends,
        resolved=resolved,
        returns=returns,
    )


def _call(random: Random, noun: str) -> tuple[str, str, int]:
    verb = random.choice(_VERBS)
    other = random.choice((noun, random.choice(_NOUNS)))
    return f"{other}s/{verb}", f"{verb}{other.title()}", random.randrange(8, 400)


def _course(
    random: Random, course: Course, start: datetime, end: datetime
) -> tuple[datetime, datetime | None, datetime | None, datetime]:
    """When it begins, was resolved, returns, and ends."""
    length = end - start
    at = start + length * random.uniform(0.1, 0.9)
    if course is Course.STORM:
        return at, None, None, min(at + timedelta(minutes=random.uniform(20, 90)), end)
    if course is Course.BORN:
        return at, None, None, end
    if course is Course.NEW:
        return end - timedelta(hours=random.uniform(1, 20)), None, None, end
    if course is Course.FIXED:
        fixed = start + length * random.uniform(0.3, 0.95)
        return start, fixed, None, fixed
    if course is Course.REGRESSION:
        fixed = start + length * random.uniform(0.2, 0.5)
        return start, fixed, fixed + length * random.uniform(0.1, 0.4), end
    return start, None, None, end
