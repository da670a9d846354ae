"""Captured -> report: the contract's fields, and the payload of docs/mapping.md. In the worker."""

from __future__ import annotations

import os
import platform
import socket
import sys
from datetime import datetime, timezone
from functools import lru_cache
from typing import Final, List, Optional

from mana_errors_sdk.captured import Captured, Mechanism
from mana_errors_sdk.frames import frame_of
from mana_errors_sdk.options import Options
from mana_errors_sdk.scope import ScopeState
from mana_errors_sdk.snapshot import Raised
from mana_errors_sdk.text import stack_text
from mana_errors_sdk.values import JsonObject, cut
from mana_errors_sdk.version import __version__

SDK: Final = {"name": "mana-errors-sdk", "version": __version__}


def build_report(captured: Captured, options: Options) -> JsonObject:
    """The whole report; what the caller said beats what is derived."""
    report: JsonObject = {
        "id": captured.id,
        "occurredAt": _iso(captured.millis),
        "severity": "error",
        "sourceType": "backend",
        "environment": options.environment,
        "appId": options.app_id,
        "serviceName": options.service_name,
        "release": options.release,
        "payload": _payload(captured),
    }
    if captured.raised is not None:
        report.update(_of_exception(captured.raised))
    report.update(_of_scope(captured.scope))
    for name, value in captured.fields.items():
        said = report.get(name)
        report[name] = {**said, **value} if isinstance(said, dict) else value
    return _complete({name: value for name, value in report.items() if value is not None})


def _iso(millis: int) -> str:
    return f"{_iso_second(millis // 1000)}.{millis % 1000:03d}Z"


# The breadcrumbs of an event are of few seconds, and the next event has the same.
@lru_cache(1024)
def _iso_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def _of_exception(raised: Raised) -> JsonObject:
    return {
        "errorType": raised.type_name,
        "errorCode": raised.code or raised.type_name,
        "message": raised.message,
        "stackTrace": stack_text(raised),
    }


def _of_scope(scope: ScopeState) -> JsonObject:
    said: JsonObject = {}
    if scope.contexts:
        said["context"] = scope.contexts
    if scope.tags:
        said["tags"] = scope.tags
    if identifier := scope.user.get("id"):
        said["userId"] = str(identifier)
    return said


# The contract's limits of what it does not cut by itself.
_LIMITS: Final = {
    "errorCode": 100,
    "errorType": 100,
    "appId": 50,
    "serviceName": 100,
    "userId": 100,
    "sessionId": 100,
    "requestMethod": 10,
    "fingerprint": 256,
    "release": 250,
    "environment": 64,
}


def _complete(report: JsonObject) -> JsonObject:
    """With the required fields, and none that would be refused for its length."""
    report.setdefault("errorType", "Error")
    report.setdefault("errorCode", report["errorType"])
    report.setdefault("message", "")
    for name, limit in _LIMITS.items():
        if name in report:
            report[name] = cut(str(report[name]), limit)
    return report


def _payload(captured: Captured) -> JsonObject:
    payload: JsonObject = {
        "platform": "python",
        "sdk": SDK,
        "contexts": {**_runtime(), "process": _process()},
        "serverName": _host(),
    }
    if captured.raised is not None:
        payload["exceptions"] = _exceptions(captured.raised, captured.mechanism)
    if captured.scope.breadcrumbs:
        payload["breadcrumbs"] = [_crumb(crumb) for crumb in captured.scope.breadcrumbs]
    if captured.scope.user:
        payload["user"] = captured.scope.user
    return payload


def _crumb(crumb: JsonObject) -> JsonObject:
    return {**crumb, "at": _iso(int(crumb["at"] * 1000))}


def _process() -> JsonObject:
    return {"pid": os.getpid(), "program": cut(sys.argv[0] if sys.argv else "")}


@lru_cache(1)
def _runtime() -> JsonObject:
    return {
        "runtime": {"name": platform.python_implementation(), "version": platform.python_version()},
        "os": {"name": platform.system(), "version": platform.release()},
    }


@lru_cache(1)
def _host() -> str:
    return socket.gethostname()


def _exceptions(raised: Raised, mechanism: Mechanism) -> List[JsonObject]:
    """Oldest cause first; the main one is the last."""
    found: List[JsonObject] = []
    _collect(raised, None, "", found)
    found[0]["mechanism"].update(type=mechanism.type, handled=mechanism.handled)
    if len(found) == 1:
        del found[0]["mechanism"]["id"]
    return found[::-1]


def _collect(raised: Raised, parent: Optional[int], source: str, found: List[JsonObject]) -> None:
    identifier = len(found)
    found.append(_exception(raised, identifier, parent, source))
    for index, member in enumerate(raised.members or ()):
        _collect(member, identifier, f"exceptions[{index}]", found)
    if raised.cause is not None:
        _collect(
            raised.cause, identifier, "__cause__" if raised.is_direct else "__context__", found
        )


def _exception(raised: Raised, identifier: int, parent: Optional[int], source: str) -> JsonObject:
    mechanism: JsonObject = {"type": "chained", "id": identifier}
    if parent is not None:
        mechanism.update(parentId=parent, source=source)
    if raised.members is not None:
        mechanism["isGroup"] = True
    exception: JsonObject = {
        "type": raised.type_name,
        "value": "\n".join([raised.message, *raised.notes]),
        "module": raised.module,
        "mechanism": mechanism,
        "frames": [frame_of(call) for call in raised.calls],
    }
    if raised.omitted:
        exception["omitted"] = raised.omitted
    return exception
