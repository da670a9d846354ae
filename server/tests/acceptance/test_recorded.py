"""What real SDKs sent, byte by byte, to a running server: each is read as server/tests/recorded
says. Extensions of the recordings' README: NUL and lone surrogates become U+FFFD."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from harness import PATIENCE_S, Server, wait_until

RECORDED = Path(__file__).parent.parent / "recorded"
INDEX: list[dict[str, Any]] = json.loads((RECORDED / "INDEX.json").read_text())
WANTED: dict[str, str] = json.loads((RECORDED / "handmade/expected.json").read_text())
CASES = [case for case in INDEX if "upload-protocol" not in case["items"]]
# Sentry's level -> ours
SEVERITY = {"fatal": "critical", "log": "info", None: "error"}
KEY = "0123456789abcdef0123456789abcdef"
NUMBER = 42


class Site:
    """A server with the app that the recordings report to."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.base_url, timeout=PATIENCE_S)
        self.http.headers["authorization"] = f"Bearer {server.token('read,admin')}"
        create = ("app", "create", "recorded", "--number", str(NUMBER), "--key", KEY)
        done = server.cli(*create)
        assert done.returncode == 0, done.stderr
        wait_until(self.is_known, "the app")

    def is_known(self) -> bool:
        """Whether the worker has heard of the app."""
        headers = {"x-sentry-auth": f"Sentry sentry_key={KEY}"}
        return self.http.post(f"/api/{NUMBER}/envelope/", content="{}", headers=headers).is_success

    def send(self, raw: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer to raw bytes."""
        with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE_S) as connection:
            connection.sendall(raw)
            return read_answer(connection)

    def event(self, identifier: str) -> dict[str, Any]:
        """A stored event, whole."""

        def found() -> Any:
            answer = self.http.get(f"/api/v1/events/{UUID(identifier)}")
            return answer.json() if answer.status_code == 200 else None

        return wait_until(found, f"event {identifier}")

    def issue(self, event: dict[str, Any]) -> dict[str, Any]:
        """The issue of an event."""

        def found() -> Any:
            issue = self.http.get(f"/api/v1/events/{event['id']}").json()["issueId"]
            return self.http.get(f"/api/v1/issues/{issue}").json() if issue else None

        return wait_until(found, "its issue")


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    return int(status.split()[1]), headers, body


@pytest.fixture(scope="module")
def site(server: Server) -> Iterator[Site]:
    site = Site(server)
    yield site
    site.http.close()


def recorded(file: str) -> bytes:
    """The request. All apps of the recordings share one key, so here they are one app."""
    line, separator, rest = (RECORDED / file).read_bytes().partition(b"\r\n")
    # The handmade ones share an id, and a second event with it would be a resend.
    rest = rest.replace(b"a" * 32, uuid4().hex.encode())
    return re.sub(rb"/api/\d+/", b"/api/%d/" % NUMBER, line) + separator + rest


def with_code(raw: bytes) -> bytes:
    head, separator, body = raw.partition(b"\r\n\r\n")
    body = b'{"errorCode":"E",' + body[1:]
    head = re.sub(rb"(?i)content-length: \d+", b"Content-Length: %d" % len(body), head)
    return head + separator + body


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["file"])
def test_recorded_requests_are_read_right(site: Site, case: dict[str, Any]) -> None:
    """Status, and of events every field that `expect` names."""
    raw = recorded(case["file"])
    status, headers, body = site.send(raw)
    if "native" in case["items"] and case["sdk"] != "handmade":
        # Of a client from before the contract: without the code that it requires.
        assert (status, json.loads(body)["error"]) == (400, "errorCode: required")
        status, headers, body = site.send(with_code(raw))
    if case["sdk"] == "handmade":
        check_handmade(site, case["case"], status, headers, body)
        return
    assert status in {200, 201}, body
    if "expect" in case:
        answer = json.loads(body)
        wanted = case["expect"]
        event = site.event(answer["id"])
        (check_native if "native" in case["items"] else check_sentry)(site, event, wanted)
    elif "expect_otlp" in case:
        check_otlp(site, case)


def check_native(site: Site, event: dict[str, Any], wanted: dict[str, Any]) -> None:
    del site
    found = {
        "type": event["errorType"], "value": event["message"], "level": event["severity"],
        "environment": event["environment"], "url": event["requestUrl"],
        "method": event["requestMethod"], "source": event["sourceType"], "app": event["appId"],
        "status": event["responseStatusCode"],
    }  # fmt: skip
    wanted = wanted | {"level": wanted["level"] or "error"}
    assert {name: found[name] for name in wanted if name in found} == {
        name: value for name, value in wanted.items() if name in found
    }


def clean(text: str | None) -> str | None:
    """As PostgreSQL and UTF-8 can hold it."""
    if text is None:
        return None
    return (
        text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


def check_sentry(site: Site, event: dict[str, Any], wanted: dict[str, Any]) -> None:
    payload: dict[str, Any] = event["payload"]
    exceptions = payload.get("exceptions", [])
    found = {
        "level": event["severity"], "environment": event["environment"],
        "release": event["release"], "platform": payload.get("platform"),
        "dist": payload.get("dist"), "logger": payload.get("logger"),
        "transaction": payload.get("transaction"), "url": event["requestUrl"],
        "method": event["requestMethod"], "event_id": event["id"].replace("-", ""),
        "server_name": payload.get("serverName"), "n_exceptions": len(exceptions),
        "breadcrumbs": len(payload.get("breadcrumbs", [])),
    }  # fmt: skip
    level = SEVERITY.get(wanted["level"], wanted["level"])
    assert found == {name: wanted[name] for name in found} | {"level": level}
    assert (event["tags"] or {}) == {
        name: str(value) for name, value in (wanted["tags"] or {}).items()
    }
    if wanted["kind"] == "message":
        assert event["message"] == wanted["message"]
    else:
        assert event["errorType"] == (wanted["type"] or "Message")
        # one of them is longer than the contract's 5,000
        assert event["message"][:4000] == (clean(wanted["value"]) or "")[:4000]
    if wanted["chain"]:
        assert [thrown.get("type") for thrown in exceptions] == wanted["chain"]
    if wanted["debug_ids"]:
        ids = [image.get("debug_id") for image in payload["debugImages"]]
        assert ids == wanted["debug_ids"]
    check_user(payload.get("user", {}), event["userId"], wanted["user"] or {})
    check_top_frame(site, event, exceptions, wanted["top_frame"])


def check_user(user: dict[str, Any], user_id: str | None, wanted: dict[str, Any]) -> None:
    """Addresses and what looks secret are hidden."""
    for name in ("id", "username", "name"):
        if name in wanted:
            assert user[name] == str(wanted[name])
    chosen = wanted.get("id") or wanted.get("username") or wanted.get("email")
    assert user_id == (None if chosen is None else str(chosen))


def check_top_frame(
    site: Site, event: dict[str, Any], exceptions: list[Any], wanted: dict[str, Any] | None
) -> None:
    if wanted is None:
        return
    placed = (
        [frame for frame in exceptions[-1]["frames"] if frame.get("line")] if exceptions else []
    )
    own = [frame for frame in placed if frame["inApp"]] or placed
    top = own[-1]
    assert (top.get("function", "?"), top["line"]) == (
        wanted["function"] or "?",
        wanted["lineno"],
    )
    if wanted["function"] not in {None, "?", "<anonymous>"} and not wanted["fallback"]:
        assert wanted["function"].removeprefix("async ") in site.issue(event)["culprit"]


def check_otlp(site: Site, case: dict[str, Any]) -> None:
    """Exceptions and error logs, each once."""
    wanted = {
        (clean(entry["value"]) or entry["body"], entry["release"], entry["environment"])
        for entry in case["expect_otlp"]
        if entry["type"]
        or "ERROR" in str(entry.get("severity"))
        or "FATAL" in str(entry.get("severity"))
    }

    def found() -> set[Any]:
        events = site.http.get("/api/v1/events", params={"app": "billing", "limit": 100}).json()
        return {(e["message"], e["release"], e["environment"]) for e in events["items"]}

    wait_until(lambda: wanted <= found(), f"{wanted}")


def check_handmade(
    site: Site, case: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    """What expected.json asks for."""
    wanted = WANTED[case]
    answer = json.loads(body)
    codes = {int(code) for code in re.findall(r"\b[245]\d\d\b", wanted)}
    if codes and "or trimmed" not in wanted and " or 400" not in wanted and "decide" not in wanted:
        allowed = codes | ({401, 403} if "40" in wanted and "/" in wanted else set())
        assert status in allowed, answer
    else:
        assert status < 500
    if status >= 400 and not case.startswith("native"):
        assert answer["detail"]
        assert headers["x-sentry-error"]
    if status == 200 and "id" in answer and case != "header-only":
        STORED.get(case, lambda _: None)(site.event(answer["id"]))


def same(**fields: Any) -> Any:
    """A check of some fields of the stored event."""

    def check(event: dict[str, Any]) -> None:
        assert {name: event[name] for name in fields} == fields

    return check


STORED: dict[str, Any] = {
    "unknown-item-type": same(errorType="ValueError"),
    "tags-as-pairs": same(tags={"a": "1", "b": "2"}),
    "exception-as-list": same(errorType="B"),
    "store-get-sentry-data": same(message="via store", severity="warning"),
    "store-base64-zlib": same(message="b64"),
    "csp-report": same(errorType="CSP", message="Blocked script from evil.example.com"),
    "wrong-types": same(release="123", severity="error", userId="bob", fingerprint="abc"),
    "deflate-raw": same(errorType="ValueError"),
}
