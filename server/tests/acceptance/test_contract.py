"""The contract, line by line, over HTTP against a running server and through real psql.

Sections are those of the contract: 1 table, 2 HTTP, 3 sanitising, 4 fingerprint. (5, the npm
package, is tested with it.)
"""

import gzip
import http.client
import json
import re
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import brotli
import httpx
import pytest
import zstandard

from harness import Server, wait_until

UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
REPORT: dict[str, Any] = {"errorCode": "CODE", "errorType": "TypeError", "message": "it broke"}

QUERY_APP = (
    "SELECT * FROM error_logs.error_logs WHERE app_id = 'chat' AND occurred_at > NOW() - "
    "INTERVAL '24 hours' ORDER BY occurred_at DESC LIMIT 100;"
)
QUERY_CODES = (
    "SELECT error_code, COUNT(*) AS count FROM error_logs.error_logs WHERE occurred_at > NOW() - "
    "INTERVAL '7 days' GROUP BY error_code ORDER BY count DESC;"
)
QUERY_USER = (
    "SELECT * FROM error_logs.error_logs WHERE user_id = 'user_123' "
    "ORDER BY occurred_at DESC LIMIT 50;"
)
QUERY_FINGERPRINTS = (
    "SELECT fingerprint, error_code, message, COUNT(*) AS occurrences, MIN(occurred_at) AS "
    "first_seen, MAX(occurred_at) AS last_seen FROM error_logs.error_logs WHERE environment = "
    "'production' AND occurred_at > NOW() - INTERVAL '24 hours' GROUP BY fingerprint, "
    "error_code, message ORDER BY occurrences DESC LIMIT 20;"
)


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, timeout=30) as opened:
        yield opened


def psql(server: Server, query: str, *options: str) -> list[list[str]]:
    """Rows of a query, through `mana-errors psql`."""
    result = server.cli("psql", "-X", "-A", "-t", "-F", "\x1f", "-R", "\x1e", *options, "-c", query)
    assert result.returncode == 0, result.stderr
    text = result.stdout.removesuffix("\n")
    return [line.split("\x1f") for line in text.split("\x1e")] if text else []


def stored(server: Server, identifier: str) -> dict[str, Any]:
    """The event's row, which must be there within seconds of its 201."""
    query = f"SELECT to_jsonb(e) FROM error_logs.error_logs e WHERE id = '{identifier}'"
    row = wait_until(lambda: server.psql(query), f"{identifier} to be stored", 20)
    return dict(json.loads(row))


def send(client: httpx.Client, headers: dict[str, str] | None = None, **fields: Any) -> str:
    """Post a report and return its id."""
    answer = client.post("/api/v1/errors", json={**REPORT, **fields}, headers=headers)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["success"] is True
    assert set(body) == {"success", "id"}
    assert UUID.match(body["id"])
    return str(body["id"])


