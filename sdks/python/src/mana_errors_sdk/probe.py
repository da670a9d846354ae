"""One event straight to the server, and its answer in a sentence."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple, NoReturn, cast

from mana_errors_sdk.captured import Captured, Mechanism
from mana_errors_sdk.delivery import encode_batch
from mana_errors_sdk.ids import uuid7
from mana_errors_sdk.options import Options
from mana_errors_sdk.prepare import prepare
from mana_errors_sdk.scope import Root
from mana_errors_sdk.snapshot import take_snapshot
from mana_errors_sdk.transport import Answer, NotDelivered, Transport


class Outcome(NamedTuple):
    """What became of the event."""

    succeeded: bool
    said: str


class TestEvent(Exception):
    """Sent by `mana-errors-sdk test`; nothing is wrong."""

    __test__ = False  # no test case, whatever it is called


def probe(options: Options) -> Outcome:
    """Send a TestEvent and say what came back."""
    captured = _captured()
    transport = Transport(options)
    try:
        answer = transport.post(encode_batch([prepare(captured, options)], {}, options.app_id))
    except NotDelivered as error:
        return Outcome(succeeded=False, said=f"no answer from {options.url}: {error}")
    finally:
        transport.close()
    return _outcome(answer, captured.id, options)


def _captured() -> Captured:
    millis = time.time_ns() // 1_000_000
    try:
        _fail()
    except TestEvent as error:
        raised = take_snapshot(error)
    fields = {"severity": "info"}
    return Captured(uuid7(millis), millis, fields, Root().state(), Mechanism(), raised)


def _fail() -> NoReturn:
    raise TestEvent("mana-errors-sdk test: this event arrived")


def _outcome(answer: Answer, identifier: str, options: Options) -> Outcome:
    said = _read(answer.body)
    results = cast("list[dict[str, Any]]", said.get("results") or [{}])
    if said.get("success") is True and said.get("failed") == 0:
        took = f"{options.url} took event {identifier}"
        if results[0].get("filtered"):
            took += ", but the filters of the app do not want it: it is not stored"
        return Outcome(succeeded=True, said=took)
    reason = results[0].get("error") or said.get("error") or "this is no Mana Errors"
    return Outcome(succeeded=False, said=f"{options.url} answered HTTP {answer.status}: {reason}")


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}
