"""Sentry's protocol as a client sees it: credentials, bodies, answers, limits, outcomes."""

import gzip
import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import brotli
import httpx
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import PATIENCE_S, Server, wait_until

KEY, OTHER, LIMITED = "a" * 32, "b" * 32, "c" * 32
ENVELOPE, STORE, SECURITY = "/api/42/envelope/", "/api/42/store/", "/api/42/security/"
AUTH = {"x-sentry-auth": f"Sentry sentry_version=7, sentry_client=test/1, sentry_key={KEY}"}


@dataclass
class Site:
    """A server that knows three apps."""

    server: Server
    http: httpx.Client
    read: dict[str, str]

    def event(self, identifier: str) -> dict[str, object]:
        """A stored event, whole, by its id of 32 digits."""

        def found() -> dict[str, object] | None:
            answer = self.http.get(f"/api/v1/events/{identifier}", headers=self.read)
            return answer.json() if answer.status_code == 200 else None

        event: dict[str, object] = wait_until(found, f"event {identifier}")
        return event

    def outcomes(self, app: str) -> dict[str, int]:
        """What the ledger says of an app."""
        answer = self.http.get(f"/api/v1/apps/{app}/outcomes", headers=self.read)
        return answer.json()["totals"] | {"received": answer.json()["received"]}


@pytest.fixture(scope="module")
def site(server: Server) -> Iterator[Site]:
    for app, number, key in (("shop", 42, KEY), ("blog", 43, OTHER), ("tiny", 44, LIMITED)):
        done = server.cli("app", "create", app, "--number", str(number), "--key", key, "--json")
        assert done.returncode == 0, done.stderr
    done = server.cli("app", "set", "tiny", "--setting", "ratePerSecond=1")
    assert done.returncode == 0, done.stderr
    read = {"authorization": f"Bearer {server.token('read,triage,admin')}"}
    with httpx.Client(base_url=server.base_url, timeout=PATIENCE_S) as http:
        found = Site(server, http, read)
        wait_until(
            lambda: http.post(ENVELOPE, content=b"{}", headers=AUTH).status_code == 200, "the apps"
        )
        yield found


def event(**fields: object) -> dict[str, object]:
    value = {"type": "ValueError", "value": "no cart"}
    return {"event_id": uuid4().hex, "exception": {"values": [value]}, **fields}


def envelope(*items: object, **header: object) -> bytes:
    """Dicts are events; bytes stand as they are."""
    lines = [json.dumps(header).encode()]
    for item in items:
        is_event = isinstance(item, dict)
        lines += [b'{"type":"event"}', json.dumps(item).encode()] if is_event else [item]  # type: ignore[list-item]
    return b"\n".join(lines)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (ENVELOPE, AUTH),
        ("/api/42/envelope", AUTH),
        ("/errors/api/42/envelope/", AUTH),
        (f"{ENVELOPE}?sentry_key={KEY}&sentry_version=7", {}),
        (ENVELOPE, {"authorization": f"Sentry sentry_key={KEY}, sentry_version=7"}),
        (f"{ENVELOPE}?sentry_key={KEY}", AUTH),
    ],
)
def test_a_key_may_stand_anywhere(site: Site, path: str, headers: dict[str, str]) -> None:
    """Query, X-Sentry-Auth, Authorization; with or without slash and prefix."""
    sent = event()
    answer = site.http.post(path, content=envelope(sent), headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"id": sent["event_id"]})
    assert site.event(str(sent["event_id"]))["appId"] == "shop"


def test_a_tunnel_has_its_key_in_the_envelope(site: Site) -> None:
    """And nowhere else."""
    sent = event()
    body = envelope(sent, dsn=f"https://{KEY}@errors.example.org/42")
    assert site.http.post(ENVELOPE, content=body).json() == {"id": sent["event_id"]}


