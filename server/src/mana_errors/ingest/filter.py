"""What an app does not want: counted, answered with 201, and not stored.

Legacy browsers are those whose makers ended their security updates: Internet Explorer, Edge before
it was Chromium, Opera before it was, Opera Mini, Android's old browser, and Chrome below 109,
Firefox below 115 and Safari below 15, which are the last for systems that still work.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import Final

from mana_errors.ingest.address import Address
from mana_errors.ingest.cut import MAX_MESSAGE, MAX_REQUEST_URL, MAX_USER_AGENT
from mana_errors.ingest.globs import compile_globs
from mana_errors.ingest.scrub.rx import compile_pattern
from mana_errors.model.app import Filters, KnownApp
from mana_errors.model.event import Event

# Apps with filters that are remembered compiled; as many as a server has by default.
MAX_COMPILED: Final = 1000
# Of a stack, its beginning: the frame that threw is there.
MAX_STACK_BYTES: Final = 4096

# Names that crawlers, link previews and page testers give themselves. "Cubot" makes phones.
_crawler: Final = compile_pattern(
    r"(?i)(?:^|[^u])bots?\b|crawler|spider|slurp|lighthouse|headlesschrome|pagespeed|pingdom"
    r"|facebookexternalhit|mediapartners|preview|monitor(?:ing)?\b|archiver"
)
_legacy: Final = compile_pattern(
    r"MSIE |Trident/|Edge/1[2-9]\.|Opera Mini|Opera/|Android [1-4]\.[^)]*\).*Version/"
    r"|Chrome/(?:[1-9]?[0-9]|10[0-8])\.|Firefox/(?:[1-9]?[0-9]|10[0-9]|11[0-4])\."
    r"|Version/(?:[1-9]|1[0-4])\.[^ ]* (?:Mobile/[^ ]* )?Safari/"
)
# The first frame that names a file, in V8's spelling and in the others'.
_frame: Final = compile_pattern(r"(?m)(?:^\s*at [^\n]*?|@)([a-z][a-z-]*)://")
_EXTENSION: Final = b"-extension"
_HOST: Final = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")

Test = Callable[[Event, Address], bool]
Text = Callable[[Event], str | None]


class FilterSet:
    """The filters of all apps, each compiled once."""

    def __init__(self) -> None:
        self._compiled: dict[str, tuple[Filters, list[Test]]] = {}

    def unwanted(self, event: Event, app: KnownApp, address: Address) -> bool:
        """Whether the app does not want this event, which came from that address."""
        filters = app.settings.filters
        compiled = self._compiled.get(app.id)
        if compiled is None or compiled[0] is not filters:
            compiled = self._compile(app.id, filters, compiled)
        tests = compiled[1]
        return bool(tests) and any(test(event, address) for test in tests)

    def _compile(
        self, app_id: str, filters: Filters, old: tuple[Filters, list[Test]] | None
    ) -> tuple[Filters, list[Test]]:
        if len(self._compiled) >= MAX_COMPILED:
            self._compiled.clear()
        # Every new directory brings new objects, which mostly say the same.
        tests = old[1] if old and old[0] == filters else compile_filters(filters)
        self._compiled[app_id] = (filters, tests)
        return self._compiled[app_id]


def compile_filters(filters: Filters) -> list[Test]:
    """Tests, any of which makes an event unwanted."""
    tests: list[Test | None] = [
        _globs(filters.messages, lambda event: event.message[:MAX_MESSAGE]),
        _globs(filters.types, lambda event: event.error_type),
        _globs(filters.paths, lambda event: _path(event.request_url)),
        _globs(filters.releases, lambda event: event.release),
        _globs(filters.user_agents, _agent),
        _globs(filters.environments, lambda event: event.environment),
        _networks(filters.addresses),
        (lambda event, _: _agent_matches(_crawler.search, event)) if filters.crawlers else None,
        (lambda event, _: _agent_matches(_legacy.search, event))
        if filters.legacy_browsers
        else None,
        _is_from_extension if filters.extensions else None,
    ]
    return [test for test in tests if test is not None]


def _globs(patterns: tuple[str, ...], text_of: Text) -> Test | None:
    matches = compile_globs(patterns)
    if matches is None:
        return None

    def test(event: Event, _: Address) -> bool:
        text = text_of(event)
        return text is not None and matches(text)

    return test


def _networks(texts: tuple[str, ...]) -> Test | None:
    networks = [network for text in texts if (network := _network(text)) is not None]
    if not networks:
        return None

    def test(_: Event, address: Address) -> bool:
        ip = address.ip
        return ip is not None and any(ip in network for network in networks)

    return test


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        # Settings are checked when they are set; what an older release let in filters nothing.
        return None


def _path(url: str | None) -> str | None:
    """requestUrl without scheme, host, query and fragment."""
    if url is None:
        return None
    path = url[:MAX_REQUEST_URL].partition("?")[0].partition("#")[0]
    return _HOST.sub("", path) or "/"


def _agent(event: Event) -> str | None:
    return event.user_agent[:MAX_USER_AGENT] if event.user_agent else None


def _agent_matches(search: Callable[[bytes], object], event: Event) -> bool:
    agent = _agent(event)
    return agent is not None and search(agent.encode()) is not None


def _is_from_extension(event: Event, _: Address) -> bool:
    if not event.stack_trace:
        return False
    frame = _frame.search(event.stack_trace[:MAX_STACK_BYTES].encode())
    return frame is not None and frame.group(1).endswith(_EXTENSION)