def assert_failure(answer: httpx.Response, status: int, text: str) -> None:
    """The contract's shape of a refusal."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"success", "error"}
    assert body["success"] is False
    assert text in body["error"]


# 1. Table


def test_every_field_reaches_its_column(server: Server, client: httpx.Client) -> None:
    """The whole body of the contract, column by column."""
    at = (datetime.now(UTC) - timedelta(minutes=5)).replace(microsecond=123000)
    fields: dict[str, Any] = {
        "errorCode": "VALIDATION_FAILED",
        "errorType": "AppError",
        "message": "bad input",
        "stackTrace": "AppError: bad input\n    at f (/app/src/a.js:1:2)",
        "appId": "chat",
        "sourceType": "frontend_mobile",
        "serviceName": "chat-backend",
        "userId": "user_123",
        "sessionId": "s-1",
        "requestUrl": "https://chat.example.com/api/v1/x?a=1",
        "requestMethod": "POST",
        "requestHeaders": {"accept": "*/*"},
        "requestBody": {"title": "x", "list": [1, {"deep": True}]},
        "responseStatusCode": 422,
        "environment": "production",
        "severity": "critical",
        "context": {"k": "v"},
        "fingerprint": "my-own",
        "userAgent": "Mozilla/5.0",
        "browserInfo": {"name": "Chrome"},
        "deviceInfo": {"model": "Pixel"},
        "occurredAt": at.isoformat().replace("+00:00", "Z"),
    }
    row = stored(server, send(client, **fields))
    snake = {re.sub("([A-Z])", lambda m: "_" + m[1].lower(), key): key for key in fields}
    for column, key in snake.items():
        if column == "occurred_at":
            assert datetime.fromisoformat(row[column]) == at
        else:
            assert row[column] == fields[key], column
    assert abs(datetime.fromisoformat(row["created_at"]) - datetime.now(UTC)) < timedelta(minutes=5)


def test_defaults_of_columns(server: Server, client: httpx.Client) -> None:
    """severity error, context {}, everything else optional is null; the time is now."""
    row = stored(server, send(client))
    assert row["severity"] == "error"
    assert row["context"] == {}
    nullable = {"stack_trace", "user_id", "session_id", "request_url", "environment", "source_type"}
    assert {name for name in nullable if row[name] is None} == nullable
    assert abs(datetime.fromisoformat(row["occurred_at"]) - datetime.now(UTC)) < timedelta(
        minutes=1
    )


def test_the_contracts_queries_run_as_they_stand(server: Server, client: httpx.Client) -> None:
    """Through real psql, with right answers."""
    app = f"q-{uuid.uuid4().hex[:8]}"
    code = f"Q_{uuid.uuid4().hex[:8]}"
    common = {"appId": "chat", "errorCode": code, "userId": "user_123", "environment": "production"}
    ids = [send(client, **common, message=f"same {app}") for _ in range(3)]
    for identifier in ids:
        stored(server, identifier)
    newest = [row[0] for row in psql(server, QUERY_APP)]
    assert newest[:3] == ids[::-1]
    assert [code, "3"] in psql(server, QUERY_CODES)
    assert [row[0] for row in psql(server, QUERY_USER)][:3] == ids[::-1]
    (group,) = [row for row in psql(server, QUERY_FINGERPRINTS) if row[1] == code]
    assert group[2:4] == [f"same {app}", "3"]


# 2. HTTP


@pytest.mark.parametrize(
    "token",
    [
        "Bearer expired.or.bad",
        "Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1IiwiZXhwIjoxfQ.AAAA",
        "Basic Zm9vOmJhcg==",
        "nonsense",
    ],
)
def test_a_bad_token_makes_the_report_anonymous(
    server: Server, client: httpx.Client, token: str
) -> None:
    """And never refuses it."""
    row = stored(server, send(client, {"Authorization": token}))
    assert row["user_id"] is None


def test_x_app_id_names_the_app_where_the_body_does_not(
    server: Server, client: httpx.Client
) -> None:
    """The body wins."""
    assert stored(server, send(client, {"X-App-Id": "zitare"}))["app_id"] == "zitare"
    row = stored(server, send(client, {"X-App-Id": "zitare"}, appId="picture"))
    assert row["app_id"] == "picture"


@pytest.mark.parametrize("field", ["errorCode", "errorType", "message"])
def test_required_fields(client: httpx.Client, field: str) -> None:
    """Missing: 400, and the answer names the field."""
    body = {key: value for key, value in REPORT.items() if key != field}
    assert_failure(client.post("/api/v1/errors", json=body), 400, field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("errorCode", "x" * 101),
        ("errorType", "x" * 101),
        ("appId", "x" * 51),
        ("requestHeaders", "text"),
        ("requestBody", []),
        ("context", "text"),
        ("severity", "fatal"),
        ("environment", "x" * 65),
        ("sourceType", "desktop"),
        ("responseStatusCode", 99),
        ("occurredAt", "yesterday"),
    ],
)
def test_what_breaks_the_contract_is_named(client: httpx.Client, field: str, value: object) -> None:
    """400 naming field and reason."""
    answer = client.post("/api/v1/errors", json={**REPORT, field: value})
    assert_failure(answer, 400, f"{field}: ")


@pytest.mark.parametrize(
    ("field", "column", "limit"),
    [
        ("message", "message", 5_000),
        ("stackTrace", "stack_trace", 50_000),
        ("requestUrl", "request_url", 2_000),
        ("userAgent", "user_agent", 500),
    ],
)
def test_long_text_is_cut_and_the_event_says_so(
    server: Server, client: httpx.Client, field: str, column: str, limit: int
) -> None:
    """Free text is never a reason to refuse."""
    row = stored(server, send(client, **{field: "x" * (limit + 100)}))
    assert len(row[column]) <= limit
    assert row["notes"]["cut"] == {field: limit + 100}


def test_the_requests_own_user_agent(server: Server, client: httpx.Client) -> None:
    """Where the body names none."""
    row = stored(server, send(client, {"User-Agent": "okhttp/4"}))
    assert row["user_agent"] == "okhttp/4"


def test_statuses_of_refusals(client: httpx.Client) -> None:
    """400, 413 and 415 in the contract's shape."""
    assert_failure(client.post("/api/v1/errors", content=b"{"), 400, "JSON")
    large = {**REPORT, "context": {"x": "y" * 1_100_000}}
    assert_failure(client.post("/api/v1/errors", json=large), 413, "1048576")
    headers = {"content-encoding": "compress"}
    assert_failure(client.post("/api/v1/errors", content=b"x", headers=headers), 415, "gzip")
    assert_failure(client.get("/api/v1/errors"), 405, "POST")


