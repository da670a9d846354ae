"""Captured -> encoded report: the stages that run in the worker, in order."""

from __future__ import annotations

import copy
import json
from typing import Final, List, Optional

from mana_errors_sdk import drops
from mana_errors_sdk.captured import Captured
from mana_errors_sdk.options import BeforeSend, Options
from mana_errors_sdk.report import build_report
from mana_errors_sdk.scrub import scrub_report
from mana_errors_sdk.values import JsonObject

# The server takes 1 MiB; a bit less, so that nothing depends on the last byte.
MAX_REPORT_BYTES: Final = 1_000_000


class Dropped(Exception):
    """The report is not sent; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def prepare(captured: Captured, options: Options) -> bytes:
    """The report as it is sent. Raises Dropped."""
    report = build_report(captured, options)
    report = ask(options.before_send, report)
    report = scrub_report(report)
    return encode(report)


def ask(before_send: Optional[BeforeSend], report: JsonObject) -> JsonObject:
    """The report as the program wants it, which may change all but id and time. Raises Dropped."""
    if before_send is None:
        return report
    # Frames are shared between reports.
    wanted: object = before_send(copy.deepcopy(report))
    if not isinstance(wanted, dict):
        raise Dropped(drops.BEFORE_SEND)
    return {**wanted, "id": report["id"], "occurredAt": report["occurredAt"]}


def encode(report: JsonObject) -> bytes:
    """JSON of at most MAX_REPORT_BYTES; what tells least goes first. Raises Dropped."""
    encoded = _dump(report)
    for names in (("vars",), ("preContext", "postContext")):
        if len(encoded) <= MAX_REPORT_BYTES:
            return encoded
        report = _without(report, names)
        encoded = _dump(report)
    if len(encoded) > MAX_REPORT_BYTES:
        raise Dropped(drops.TOO_LARGE)
    return encoded


def _dump(report: JsonObject) -> bytes:
    # What before_send put there may be no JSON.
    return json.dumps(report, separators=(",", ":"), default=str).encode("ascii")


def _without(report: JsonObject, names: tuple[str, ...]) -> JsonObject:
    payload: JsonObject = report.get("payload") or {}
    exceptions: List[JsonObject] = payload.get("exceptions") or []
    smaller = [
        {
            **exception,
            "frames": [
                {name: value for name, value in frame.items() if name not in names}
                for frame in exception.get("frames", ())
            ],
        }
        for exception in exceptions
    ]
    return {**report, "payload": {**payload, "exceptions": smaller}}