@pytest.mark.parametrize(
    ("path", "headers", "dsn", "refusal"),
    [
        (ENVELOPE, {}, None, (401, "no key")),
        (ENVELOPE, {"x-sentry-auth": f"Sentry sentry_key={'f' * 32}"}, None, (403, "unknown")),
        ("/api/43/envelope/", AUTH, None, (403, "not one of the app")),
        ("/api/999/envelope/", AUTH, None, (403, "not one of the app")),
        (f"{ENVELOPE}?sentry_key={OTHER}", AUTH, None, (403, "conflicting")),
        (ENVELOPE, AUTH, f"https://{OTHER}@h/42", (403, "conflicting")),
        (ENVELOPE, {}, f"https://{'f' * 32}@h/42", (403, "unknown")),
        (STORE, {}, None, (401, "no key")),
    ],
)
def test_wrong_credentials_are_told(
    site: Site, path: str, headers: dict[str, str], dsn: str | None, refusal: tuple[int, str]
) -> None:
    """With the reason, and without harm to the right ones."""
    status, said = refusal
    body = envelope(event(), **({} if dsn is None else {"dsn": dsn}))
    answer = site.http.post(path, content=body, headers=headers)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert said in answer.headers["x-sentry-error"]
    assert site.http.post(ENVELOPE, content=envelope(event()), headers=AUTH).status_code == 200


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
        ("", bytes),
        ("identity", bytes),
    ],
)
def test_every_encoding_is_read(site: Site, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """Also chunked, and of a content type that says nothing."""
    sent = event()
    headers = AUTH | {"content-encoding": encoding, "content-type": "application/x-anything"}
    body = pack(envelope(sent))
    chunked = (body[start : start + 7] for start in range(0, len(body), 7))
    for content in (body, chunked):
        answer = site.http.post(ENVELOPE, content=content, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"id": sent["event_id"]})


@pytest.mark.parametrize("pack", [bytes, lambda raw: b64encode(zlib.compress(raw)), zlib.compress])
def test_the_store_endpoint_reads_old_bodies(site: Site, pack: Callable[[bytes], bytes]) -> None:
    """JSON, raven's base64 of zlib; by POST and by GET."""
    by_post, by_get = event(), event()
    headers = {} if pack is not zlib.compress else {"content-encoding": "deflate"}
    body = pack(json.dumps(by_post).encode())
    answer = site.http.post(STORE, content=body, headers=AUTH | headers)
    assert answer.json() == {"id": by_post["event_id"]}
    query = {"sentry_key": KEY, "sentry_data": b64encode(json.dumps(by_get).encode()).decode()}
    assert site.http.get(STORE, params=query).json() == {"id": by_get["event_id"]}
    assert site.event(str(by_get["event_id"]))["errorType"] == "ValueError"


def test_a_bomb_is_refused(site: Site) -> None:
    """50 MB from 50 KB."""
    headers = AUTH | {"content-encoding": "gzip"}
    answer = site.http.post(ENVELOPE, content=gzip.compress(bytes(50_000_000)), headers=headers)
    assert answer.status_code == 413
    assert answer.headers["x-sentry-error"]


def test_what_is_wrong_costs_only_itself(site: Site) -> None:
    """The answer names the item; the rest is stored."""
    first, last = event(), event()
    bad = b'{"type":"event"}\n{not json'
    body = envelope(first, bad, b'{"type":"from_the_future"}\n\x00\x01', last)
    answer = site.http.post(ENVELOPE, content=body, headers=AUTH)
    assert answer.status_code == 400
    assert "item 2 (event)" in answer.json()["detail"]
    assert answer.json()["causes"] == [answer.json()["detail"]]
    assert site.event(str(first["event_id"]))["message"] == "no cart"
    assert site.event(str(last["event_id"]))["message"] == "no cart"


def test_attachments_are_noted(site: Site) -> None:
    """Name, type and size; not the content."""
    sent = event()
    attachment = (
        b'{"type":"attachment","length":5,"filename":"a.log","content_type":"text/plain"}\na\nb\nc'
    )
    answer = site.http.post(ENVELOPE, content=envelope(attachment, sent), headers=AUTH)
    assert answer.status_code == 200
    payload = site.event(str(sent["event_id"]))["payload"]
    assert isinstance(payload, dict)
    assert payload["attachments"] == [{"filename": "a.log", "contentType": "text/plain", "size": 5}]


def test_limits_are_told_as_sdks_read_them(site: Site) -> None:
    """429 when nothing passed, 200 when something did; both with the categories."""
    headers = {"x-sentry-auth": f"Sentry sentry_key={LIMITED}"}
    path = "/api/44/envelope/"
    several = site.http.post(path, content=envelope(*(event() for _ in range(9))), headers=headers)
    assert several.status_code == 200
    assert several.headers["x-sentry-rate-limits"].startswith("1:default;error;security:project")
    assert several.headers["retry-after"] == "1"
    answers = (site.http.post(path, content=envelope(event()), headers=headers) for _ in range(50))
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["x-sentry-rate-limits"] == "1:default;error;security:project:rate"
    # what costs nothing is taken all the time
    session = b'{"type":"session"}\n{"sid":"x"}'
    answer = site.http.post(path, content=envelope(session), headers=headers)
    assert answer.status_code == 200


