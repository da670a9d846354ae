# ruff: noqa: SIM905 - lists of names read as text
"""Scrubbing: what is a secret, what is none, and where it is looked for."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from mana_errors.ingest.scrub import MARKER, scrub
from mana_errors.ingest.scrub.names import VERDICTS, is_secret_name
from mana_errors.model.event import Event

GOLDENS = json.loads(Path(__file__).parents[3].joinpath("protocol/scrub.json").read_text("utf-8"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = Event(
    id=UUID(int=1),
    occurred_at=NOW,
    received_at=NOW,
    app_id="chat",
    error_code="E1",
    error_type="Error",
    message="boom",
)
TEXT_FIELDS = (
    "error_code error_type message stack_trace service_name user_id session_id request_url "
    "request_method client_fingerprint user_agent release environment"
).split()
OBJECT_FIELDS = (
    "request_headers request_body context browser_info device_info notes tags payload"
).split()


def event(**fields: Any) -> Event:
    return msgspec.structs.replace(EVENT, **fields)


@pytest.mark.parametrize("case", GOLDENS, ids=lambda case: case["name"])
def test_golden(case: dict[str, Any]) -> None:
    """protocol/scrub.json holds for the server."""
    assert scrub(event(request_body=case["input"])).request_body == case["output"]


@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_every_text_field_is_searched(field: str) -> None:
    """No string of the event is left out."""
    assert getattr(scrub(event(**{field: "x Bearer abc123def"})), field) == f"x Bearer {MARKER}"


@pytest.mark.parametrize("field", OBJECT_FIELDS)
def test_every_object_field_is_searched_by_name_and_by_pattern(field: str) -> None:
    """No object of the event is left out, nor its lists, nor its keys."""
    value = {"a": [{"password": "p"}, "Bearer abc123def"], "k AKIAIOSFODNN7EXAMPLE": 1}
    expected = {"a": [{"password": MARKER}, f"Bearer {MARKER}"], f"k {MARKER}": 1}
    assert getattr(scrub(event(**{field: value})), field) == expected


def test_new_fields_of_an_event_are_not_forgotten() -> None:
    """A field added to Event must be scrubbed or named here as holding no stranger's text."""
    safe = {
        "id", "occurred_at", "received_at", "app_id", "protocol", "severity", "source_type",
        "response_status_code", "resendable", "dated",
    }  # fmt: skip
    assert safe | {*TEXT_FIELDS} | {*OBJECT_FIELDS} == set(Event.__struct_fields__)


def test_what_routes_an_event_stays() -> None:
    """id and app_id are never changed."""
    before = event(app_id="AKIAIOSFODNN7EXAMPLE", message="AKIAIOSFODNN7EXAMPLE")
    after = scrub(before)
    assert (after.id, after.app_id, after.message) == (before.id, before.app_id, MARKER)


def test_an_event_without_secrets_is_the_same_object() -> None:
    """Nothing is copied where nothing is hidden."""
    before = event(context={"a": [1, {"b": None}], "user": "ann"}, stack_trace="at f (a.js:1:2)")
    assert scrub(before) is before


def test_the_given_event_is_not_changed() -> None:
    """Scrubbing copies what it changes, and only that."""
    body = {"password": "p", "deep": {"kept": [1]}}
    before = event(request_body=body)
    after = scrub(before)
    assert body["password"] == "p"
    assert after.request_body is not None
    assert after.request_body["deep"] is body["deep"]


@pytest.mark.parametrize("before", ["\n", "\t", "\x1b", "\x01", '"', "\\", "ä"])
def test_a_secret_behind_an_escaped_character_is_found(before: str) -> None:
    """JSON writes some characters as letters and digits, which must not hide a secret."""
    for secret in (
        "Bearer abc123def",
        "sk-abcdefghijklmnopqrstuvwx",
        "4111111111111111",
        "sid=ab1",
    ):
        clean = scrub(event(message=before + secret)).message
        assert clean.endswith(MARKER)


