"""Web apps of all frameworks, in the servers that people run them in: each is asked once for all
that it has, and what the server stored is compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx
import pytest

from harness import PATIENCE_S, free_port, wait_until
from programs import Program, Site

UVICORN = "-m uvicorn --log-level warning --port {port}"
GUNICORN = "-m gunicorn --threads 8 --log-level warning --bind 127.0.0.1:{port}"
WHO = [f"u-{number}" for number in range(8)]
LARGE = bytes(range(256)) * 4096


class Kind(NamedTuple):
    """How an app is started, and what it cannot do."""

    environment: str
    command: str
    lacks: frozenset[str] = frozenset()


BARE = frozenset({"missing", "unavailable", "refused", "broken", "me", "items"})
DJANGO = frozenset({"unavailable", "refused", "broken"})
KINDS = {
    "fastapi": Kind("frameworks", f"{UVICORN} fastapi_app:app"),
    "starlette": Kind("frameworks", f"{UVICORN} starlette_app:app"),
    "litestar": Kind("frameworks", f"{UVICORN} litestar_app:app"),
    "asgi": Kind("frameworks", f"{UVICORN} asgi_app:app", BARE),
    "flask": Kind("frameworks", f"{GUNICORN} flask_app:app"),
    "wsgi": Kind("frameworks", f"{GUNICORN} wsgi_app:app", BARE),
    "django-wsgi": Kind("frameworks", f"{GUNICORN} django_app:wsgi", DJANGO),
    "django-asgi": Kind("frameworks", f"{UVICORN} django_app:asgi", DJANGO),
    "django42-wsgi": Kind("django42", f"{GUNICORN} django_app:wsgi", DJANGO),
    "django42-asgi": Kind("django42", f"{UVICORN} django_app:asgi", DJANGO),
}


@dataclass
class Visit:
    """An app that was asked for everything."""

    kind: Kind
    program: Program
    answers: dict[str, httpx.Response | None]
    # by the case in the request's URL
    events: dict[str, list[dict[str, Any]]]

    def event(self, case: str) -> dict[str, Any]:
        """The only one of a case; skips where the app has no such case."""
        if case.partition("-")[0] in self.kind.lacks:
            pytest.skip("this app has no such page")
        (event,) = self.events[case]
        return event


@pytest.fixture(scope="module", params=KINDS)
def visit(request: pytest.FixtureRequest, site: Site) -> Iterator[Visit]:
    name, kind, port = request.param, KINDS[request.param], free_port()
    program = site.start(name, kind.environment, *kind.command.format(port=port).split())
    try:
        with _client(port) as client:
            wait_until(lambda: _answers(client, program), f"{name}: {program.text()}")
            answers = {case: _ask(client, kind, case) for case in CASES}
            with ThreadPoolExecutor(len(WHO)) as pool:
                list(pool.map(lambda who: _send(client, "slow", case=f"slow-{who}", who=who), WHO))
            _send(client, "boom", case="last")
        program.stop()
        yield Visit(kind, program, answers, _by_case(site, name))
    finally:
        if program.process.poll() is None:
            program.stop()


ORDER = {"item": "tea", "password": "hunter2", "lines": [{"api_key": "k", "amount": 2}]}
# How each case is asked for: page, and body.
CASES: dict[str, tuple[str, bytes | None]] = {
    "boom": ("boom", None),
    "read": ("read", json.dumps(ORDER).encode()),
    "unread": ("unread", json.dumps(ORDER).encode()),
    "large": ("unread", json.dumps({"text": "a" * 100_000}).encode()),
    "echo": ("echo", LARGE),
    "missing": ("missing", None),
    "unavailable": ("unavailable", None),
    "refused": ("refused", None),
    "broken": ("broken", None),
    "handled": ("handled", None),
    "logged": ("logged", None),
    "stream": ("stream", None),
    "items": ("items/7", None),
    "me": ("me", None),
}


def _client(port: int) -> httpx.Client:
    """uvicorn closes connections on which an app failed, so none is kept."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, limits=limits)


def _answers(client: httpx.Client, program: Program) -> bool:
    assert program.process.poll() is None, program.text()
    try:
        return client.get("/handled?case=first").is_success
    except httpx.TransportError:
        return False


def _ask(client: httpx.Client, kind: Kind, case: str) -> httpx.Response | None:
    page, body = CASES[case]
    if page in kind.lacks or case in kind.lacks:
        return None
    return _send(client, page, body, case=case)


def _send(
    client: httpx.Client, page: str, body: bytes | None = None, **query: str
) -> httpx.Response | None:
    headers = {
        "authorization": "Bearer s3cret", "cookie": "session=s3cret", "user-agent": "shopper/1",
        "x-user": "u-42", "content-type": "application/json",
    }  # fmt: skip
    method, params = "GET" if body is None else "POST", {"token": "s3cret", **query}
    try:
        return client.request(method, f"/{page}", params=params, headers=headers, content=body)
    except httpx.TransportError:
        return None  # the answer breaks off, or comes before the whole body was sent


