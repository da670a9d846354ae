"""An event as a page shows it, whatever protocol it came by."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from mana_errors.model.event import JsonObject
from mana_errors.model.reading import EventDetail
from mana_errors.web.curl import curl
from mana_errors.web.formats import browser
from mana_errors.web.stack import Run, ShownException, show_exceptions, show_threads
from mana_errors.web.untyped import Fact, facts, mapping, objects, shown, text

# Seen at once; the ones before are a click away.
CRUMBS_SHOWN: Final = 15
MAX_CONTEXTS: Final = 40
# A stack as text, on the page; whole it is in the copy and the JSON.
MAX_STACK_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Crumb:
    """One breadcrumb."""

    # None: the client sent no time that can be read
    at: datetime | None
    # seconds before the event
    before_s: float | None
    kind: str
    level: str
    message: str
    data: list[Fact]


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """The web request in which it happened."""

    method: str
    url: str
    # safe to be followed; None for what no browser should open
    link: str | None
    status: int | None
    query: list[Fact]
    headers: list[Fact]
    body: JsonObject | None
    more: list[Fact]
    curl: str | None


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """What the page of an event says."""

    exceptions: tuple[ShownException, ...]
    threads: list[tuple[str, tuple[Run, ...]]]
    # the stack as it was sent, where it was sent as text
    stack_text: str | None
    crumbs: list[Crumb]
    request: ShownRequest | None
    # what one looks at first: (word for it, value)
    highlights: list[Fact]
    user: list[Fact]
    tags: list[Fact]
    # title of a table -> its rows
    contexts: list[tuple[str, list[Fact]]]
    sdk: str


def show_event(event: EventDetail) -> ShownEvent:
    """Everything of an event that a page shows, bounded."""
    payload = event.payload
    sdk = mapping(payload, "sdk")
    return ShownEvent(
        exceptions=show_exceptions(event),
        threads=show_threads(payload),
        stack_text=event.stack_trace and shown(event.stack_trace, MAX_STACK_TEXT),
        crumbs=_crumbs(event),
        request=_request(event),
        highlights=_highlights(event),
        user=_user(event),
        tags=facts(event.tags, 200),
        contexts=_contexts(event),
        sdk=" ".join(part for part in (text(sdk, "name"), text(sdk, "version")) if part),
    )


def _crumbs(event: EventDetail) -> list[Crumb]:
    """Oldest first, the event's own moment at the end."""
    return [_crumb(item, event.occurred_at) for item in objects(event.payload, "breadcrumbs")]


def _crumb(item: JsonObject, occurred_at: datetime) -> Crumb:
    at = _time(item.get("at"))
    kinds = dict.fromkeys(part for part in (text(item, "category"), text(item, "type")) if part)
    return Crumb(
        at=at,
        before_s=(occurred_at - at).total_seconds() if at else None,
        kind=next(iter(kinds), ""),
        level=text(item, "level"),
        message=shown(item.get("message") or ""),
        data=facts(mapping(item, "data")),
    )


def _time(value: Any) -> datetime | None:
    """Seconds or ISO 8601, as clients write them."""
    try:
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
        at = datetime.fromisoformat(value)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _request(event: EventDetail) -> ShownRequest | None:
    url, method = event.request_url or "", event.request_method or ""
    if not (url or method or event.request_headers or event.request_body):
        return None
    address = _split(url)
    more = mapping(event.payload, "request")
    query = more.get("query")
    return ShownRequest(
        method=method,
        url=url,
        link=safe_link(url),
        status=event.response_status_code,
        query=_pairs(query if query is not None else address),
        headers=facts(event.request_headers, 200),
        body=event.request_body,
        more=facts({name: value for name, value in more.items() if name != "query"}),
        curl=curl(url, method, event.request_headers, event.request_body),
    )


def safe_link(url: str) -> str | None:
    """An address that a browser may open: of the web, and nothing that only looks like it."""
    web = url.startswith(("https://", "http://")) and url.isprintable() and " " not in url
    return url if web else None


def _split(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""


def _pairs(query: Any) -> list[Fact]:
    """A query string, as text, pairs or object."""
    if isinstance(query, dict):
        return facts(query)  # pyright: ignore[reportUnknownArgumentType] - a stranger's JSON
    if isinstance(query, str):
        try:
            found = parse_qsl(query.removeprefix("?"), keep_blank_values=True, max_num_fields=200)
        except ValueError:
            return [("?", shown(query))]
        return [(shown(name), shown(value)) for name, value in found]
    return [("?", shown(query))] if query else []


def _highlights(event: EventDetail) -> list[Fact]:
    contexts = mapping(event.payload, "contexts")
    trace = mapping(event.payload, "trace")
    system = mapping(event.device_info, "os") or mapping(contexts, "os")
    found = {
        "user": event.user_id or "",
        "browser": _named(event.browser_info) or _of_agent(event.user_agent),
        "os": _named(system) or shown((event.device_info or {}).get("os") or ""),
        "hardware": _device(event.device_info),
        "runtime": _named(mapping(contexts, "runtime")),
        "transaction": text(event.payload or {}, "transaction"),
        "service": event.service_name or text(event.payload or {}, "serverName"),
        "session": event.session_id or "",
        "trace": text(trace, "traceId"),
    }
    return [(name, value) for name, value in found.items() if value]


def _named(value: JsonObject | None) -> str:
    """ "Firefox 145.0": name and version of a browser, system or runtime."""
    said = [shown(part) for name in ("name", "version") if (part := (value or {}).get(name))]
    return " ".join(said).strip()


def _of_agent(user_agent: str | None) -> str:
    return browser(user_agent) if user_agent else ""


def _device(value: JsonObject | None) -> str:
    names = ("manufacturer", "brand", "model", "family", "arch")
    said = dict.fromkeys(shown(part) for name in names if (part := (value or {}).get(name)))
    return " ".join(said)


def _user(event: EventDetail) -> list[Fact]:
    known = mapping(event.payload, "user")
    own = {"id": event.user_id} if event.user_id else {}
    return facts({**own, **known})


def _contexts(event: EventDetail) -> list[tuple[str, list[Fact]]]:
    """What is left: the client's own context first, then everything that it tells by itself."""
    payload = event.payload or {}
    named: dict[str, JsonObject] = {
        "context": event.context or {},
        **{
            name: mapping(mapping(payload, "contexts"), name)
            for name in mapping(payload, "contexts")
        },
        "browser": event.browser_info or {},
        "device": {k: v for k, v in (event.device_info or {}).items() if not isinstance(v, dict)},
        "logEntry": mapping(payload, "logEntry"),
        "modules": mapping(payload, "modules"),
    }
    tables = [(shown(name, 100), facts(value)) for name, value in named.items()]
    return [(name, rows) for name, rows in tables if rows][:MAX_CONTEXTS]