def test_long_keys_are_not_remembered() -> None:
    """The memory of names is bounded in what a stranger can put there."""
    name = "k" * 1000 + "_password"
    assert scrub(event(context={name: "p"})).context == {name: MARKER}
    assert name not in VERDICTS


def test_the_memory_of_names_is_bounded() -> None:
    """A flood of new names costs no more memory than a fixed number of them."""
    for index in range(20_000):
        assert not VERDICTS[f"n{index}"]
    assert len(VERDICTS) <= 8192


SECRET_NAMES = """
password Password PASSWORD pAsSwOrD user_password userPassword user-password passwordConfirm
password_confirmation passwordconfirm newPassword password2 token accessToken access_token
ACCESS_TOKEN refresh-token idToken X-CSRF-Token x-auth-token secret client_secret clientSecret
secretKey apikey apiKey APIKey api_key API-KEY x-api-key X-Api-Key Authorization
proxy-authorization Cookie set-cookie passwd pwd db_pass smtpPass passphrase credentials
private_key privateKey sessionid session_id sid connect.sid PHPSESSID csrf xsrfToken jwt bearer otp
cvv cvc cardNumber card_number iban ssn access_key accessKeyId aws_secret_access_key
user_pAsSwOrD auth pin authToken dbpassword tokens refreshTokens tokenHash
""".split()
HARMLESS_NAMES = """
tokenCount secretary tokens_used token_count maxTokens promptTokens total_tokens TokenExpiredError
JsonWebTokenError passwordless password_expires_at passwordPolicy token_type author authority
authProvider compass bypass passed passCount inside design company key keys id user message
tokenizer cookieEnabled session pinned monkey keyboard hostname accept pinterest
""".split()


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_secret_name(name: str) -> None:
    """The contract's names and common ones, in any case, with any separator, as part of a name."""
    assert is_secret_name(name)


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_harmless_name(name: str) -> None:
    """Names that only contain such letters, or are about a secret without being one."""
    assert not is_secret_name(name)


HOSTILE = {
    "pairs": "password=x ",
    "headers": "cookie: x\n",
    "quotes": "password='\\",
    "basic": "basic x1x1x1 ",
    "cards": "4111-",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_takes_too_long_is_hidden_unseen(piece: str) -> None:
    """A mebibyte of findings costs one string, not seconds; what is beside it stays."""
    long = piece * (1_000_000 // len(piece))
    clean = scrub(event(error_code="E7", message=long, context={"kept": "as it is"}))
    assert clean.message == MARKER
    assert (clean.error_code, clean.context) == ("E7", {"kept": "as it is"})


@pytest.mark.parametrize(
    "body",
    [
        {f"k{n}": "password=hunter2" for n in range(40_000)},
        {"list": ["password=hunter2"] * 40_000},
        {"list": [{"a": {"password": "hunter2"}}] * 40_000},
    ],
    ids=["fields", "strings", "objects"],
)
def test_too_many_places_are_hidden_unseen(body: dict[str, Any]) -> None:
    """Nor do many short ones, and no secret is left among those that were not looked at."""
    clean = scrub(event(request_body=body))
    assert "hunter2" not in json.dumps(clean.request_body)
    assert clean.message == "boom"


def test_honest_reports_stay_far_below_the_limit_of_effort() -> None:
    """A stack of 500 frames, a body of 1,000 fields and 200 secrets are scrubbed one by one."""
    text = "\n".join(f"at f{n} (/a/b{n}.js?token=x{n}:1:1)" for n in range(200))
    body = {f"field{n}": f"value {n}" for n in range(1000)}
    clean = scrub(event(stack_trace=text, request_body=body | {"note": "password=a"}))
    assert clean.stack_trace is not None
    assert clean.stack_trace.count(MARKER) == 200
    assert clean.request_body == body | {"note": f"password={MARKER}"}