def test_client_reports_reach_the_ledger(site: Site) -> None:
    """By why; they are no part of what was received."""
    report = {
        "discarded_events": [
            {"reason": "ratelimit_backoff", "category": "error", "quantity": 7},
            {"reason": "sample_rate", "category": "error", "quantity": 5},
            {"reason": "network_error", "category": "transaction", "quantity": 90},
        ]
    }
    item = b'{"type":"client_report"}\n' + json.dumps(report).encode()
    headers = {"x-sentry-auth": f"Sentry sentry_key={OTHER}"}
    answer = site.http.post("/api/43/envelope/", content=envelope(item), headers=headers)
    assert answer.status_code == 200
    wait_until(lambda: "client_lost" in site.outcomes("blog"), "the ledger")
    assert site.outcomes("blog") == {"client_lost": 7, "client_filtered": 5, "received": 0}


def test_a_browser_may_ask_and_read(site: Site) -> None:
    """CORS as Sentry's own server has it."""
    headers = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    asked = site.http.options(ENVELOPE, headers=headers)
    assert asked.status_code == 204
    assert "x-sentry-auth" in asked.headers["access-control-allow-headers"]
    answer = site.http.post(ENVELOPE, content=b"{}", headers=AUTH | headers)
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = answer.headers["access-control-expose-headers"]
    assert {"x-sentry-error", "x-sentry-rate-limits", "retry-after"} <= set(exposed.split(", "))


def test_csp_reports_of_both_forms(site: Site) -> None:
    """`report-uri`, and the Reporting API."""
    old = {"csp-report": {"document-uri": "https://s/", "effective-directive": "img-src",
                          "blocked-uri": "https://evil.example/x.png"}}  # fmt: skip
    new = [{"type": "csp-violation", "age": 1, "url": "https://s/", "user_agent": "A",
            "body": {"documentURL": "https://s/", "effectiveDirective": "font-src",
                     "blockedURL": "https://evil.example/x.woff"}}]  # fmt: skip
    for content in (old, new):
        answer = site.http.post(f"{SECURITY}?sentry_key={KEY}", content=json.dumps(content))
        assert answer.status_code == 200
        stored = site.event(answer.json()["id"])
        assert stored["errorType"] == "CSP"
        assert "evil.example" in str(stored["message"])


PATHS = (ENVELOPE, STORE, SECURITY, "/v1/logs", "/v1/traces")


@settings(
    max_examples=settings().max_examples * 3 // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(PATHS),
    st.binary(max_size=400) | st.text(max_size=200).map(str.encode),
    st.sampled_from(["", "gzip", "deflate", "br", "zstd", "x, gzip"]),
    st.sampled_from(["", "application/json", "application/x-protobuf", "text/plain"]),
)
def test_nothing_gives_a_5xx(
    site: Site, path: str, body: bytes, encoding: str, content_type: str
) -> None:
    """Whatever bytes come, as whatever they are called."""
    headers = AUTH | {"content-encoding": encoding, "content-type": content_type}
    answer = site.http.post(path, content=body, headers=headers)
    assert answer.status_code < 500


def test_native_reports_may_be_structured_too(site: Site) -> None:
    """Frames, tags and breadcrumbs of our own clients: stored, scrubbed and grouped by frames."""
    frames = [{"file": "shop/cart.py", "function": "total", "line": 7, "vars": {"password": "pw"}}]
    body = {
        "errorCode": "E", "errorType": "ValueError", "message": "no", "appId": "native",
        "environment": "canary", "tags": {"plan": "free"},
        "payload": {"platform": "python", "exceptions": [{"type": "ValueError", "frames": frames}]},
    }  # fmt: skip
    answer = site.http.post("/api/v1/errors", json=body)
    stored = site.event(answer.json()["id"])
    assert (stored["tags"], stored["environment"]) == ({"plan": "free"}, "canary")
    payload = stored["payload"]
    assert isinstance(payload, dict)
    assert payload["exceptions"][0]["frames"] == [
        {**frames[0], "vars": {"password": "[scrubbed]"}, "inApp": True}
    ]
    wait_until(
        lambda: site.http.get(f"/api/v1/events/{stored['id']}", headers=site.read).json()[
            "issueId"
        ],
        "its issue",
    )
    query = {"app": "native", "environment": "canary"}
    issues = site.http.get("/api/v1/issues", params=query, headers=site.read).json()["items"]
    assert [issue["culprit"] for issue in issues] == ["shop/cart.py in total"]
    listed = site.http.get("/api/v1/events", params=query, headers=site.read).json()["items"]
    assert [item["id"] for item in listed] == [stored["id"]]
    query["environment"] = "production,staging"
    assert site.http.get("/api/v1/events", params=query, headers=site.read).json()["items"] == []
