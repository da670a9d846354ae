"""Secrets stay in the program."""

import json
import time
from pathlib import Path

import pytest

from mana_errors_sdk.scrub import MARKER, scrub_report, scrub_text

GOLDENS = json.loads(Path(__file__).parents[4].joinpath("protocol/scrub.json").read_text("utf-8"))


@pytest.mark.parametrize("case", GOLDENS, ids=lambda case: case["name"])
def test_golden(case):
    """protocol/scrub.json holds for this client."""
    report = scrub_report({"requestBody": case["input"]})
    assert report["requestBody"] == case["output"]


@pytest.mark.parametrize("case", GOLDENS, ids=lambda case: case["name"])
@pytest.mark.parametrize("field", ["context", "requestHeaders", "tags", "payload", "deviceInfo"])
def test_goldens_hold_in_every_object(case, field):
    """Also below the payload's own names."""
    value = case["input"] if field != "payload" else {"contexts": case["input"]}
    wanted = case["output"] if field != "payload" else {"contexts": case["output"]}
    assert scrub_report({field: value})[field] == wanted


SECRET = "x Bearer abc123def"
CLEAN = f"x Bearer {MARKER}"


@pytest.mark.parametrize(
    "field",
    ["message", "stackTrace", "errorCode", "errorType", "requestUrl", "userAgent", "userId"],
)
def test_every_text_is_searched(field):
    """No string of a report is left out, but for what routes it."""
    assert scrub_report({field: SECRET})[field] == CLEAN
    assert scrub_report({"appId": SECRET, "id": SECRET}) == {"appId": SECRET, "id": SECRET}


def test_exceptions_breadcrumbs_and_variables():
    """Where the payload has the program's words and values."""
    payload = {
        "exceptions": [{
            "type": "E", "value": SECRET, "mechanism": {},
            "frames": [{"function": "token", "vars": {"password": "'pw'", "note": SECRET}}],
        }],
        "breadcrumbs": [{"at": "", "message": SECRET, "data": {"token": "t", "n": 1}}],
    }  # fmt: skip
    clean = scrub_report({"payload": payload})["payload"]
    assert clean["exceptions"][0]["value"] == CLEAN
    frame = clean["exceptions"][0]["frames"][0]
    assert frame == {"function": "token", "vars": {"password": MARKER, "note": CLEAN}}
    assert clean["breadcrumbs"] == [{"at": "", "message": CLEAN, "data": {"token": MARKER, "n": 1}}]


def test_what_is_hidden_in_one_place_is_hidden_everywhere():
    """The server could not find it any more."""
    report = {
        "requestBody": {"password": "hunter2-long"},
        "requestHeaders": {"cookie": "theme=dark; sid=s3ss10n-1d"},
        "message": "no login for hunter2-long",
        "stackTrace": "ValueError: no login for hunter2-long",
        "payload": {"breadcrumbs": [{"message": "POST s3ss10n-1d"}]},
    }
    encoded = json.dumps(scrub_report(report))
    assert "hunter2" not in encoded
    assert "s3ss10n" not in encoded


def test_nothing_is_changed_in_place():
    """Frames and scopes are shared between reports."""
    report = {"context": {"token": "t", "deep": [{"password": "p"}]}, "message": SECRET}
    before = json.dumps(report)
    scrub_report(report)
    assert json.dumps(report) == before


HOSTILE = {
    "names": "pass" * 5000,
    "pairs": "password=x " * 2000,
    "stems": "password " * 3000,
    "jwt": "eyJ" * 10_000,
    "jwts": "eyJhbGciOi." * 3000,
    "dots": "." * 30_000,
    "urls": "a://b:" * 5000,
    "ats": "a://" + ":@" * 10_000,
    "digits": "4" * 30_000,
    "groups": "4111 " * 6000,
    "spaces": "bearer" + " " * 30_000,
    "quotes": "password='" + "\\'" * 10_000,
    "begins": "-----BEGIN PRIVATE KEY-----" * 1000,
    "labels": "-----BEGIN " + "A" * 30_000,
    "keys": "sk-" * 10_000,
    "brackets": "token=" + "[" * 30_000,
    "backslashes": "token" + "\\" * 30_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_costs_no_more_than_its_length(name):
    """Twice the text, about twice the steps: a request body may be written by anybody. Ten times
    would be quadratic; the bound leaves room for a busy machine."""
    text = HOSTILE[name]
    short, long = _cost(text[: len(text) // 4]), _cost(text)
    assert long < 10 * short + 0.05


def _cost(text):
    best = []
    for _ in range(3):
        began = time.process_time()
        scrub_text(text)
        best.append(time.process_time() - began)
    return min(best)
