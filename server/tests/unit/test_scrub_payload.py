"""Scrubbing of what is structured: frames, breadcrumbs, requests, users; and each app's rules."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from mana_errors.ingest.scrub import MARKER, RuleSet, scrub
from mana_errors.ingest.scrub.rules import compile_rules
from mana_errors.model.app import AppSettings, KnownApp
from mana_errors.model.event import Event

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVENT = Event(UUID(int=1), NOW, NOW, "chat", "E1", "Error", "boom")
SECRET = "hunter2-is-my-word"


def cleaned(rules: AppSettings | None = None, **fields: Any) -> Event:
    event = msgspec.structs.replace(EVENT, **fields)
    return scrub(event, compile_rules(rules or AppSettings()))


def frame(**values: Any) -> dict[str, Any]:
    return {"exceptions": [{"type": "E", "frames": [{"file": "a.py", "vars": values}]}]}


@pytest.mark.parametrize(
    "payload",
    [
        frame(password=SECRET),
        frame(form={"items": [{"api_key": SECRET}]}),
        frame(config=f"{{'password': '{SECRET}'}}"),
        frame(url=f"postgres://ann:{SECRET}@db/shop"),
        {"threads": [{"frames": [{"vars": {"token": SECRET}}]}]},
        {"frames": [{"vars": {"secret": SECRET}}]},
        {"frames": [{"contextLine": f"password = '{SECRET}'"}]},
        {"breadcrumbs": [{"data": {"headers": [["Authorization", SECRET]]}}]},
        {"breadcrumbs": [{"message": f"login?token={SECRET}"}]},
        {"request": {"cookies": {"sessionid": SECRET}}},
        {"request": {"query": f"a=1&access_token={SECRET}"}},
        {"contexts": {"form": {"fields": [{"name": "password", "value": SECRET}]}}},
        {"contexts": {"deep": {"a": [[["x-api-key", SECRET]]]}}},
        {"logEntry": {"template": "login with token=%s", "params": [f"token={SECRET}"]}},
    ],
)
def test_secrets_in_every_corner_are_hidden(payload: dict[str, Any]) -> None:
    """By name and by pattern."""
    clean = msgspec.json.encode(cleaned(payload=payload).payload).decode()
    assert SECRET not in clean
    assert MARKER in clean


def test_a_hidden_value_is_hidden_wherever_it_stands() -> None:
    """The form's password is also in a variable, a breadcrumb, the message and the stack."""
    event = cleaned(
        request_body={"password": SECRET},
        message=f"no user with {SECRET}",
        stack_trace=f'File "a.py"\n  check("{SECRET}")',
        tags={"last": SECRET},
        payload=frame(arg1=f"'{SECRET}'", harmless="kept") | {"breadcrumbs": [{"message": SECRET}]},
    )
    assert SECRET not in msgspec.json.encode(event).decode()
    assert event.payload is not None
    assert event.payload["exceptions"][0]["frames"][0]["vars"]["harmless"] == "kept"


@pytest.mark.parametrize("value", ["no", "12345", "admin", "staging"])
def test_short_values_and_words_stay_elsewhere(value: str) -> None:
    """They stand in too many innocent places."""
    event = cleaned(request_body={"password": value}, message=f"it says {value}")
    assert event.message == f"it says {value}"


def test_frames_keep_their_own_names() -> None:
    """`module` and `function` are no fields of a form, whatever they are called."""
    payload = {
        "exceptions": [{"frames": [{"file": "secrets.py", "function": "token", "module": "auth"}]}],
        "modules": {"tokenize-rt": "5.0", "secret-service": "1"},
    }
    assert cleaned(payload=payload).payload == payload


def test_addresses_of_clients_are_hidden_unless_an_app_wants_them() -> None:
    """Those of servers in messages stay."""
    fields: dict[str, Any] = {
        "message": "connect 10.0.0.5:5432",
        "request_headers": {"X-Forwarded-For": "203.0.113.7", "Accept": "*/*"},
        "payload": {
            "user": {"id": "u", "ip": "203.0.113.7"},
            "request": {"env": {"REMOTE_ADDR": "203.0.113.7", "SERVER_NAME": "web"}},
            "contexts": {"span": {"client.address": "203.0.113.7"}},
        },
    }
    clean = cleaned(**fields)
    assert "203.0.113.7" not in msgspec.json.encode(clean).decode()
    assert "10.0.0.5" in clean.message
    kept = cleaned(AppSettings(hide_addresses=False), **fields)
    assert (kept.payload, kept.request_headers) == (fields["payload"], fields["request_headers"])


def test_a_clients_address_is_hidden_wherever_it_stands() -> None:
    """As any hidden value is; those of machines and longer ones stay."""
    event = cleaned(
        request_headers={"Forwarded": 'for="[2001:db8::17]:4711";proto=https, for=10.0.0.5'},
        message="203.0.113.7 got 1203.0.113.7, 203.0.113.70 and 10.0.0.5; 2001:db8::17 none",
        tags={"ip": "203.0.113.7"},
        context={"2001:db8::17": "seen"},
        payload={"user": {"ip": "203.0.113.7"}, "breadcrumbs": [{"message": "ping 203.0.113.7."}]},
    )
    assert event.message == (f"{MARKER} got 1203.0.113.7, 203.0.113.70 and 10.0.0.5; {MARKER} none")
    assert (event.tags, event.context) == ({"ip": MARKER}, {MARKER: "seen"})
    assert event.payload is not None
    assert event.payload["breadcrumbs"] == [{"message": f"ping {MARKER}."}]


@pytest.mark.parametrize("placeholder", ["[Filtered]", "Filtered", "[REDACTED]"])
def test_what_an_sdk_hid_itself_is_no_secret_elsewhere(placeholder: str) -> None:
    """Its placeholder is a word of the language, too."""
    event = cleaned(
        request_headers={"Authorization": placeholder},
        request_url=f"https://shop.example/?token={placeholder}&a=1",
        message=f"{placeholder} products",
    )
    assert event.message == f"{placeholder} products"
    assert event.request_url == f"https://shop.example/?token={placeholder}&a=1"
    assert event.request_headers == {"Authorization": MARKER}


def test_e_mail_addresses_are_hidden_for_apps_that_say_so() -> None:
    """Wherever they stand."""
    fields: dict[str, Any] = {
        "message": "no account for ann@example.org",
        "payload": {"user": {"email": "ann@example.org"}},
    }
    assert cleaned(**fields).message == fields["message"]
    clean = cleaned(AppSettings(hide_emails=True), **fields)
    assert clean.message == f"no account for {MARKER}"
    assert clean.payload == {"user": {"email": MARKER}}


def test_an_app_knows_its_own_names() -> None:
    """Extra ones, and harmless ones; a name that is both is secret."""
    rules = AppSettings(
        secret_names=("patient*", "session"), safe_names=("sessionToken", "session")
    )
    context = {"patientName": "Ann Smith", "sessionToken": "blue", "session": "x", "token": "y"}
    assert cleaned(rules, context=context).context == {
        "patientName": MARKER,
        "sessionToken": "blue",
        "session": MARKER,
        "token": MARKER,
    }


def test_rules_are_compiled_once() -> None:
    """A new directory brings new objects that say the same."""
    rules = RuleSet()
    first = rules.of(KnownApp("a", 1, AppSettings(secret_names=("x",))))
    assert rules.of(KnownApp("a", 1, AppSettings(secret_names=("x",)))) is first
    assert rules.of(KnownApp("a", 1, AppSettings(secret_names=("y",)))) is not first
