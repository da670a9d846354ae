"""Who met an error: tokens, the users table and deletion, on a running server."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import jwt
import pytest

from harness import Cluster, Server, wait_until
from issuer import (
    AUDIENCE,
    ISSUER,
    KeyServer,
    SigningKey,
    authorization,
    claims,
    key_server,
    send,
)

SECRET = "a shared secret of 32 bytes or so"
ANN = str(uuid4())


@pytest.fixture(scope="module")
def key() -> SigningKey:
    """The auth service's."""
    return SigningKey()


@pytest.fixture(scope="module")
def served(key: SigningKey) -> Iterator[KeyServer]:
    """The auth service's key server."""
    with key_server() as running:
        running.keys = [key.jwk()]
        yield running


@pytest.fixture(scope="module")
def dsn(cluster: Cluster, template: str) -> Iterator[str]:
    """A database that an auth service shares with us."""
    made = cluster.create(template)
    yield made
    cluster.drop(made)


@pytest.fixture(scope="module")
def family(
    dsn: str, served: KeyServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that knows its users."""
    environ = {
        "DATABASE_URL": dsn, "MANA_ERRORS_JWKS_URL": served.url, "MANA_ERRORS_JWT_SECRET": SECRET,
        "MANA_ERRORS_JWT_ISSUER": ISSUER, "MANA_ERRORS_JWT_AUDIENCE": AUDIENCE,
        "MANA_ERRORS_USERS_TABLE": "auth.users",
    }  # fmt: skip
    server = Server(tmp_path_factory.mktemp("family") / "data", environ)
    server.psql(f"CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid PRIMARY KEY); "
                f"INSERT INTO auth.users VALUES ('{ANN}')")  # fmt: skip
    try:
        yield server.start()
    finally:
        server.clean_up()


def report(server: Server, token: bytes | None = None, **fields: Any) -> tuple[Any, Any]:
    """Send an error; the user and the context that are stored."""
    body = {"errorCode": "CODE", "errorType": "TypeError", "message": "it broke", "appId": "chat"}
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["authorization"] = authorization(token).decode()
    request = urllib.request.Request(
        f"{server.base_url}/api/v1/errors", json.dumps(body | fields).encode(), headers
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201
        event = json.load(answer)["id"]
    columns = "json_build_array(user_id, context)"
    sql = f"SELECT {columns} FROM error_logs.error_logs WHERE id = '{event}'"
    user, context = json.loads(wait_until(lambda: server.psql(sql), "the event"))
    return user, context


def test_a_token_names_the_user_and_beats_the_body(family: Server, key: SigningKey) -> None:
    token = key.token(sub=ANN)
    wait_until(lambda: report(family, token)[0] == ANN, "the key set")
    assert report(family, token, userId="somebody else") == (ANN, {})
    shared = jwt.encode(claims(sub=ANN), SECRET).encode()
    assert report(family, shared) == (ANN, {})


@pytest.mark.parametrize("changes", [{"exp": 1}, {"aud": "billing"}, {"iss": "evil"}, {"sub": ""}])
def test_a_token_that_proves_nothing_leaves_what_the_body_says(
    family: Server, key: SigningKey, changes: dict[str, Any]
) -> None:
    """The report is accepted all the same."""
    assert report(family, key.token(**{"sub": ANN} | changes)) == (None, {})
    assert report(family, b"garbage", userId=ANN) == (ANN, {})


def test_a_user_who_does_not_exist_is_kept_in_context(family: Server, key: SigningKey) -> None:
    stranger = str(uuid4())
    context = {"reportedUserId": stranger}
    assert report(family, userId=stranger) == (None, context)
    assert report(family, key.token(sub=stranger), context={"a": 1}) == (None, context | {"a": 1})


def test_metrics_count_what_tokens_proved(family: Server, key: SigningKey) -> None:
    report(family, key.token(exp=1, sid="metrics"))

    def counted() -> bool:
        with urllib.request.urlopen(f"{family.base_url}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        return 'mana_errors_bearer_tokens_total{result="expired"}' in text

    wait_until(counted, "the count")


def test_no_token_and_no_secret_is_logged(family: Server, key: SigningKey) -> None:
    token = key.token(sub=ANN, sid="log")
    report(family, token)
    report(family, token + b"x")
    log = family.log_path.read_text()
    assert token.decode().split(".")[2] not in log
    assert SECRET not in log


def test_deleting_a_user_takes_them_from_their_events(family: Server) -> None:
    """Within retention's interval; a fresh server begins with it."""
    user = str(uuid4())
    family.psql(f"INSERT INTO auth.users VALUES ('{user}')")
    code = uuid4().hex
    assert report(family, userId=user, errorCode=code) == (user, {})
    family.psql(f"DELETE FROM auth.users WHERE id = '{user}'")
    left = f"SELECT count(user_id) FROM error_logs.error_logs WHERE error_code = '{code}'"
    assert family.psql(left) == "1"
    family.stop()
    family.start()
    wait_until(lambda: family.psql(left) == "0", "retention")


def findings(server: Server) -> dict[str, Any]:
    """What doctor said, by check."""
    items = json.loads(server.cli("doctor", "--json").stdout)["items"]
    return {item["check"]: item for item in items}


def test_doctor_looks_at_both(family: Server) -> None:
    found = findings(family)
    assert found["key set"]["verdict"] == "ok"
    assert found["users table"]["verdict"] == "ok"


def test_doctor_says_what_is_wrong_with_either(
    migrated_dsn: str, served: KeyServer, start_server: Callable[..., Server]
) -> None:
    environ = {
        "DATABASE_URL": migrated_dsn, "MANA_ERRORS_USERS_TABLE": "people",
        "MANA_ERRORS_JWKS_URL": served.url,
    }  # fmt: skip
    server = start_server(start=False, **environ)
    served.instead = lambda request: send(request, 404, b"")
    try:
        found = findings(server)
    finally:
        served.instead = None
    assert found["key set"]["verdict"] == "fail"
    assert "404" in found["key set"]["detail"]
    assert found["users table"]["verdict"] == "fail"
    assert "GRANT SELECT (id)" in found["users table"]["advice"]
    server.psql("CREATE TABLE people (id text)")
    assert findings(server)["users table"]["verdict"] == "warn"