NASTY = [
    b"",
    b"null",
    b"[]",
    b"\x00",
    b"\xff\xfe\x00",
    b'{"errorCode":' + b"[" * 5_000,
    b'{"errorCode":"a","errorType":"b","message":"\\ud800"}',
    b'{"errorCode":"a","errorType":"b","message":"\\u0000"}',
    b'{"errorCode":"a","errorType":"b","message":"x","context":{"n":NaN,"i":1e999}}',
    b'{"errorCode":"a","errorType":"b","message":"x","context":{"n":' + b"9" * 5_000 + b"}}",
    b'{"errorCode":"a","errorType":"b","message":"x","occurredAt":"+99999-01-01"}',
    b'{"errorCode":"a","errorType":"b","message":"x","occurredAt":"0000-00-00"}',
    b'{"errorCode":"a","errorType":"b","message":"x","userId":"\\u0000"}',
]


@pytest.mark.parametrize("body", NASTY)
def test_whatever_comes_the_shape_comes_back(
    server: Server, client: httpx.Client, body: bytes
) -> None:
    """Stored safely or refused clearly, never a 5xx."""
    answer = client.post("/api/v1/errors", content=body)
    assert answer.status_code in {201, 400}, answer.text
    if answer.status_code == 201:
        assert stored(server, answer.json()["id"])
    else:
        assert answer.json()["success"] is False
        assert answer.json()["error"]


@pytest.mark.parametrize("kind", ["application/json", "text/plain;charset=UTF-8", None])
def test_json_by_any_type(client: httpx.Client, kind: str | None) -> None:
    """As application/json, as text/plain from browsers, without a type."""
    headers = {} if kind is None else {"content-type": kind}
    answer = client.post("/api/v1/errors", content=json.dumps(REPORT), headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
    ],
)
def test_encodings(client: httpx.Client, encoding: str, encode: Any) -> None:
    """Compressed reports; a bomb is refused."""
    headers = {"content-encoding": encoding}
    body = encode(json.dumps(REPORT).encode())
    assert client.post("/api/v1/errors", content=body, headers=headers).status_code == 201
    bomb = encode(b" " * 20_000_000)
    assert_failure(client.post("/api/v1/errors", content=bomb, headers=headers), 413, "larger")


def test_chunked_requests(server: Server) -> None:
    """Without a Content-Length."""
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc)
    body = json.dumps(REPORT).encode()
    connection.request("POST", "/api/v1/errors", iter([body[:10], body[10:]]), encode_chunked=True)
    assert connection.getresponse().status == 201
    connection.close()