def _by_case(site: Site, app: str) -> dict[str, list[dict[str, Any]]]:
    """Whatever came before the last event is there, once that is."""

    def is_there() -> bool:
        return any("case=last" in event["requestUrl"] for event in site.listed(app))

    wait_until(is_there, f"the last event of {app}")
    by_case: dict[str, list[dict[str, Any]]] = {}
    for event in site.events(app, 1):
        case = httpx.URL(event["requestUrl"]).params["case"]
        by_case.setdefault(case, []).append(event)
    return by_case


def test_an_error_that_nobody_catches(visit: Visit) -> None:
    """It is reported once, with its request."""
    event = visit.event("boom")
    assert (event["errorType"], event["message"]) == ("KeyError", "'cart'")
    assert (event["requestMethod"], event["responseStatusCode"]) == ("GET", 500)
    assert event["requestUrl"].startswith("http://127.0.0.1:")
    assert httpx.URL(event["requestUrl"]).path == "/boom"
    assert event["userAgent"] == "shopper/1"
    assert event["payload"]["exceptions"][-1]["mechanism"]["handled"] is False
    assert event["payload"]["exceptions"][-1]["frames"][-1]["function"] == "total"
    assert visit.answers["boom"] is None or visit.answers["boom"].status_code == 500


def test_secrets(visit: Visit) -> None:
    """Neither headers nor query nor body show any."""
    for case in ("boom", "read", "unread"):
        event = visit.event(case)
        assert "s3cret" not in json.dumps(event)
        assert "hunter2" not in json.dumps(event)
    assert visit.event("boom")["requestHeaders"]["cookie"] == "[scrubbed]"


@pytest.mark.parametrize("case", ["read", "unread"])
def test_the_body(visit: Visit, case: str) -> None:
    """It is reported whether the app had read it or not."""
    assert visit.event(case)["requestBody"] == {
        "item": "tea",
        "password": "[scrubbed]",
        "lines": [{"api_key": "[scrubbed]", "amount": 2}],
    }


def test_a_large_body(visit: Visit) -> None:
    """It is described, not copied."""
    described = visit.event("large")["requestBody"]["body"]
    assert described.startswith("[application/json, ")
    assert len(described) < 100


def test_a_body_that_streams(visit: Visit) -> None:
    """The app reads what the client sent, and nothing is reported."""
    answer = visit.answers["echo"]
    assert answer is not None
    assert answer.text.strip('"\n') == hashlib.sha256(LARGE).hexdigest()
    assert "echo" not in visit.events


@pytest.mark.parametrize(("case", "status"), [("missing", 404), ("refused", 409)])
def test_what_the_app_answers_itself(visit: Visit, case: str, status: int) -> None:
    """An answer below 500 is no error, whatever exception it was made of."""
    answer = visit.answers[case]
    if answer is None:
        pytest.skip("this app has no such page")
    assert answer.status_code == status
    assert case not in visit.events


@pytest.mark.parametrize(
    ("case", "status", "kind"), [("unavailable", 503, "HTTPException"), ("broken", 502, "Broken")]
)
def test_a_5xx_that_a_handler_made(visit: Visit, case: str, status: int, kind: str) -> None:
    """It is an error though somebody caught the exception."""
    event = visit.event(case)
    answer = visit.answers[case]
    assert answer is not None
    assert answer.status_code == event["responseStatusCode"] == status
    assert event["errorType"] in (kind, "ServiceUnavailable")


def test_captured_by_the_app(visit: Visit) -> None:
    """It has the request, and is marked as handled."""
    event = visit.event("handled")
    assert event["payload"]["exceptions"][-1]["mechanism"]["handled"] is True
    assert event["requestMethod"] == "GET"
    answer = visit.answers["handled"]
    assert answer is not None
    assert answer.is_success


def test_logged_and_raised(visit: Visit) -> None:
    """What the app logs, the framework handles and the server logs again is one error."""
    assert visit.event("logged")["errorType"] == "KeyError"


def test_an_answer_that_breaks_off(visit: Visit) -> None:
    """What fails while it streams is reported, with the status that was sent."""
    event = visit.event("stream")
    # Litestar raises an exception of its own from it
    assert "KeyError" in [exception["type"] for exception in event["payload"]["exceptions"]]
    assert event["responseStatusCode"] == 200


def test_the_route(visit: Visit) -> None:
    """The framework's pattern is the transaction, not the path."""
    transaction = visit.event("items")["payload"]["transaction"]
    assert transaction.strip("/").startswith("items/")
    assert "7" not in transaction
    assert "number" in transaction


def test_the_user(visit: Visit) -> None:
    """Whom the framework let in is the event's user."""
    assert visit.event("me")["userId"] == "u-42"


@pytest.mark.parametrize("who", WHO)
def test_requests_at_the_same_time(visit: Visit, who: str) -> None:
    """Each has its own user, tags and breadcrumbs."""
    event = visit.event(f"slow-{who}")
    assert (event["userId"], event["tags"]) == (who, {"who": who})
    (crumb,) = event["payload"]["breadcrumbs"]
    assert crumb["message"] == f"met {who}"
