"""Sentry's events as SDKs of many languages send them -> reports, as docs/mapping.md says."""

import json
from typing import Any

import pytest

from mana_errors.ingest.report import Report
from mana_errors.ingest.sentry.event import read_event
from mana_errors.model.event import Severity, SourceType

MINUTE = "2026-11-25T18:59:39"


def read(**event: Any) -> Report:
    return read_event(json.dumps(event).encode(), event_id=None, address="203.0.113.7")


def thrown(**fields: Any) -> dict[str, Any]:
    return {"exception": {"values": [{"type": "Error", "value": "x", **fields}]}}


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (
            {**thrown(), "contexts": {"node_system_error": {"errno": -2, "code": "ENOENT"}}},
            "ENOENT",
        ),
        (thrown(mechanism={"meta": {"errno": {"number": 2, "name": "ENOENT"}}}), "ENOENT"),
        (thrown(mechanism={"meta": {"signal": {"number": 11, "name": "SIGSEGV"}}}), "SIGSEGV"),
        ({**thrown(), "contexts": {"Error": {"code": "P2002"}}}, "P2002"),
        (thrown(mechanism={"data": {"code": 1045}}), "1045"),
        # sentry-php sends the code of every exception, which is 0 for most
        (thrown(mechanism={"data": {"code": 0}}), "Error"),
        ({**thrown(), "tags": [["code", "CART_EMPTY"]]}, "CART_EMPTY"),
        (thrown(), "Error"),
    ],
)
def test_codes_are_found_where_sdks_put_them(event: dict[str, Any], code: str) -> None:
    """Else the type is the code."""
    assert read(**event).error_code == code


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        (thrown(), "Error", "x"),
        ({"exception": [{"type": "A"}, {"type": "B", "value": "last"}]}, "B", "last"),
        ({"exception": {"type": "A", "value": "alone"}}, "A", "alone"),
        ({"exception": {"values": {"type": "A", "value": "alone"}}}, "A", "alone"),
        ({"exception": {"values": None}, "message": "m"}, "Message", "m"),
        ({"exception": {"values": [None, {"type": "A", "value": None}]}}, "A", ""),
        (thrown(type=None), "Error", "x"),
        (thrown(type=500, value={"a": 1}), "500", '{"a":1}'),
        ({"logentry": {"formatted": "F", "message": "M %s", "params": ["x"]}}, "Message", "F"),
        ({"logentry": {"message": "%s of %(n)s", "params": {"n": 3}}}, "Message", "%s of 3"),
        ({"logentry": {"message": None, "formatted": ""}, "message": "m"}, "Message", "m"),
        ({"message": {"message": "pay {} of {}", "params": [1, 2]}}, "Message", "pay 1 of 2"),
        ({"threads": {"values": [{"crashed": True}]}, "level": "fatal"}, "Crash", ""),
        ({"threads": [{"crashed": True}], "message": "m"}, "Message", "m"),
        ({"threads": [{"crashed": False, "current": True}]}, "Message", ""),
        ({}, "Message", ""),
    ],
)  # fmt: skip
def test_type_and_message(event: dict[str, Any], kind: str, message: str) -> None:
    """Of the last exception, else of the message, in every shape that SDKs and ravens have."""
    report = read(**event)
    assert (report.error_type, report.message) == (kind, message)


JS = {"platform": "javascript"}


@pytest.mark.parametrize(
    ("event", "source"),
    [
        (JS, SourceType.FRONTEND_WEB),
        ({**JS, "sdk": {"name": "sentry.javascript.react-native"}}, SourceType.FRONTEND_MOBILE),
        ({**JS, "contexts": {"runtime": {"name": "cloudflare"}}}, SourceType.BACKEND),
        ({**JS, "contexts": {"runtime": {"name": "Deno"}}}, SourceType.BACKEND),
        ({"platform": "node"}, SourceType.BACKEND),
        ({"platform": "cocoa"}, SourceType.FRONTEND_MOBILE),
        ({"platform": "csharp"}, SourceType.BACKEND),
        ({"platform": "csharp", "contexts": {"os": {"name": "Android 14 (API 34)"}}},
         SourceType.FRONTEND_MOBILE),
        ({"platform": "other", "sdk": {"name": "sentry.dart.flutter"}}, SourceType.FRONTEND_MOBILE),
        ({"platform": "native", "contexts": {"os": {"name": "iOS"}}}, SourceType.FRONTEND_MOBILE),
        ({"platform": "native", "sdk": {"name": "sentry.rust"}}, SourceType.BACKEND),
        ({"platform": "native", "contexts": {"os": {"name": "Linux"}}}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_where_an_app_runs(event: dict[str, Any], source: SourceType | None) -> None:
    """By SDK, runtime, system and platform, as far as they tell."""
    assert read(**event).source_type == source


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": {"password": "x"}}', {"a": {"password": "x"}}),
        ('{"a": "cut off', {"body": '{"a": "cut off'}),
        ("a=1&b=2", {"body": "a=1&b=2"}),
        ([1, 2], {"body": [1, 2]}),
        ("", None),
    ],
)
def test_bodies_of_requests(body: object, stored: dict[str, Any] | None) -> None:
    """Objects, from JSON as well: fields are scrubbed by name and found by path."""
    assert read(request={"url": "/x", "data": body}).request_body == stored


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        (f"{MINUTE}.378Z", f"{MINUTE}.378000+00:00"),
        (f"{MINUTE}.123456789Z", f"{MINUTE}.123456+00:00"),
        ("2026-11-25T20:59:39.5+02:00", f"{MINUTE}.500000+00:00"),
        ("2026-11-25T20:59:39+0200", f"{MINUTE}+00:00"),
        ("2026-11-25 18:59:39", f"{MINUTE}+00:00"),
        (1795633179, f"{MINUTE}+00:00"),
        (1795633179.5, f"{MINUTE}.500000+00:00"),
        (1795633179378, f"{MINUTE}.378000+00:00"),
        ("1795633179.5", f"{MINUTE}.500000+00:00"),
        ("yesterday", None),
        (-1, None),
        (True, None),
        ([], None),
    ],
)
def test_times(said: object, iso: str | None) -> None:
    """RFC 3339 of any precision, seconds, milliseconds; what is no time is left out."""
    assert read(timestamp=said).occurred_at == iso


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        ("FATAL", Severity.CRITICAL),
        ("log", Severity.INFO),
        (40, Severity.ERROR),
        ("50", Severity.CRITICAL),
        (None, Severity.ERROR),
        ("sample", Severity.ERROR),
    ],
)
def test_levels(level: object, severity: Severity) -> None:
    """Names in any letter case, Python's numbers; error where there is none that is known."""
    assert read(level=level).severity == severity


def test_an_event_of_nulls_is_an_event() -> None:
    """Every field that SDKs in Go, C# and Dart write as null."""
    names = "event_id timestamp platform level logger transaction server_name release dist user sdk"
    more = "environment modules extra fingerprint exception threads breadcrumbs request tags"
    rest = "contexts debug_meta logentry message _meta stacktrace culprit"
    nulls = dict.fromkeys(f"{names} {more} {rest}".split())
    report = read(**nulls)
    assert (report.error_type, report.payload, report.tags) == ("Message", None, None)