@pytest.mark.parametrize("path", ["/api/v1/errors", "/api/v1/errors/batch"])
def test_cors_for_any_origin(client: httpx.Client, path: str) -> None:
    """Preflights pass, answers and refusals can be read; HEAD is answered."""
    origin = {"Origin": "https://chat.example.com"}
    preflight = client.options(
        path,
        headers={
            **origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,authorization,x-app-id",
        },
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    for name in ("content-type", "authorization", "x-app-id", "content-encoding"):
        assert name in preflight.headers["access-control-allow-headers"]
    for answer in (
        client.post(path, json=REPORT, headers=origin),
        client.post(path, headers=origin),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "retry-after" in answer.headers["access-control-expose-headers"]
    assert client.head(path).status_code in {200, 204}


def test_batch(server: Server, client: httpx.Client) -> None:
    """One bad item never costs the others; results say which."""
    items: list[Any] = [REPORT, {"errorCode": "only"}, {**REPORT, "message": "second"}, 7]
    answer = client.post("/api/v1/errors/batch", json={"errors": items}, headers={"X-App-Id": "b"})
    assert answer.status_code == 201
    body = answer.json()
    assert {key: body[key] for key in ("success", "total", "succeeded", "failed")} == {
        "success": True,
        "total": 4,
        "succeeded": 2,
        "failed": 2,
    }
    good = [result["id"] for result in body["results"] if result["success"]]
    assert [stored(server, key)["message"] for key in good] == ["it broke", "second"]
    assert body["results"][1] == {"success": False, "error": "errorType: required"}
    assert body["results"][3]["success"] is False


def test_batch_limits(client: httpx.Client) -> None:
    """1,000 items, 10 MiB, 1 MiB an item: the large item alone is refused."""
    answer = client.post("/api/v1/errors/batch", json={"errors": [REPORT] * 1001})
    assert_failure(answer, 413, "1000")
    large = {**REPORT, "context": {"x": "y" * 1_100_000}}
    body = client.post("/api/v1/errors/batch", json={"errors": [REPORT, large]}).json()
    assert (body["succeeded"], body["failed"]) == (1, 1)
    assert_failure(
        client.post("/api/v1/errors/batch", json={"errors": [large] * 10}), 413, "larger"
    )
    assert client.post("/api/v1/errors/batch", json={"errors": []}).json()["total"] == 0


def test_idempotency_by_id(server: Server, client: httpx.Client) -> None:
    """A retry answers the same id and stores nothing twice."""
    for fields in ({}, {"occurredAt": datetime.now(UTC).isoformat()}):
        identifier = str(uuid.uuid4())
        assert send(client, id=identifier, **fields) == identifier
        stored(server, identifier)
        assert send(client, id=identifier, **fields) == identifier
        assert settled_count(server, client, identifier) == 1


def test_idempotency_by_key(server: Server, client: httpx.Client) -> None:
    """Per request, for single reports and batches."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = send(client, headers)
    stored(server, first)
    assert send(client, headers) == first
    batch = {"errors": [REPORT, REPORT]}
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    answers = [
        client.post("/api/v1/errors/batch", json=batch, headers=headers).json()["results"]
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert len({result["id"] for result in answers[0]}) == 2
    assert settled_count(server, client, first) == 1
    assert settled_count(server, client, answers[0][0]["id"]) == 1


def settled_count(server: Server, client: httpx.Client, identifier: str) -> int:
    """Rows with an id, once a later report has been stored."""
    stored(server, send(client))
    query = f"SELECT count(*) FROM error_logs.error_logs WHERE id = '{identifier}'"
    return int(server.psql(query))


# 3. Sanitising


def test_headers_and_body_fields_are_hidden(server: Server, client: httpx.Client) -> None:
    """The contract's names, at any depth, case and spelling; nothing reaches the disk."""
    secret = f"s3cr3t-{uuid.uuid4().hex}"
    headers = ["Authorization", "cookie", "X-API-Key", "api-key"]
    names = ["password", "token", "secret", "apikey", "api_key", "apiKey", "API-KEY", "accessToken"]
    row = stored(
        server,
        send(
            client,
            requestHeaders=dict.fromkeys(headers, secret) | {"accept": "*/*"},
            requestBody={"a": [{"b": dict.fromkeys(names, secret)}], "kept": "yes"},
        ),
    )
    assert secret not in json.dumps(row)
    assert row["request_headers"]["accept"] == "*/*"
    assert row["request_body"]["kept"] == "yes"
    assert set(row["request_body"]["a"][0]["b"]) == set(names)
    on_disk = [path for path in (server.data_dir / "spool").iterdir() if path.is_file()]
    assert on_disk
    assert all(secret.encode() not in path.read_bytes() for path in on_disk)


def test_secrets_by_pattern_in_every_string(server: Server, client: httpx.Client) -> None:
    """Bearer tokens, JWTs, private keys, card numbers, passwords in URLs."""
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
    secrets = ["abcdef0123456789abcdef", jwt, "MIIEowIBAAKCAQEA", "4111 1111 1111 1111", "hunter2"]
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"
    text = f"Bearer {secrets[0]} {jwt} {key} {secrets[3]} postgres://u:hunter2@db/x"
    row = stored(
        server,
        send(
            client,
            message=text,
            stackTrace=f"Error: {text}\n    at f (/a.js:1:1)",
            requestUrl="https://u:hunter2@h/x",
            context={"deep": [text]},
            userAgent=text,
        ),
    )
    assert all(secret not in json.dumps(row) for secret in secrets)


# 4. Fingerprint


def test_the_five_fields_make_the_fingerprint(server: Server, client: httpx.Client) -> None:
    """errorCode, errorType, appId, path of requestUrl without query, requestMethod; no other."""
    base: dict[str, Any] = {
        "errorCode": "A",
        "errorType": "B",
        "appId": "c",
        "requestUrl": "https://one.example.com/p?x=1",
        "requestMethod": "GET",
    }
    same = [{}, {"message": "other"}, {"requestUrl": "/p?x=2"}, {"severity": "info"}]
    fingerprints = {
        stored(server, send(client, **{**base, **change}))["fingerprint"] for change in same
    }
    assert len(fingerprints) == 1
    other = [
        {"errorCode": "A2"},
        {"errorType": "B2"},
        {"appId": "c2"},
        {"requestUrl": "/p2"},
        {"requestMethod": "POST"},
    ]
    fingerprints |= {
        stored(server, send(client, **{**base, **change}))["fingerprint"] for change in other
    }
    assert len(fingerprints) == 6
