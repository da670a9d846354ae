"""What browsers report by themselves: violations of a content security policy and the like.

Two forms: `report-uri`, one object named after what it is ({"csp-report": {…}}, names in
kebab-case), and the Reporting API (https://www.w3.org/TR/reporting-1/), a list of typed reports.
"""

from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlsplit

from mana_errors.errors import BadRequest
from mana_errors.ingest.decode import loads
from mana_errors.ingest.report import Report
from mana_errors.ingest.sentry.coerce import name_of
from mana_errors.model.event import JsonObject, SourceType

# Browsers send what happened within a minute or so.
MAX_REPORTS: Final = 100

_CSP: Final = "csp-violation"
# `report-uri` form -> what it is
_NAMED: Final = {
    "csp-report": _CSP,
    "expect-ct-report": "expect-ct",
    "expect-staple-report": "expect-staple",
    "hpkp-report": "hpkp",
    "known-pins": "hpkp",
}
# Of a Report, of the query, and at most how long
_PARAMETERS: Final = (("release", "sentry_release", 250), ("environment", "sentry_environment", 64))
# Key, release and environment, percent-encoded.
_MAX_QUERY: Final = 2000
_NAMES: Final = {_CSP: "CSP", "expect-ct": "ExpectCT", "expect-staple": "ExpectStaple"}
_SOURCES: Final = frozenset({"inline", "eval", "self", "data", "blob", "wasm-eval", "trusted-types-policy", "trusted-types-sink"})  # fmt: skip  # noqa: E501


def read_security(body: bytes) -> list[Report]:
    """The reports of a body. Raises BadRequest."""
    value = loads(body)
    if isinstance(value, list):
        entries = cast("list[Any]", value)[:MAX_REPORTS]
        reports = [_typed(cast("JsonObject", entry)) for entry in entries if _is_typed(entry)]
    elif _is_typed(value):
        reports = [_typed(cast("JsonObject", value))]
    elif isinstance(value, dict):
        reports = _named(cast("JsonObject", value))
    else:
        reports = []
    if not reports:
        raise BadRequest("no security report: expected csp-report, or a list of {type, body}")
    return reports


def named_in(query: bytes) -> dict[str, str]:
    """Release and environment, which a policy's address may name: browsers know neither."""
    text = query[:_MAX_QUERY].decode("latin-1").replace("%00", "%EF%BF%BD")
    said = dict(parse_qsl(text))
    found = {ours: name_of(said.get(theirs), limit) for ours, theirs, limit in _PARAMETERS}
    return {name: text for name, text in found.items() if text is not None}


def _is_typed(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    entry = cast("JsonObject", value)
    return isinstance(entry.get("type"), str) and isinstance(entry.get("body"), dict)


def _named(value: JsonObject) -> list[Report]:
    for name, kind in _NAMED.items():
        found = value.get(name)
        if isinstance(found, dict):
            return [_report(kind, cast("JsonObject", found), None, None)]
        if found is not None:
            return [_report(kind, value, None, None)]
    return []


def _typed(entry: JsonObject) -> Report:
    return _report(
        entry["type"][:50], entry["body"], _text(entry, "url"), _text(entry, "user_agent")
    )


def _report(kind: str, body: JsonObject, url: str | None, agent: str | None) -> Report:
    page = _text(body, "document-uri", "documentURL", "documentURI") or url
    if kind == _CSP:
        code, message = _violation(body)
    else:
        code = kind
        message = _text(body, "message", "id", "reason", "hostname", "type") or kind
    return Report(
        error_code=(code or kind)[:100],
        error_type=_NAMES.get(kind, kind),
        message=message,
        source_type=SourceType.FRONTEND_WEB,
        request_url=page,
        response_status_code=_status(body),
        user_agent=agent,
        payload={"contexts": {_NAMES.get(kind, kind).lower(): body}, "logger": "csp"}
        if kind == _CSP
        else {"contexts": {kind: body}},
    )


def _violation(body: JsonObject) -> tuple[str, str]:
    """Directive and message: "Blocked script from evil.example.com"."""
    said = _text(body, "effective-directive", "effectiveDirective") or _text(
        body, "violated-directive", "violatedDirective"
    )
    directive = (said or "").partition(" ")[0]
    what = directive.removesuffix("-elem").removesuffix("-attr").removesuffix("-src") or "resource"
    return directive, f"Blocked {what} from {_origin(_text(body, 'blocked-uri', 'blockedURL'))}"


def _origin(blocked: str | None) -> str:
    if not blocked:
        return "inline"
    if blocked in _SOURCES:
        return blocked
    try:
        url = urlsplit(blocked)
        return url.hostname or url.scheme or blocked[:100]
    except ValueError:
        return blocked[:100]


def _status(body: JsonObject) -> int | None:
    for name in ("status-code", "statusCode", "status_code"):
        value = body.get(name)
        if type(value) is int and 100 <= value <= 599:  # noqa: PLR2004 - the contract's
            return value
    return None


def _text(body: JsonObject, *names: str) -> str | None:
    for name in names:
        value = body.get(name)
        if isinstance(value, str) and value:
            return value[:5000]
    return None
