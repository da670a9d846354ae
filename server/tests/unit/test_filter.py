"""What an app does not want."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from mana_errors.ingest.address import Addresses
from mana_errors.ingest.filter import FilterSet
from mana_errors.model.app import AppSettings, Filters, KnownApp
from mana_errors.model.event import Environment, Event

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EVENT = Event(UUID(int=1), NOW, NOW, "chat", "CODE", "TypeError", "Failed to fetch")
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"  # noqa: E501
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{}.1 Mobile/15E148 Safari/604.1"  # noqa: E501


def unwanted(filters: Filters, host: str = "203.0.113.7", **fields: Any) -> bool:
    app = KnownApp("chat", 1, AppSettings(filters=filters))
    event = msgspec.structs.replace(EVENT, **fields)
    return FilterSet().unwanted(event, app, Addresses([]).of(host, None))


@pytest.mark.parametrize(
    ("filters", "fields", "expected"),
    [
        (Filters(), {}, False),
        (Filters(messages=("*FETCH*",)), {}, True),
        (Filters(messages=("fetch",)), {}, False),
        (Filters(messages=("other", "failed to ?etch")), {}, True),
        (Filters(messages=("*end",)), {"message": "a\nb end"}, True),
        (Filters(types=("typeerror",)), {}, True),
        (Filters(types=("*Range*",)), {}, False),
        (Filters(paths=("/health",)), {"request_url": "https://a.b/health?x=/y#z"}, True),
        (Filters(paths=("/health/*",)), {"request_url": "/health"}, False),
        (Filters(paths=("*",)), {}, False),
        (Filters(paths=("/",)), {"request_url": "https://a.b"}, True),
        (Filters(releases=("1.?.*",)), {"release": "1.2.3"}, True),
        (Filters(releases=("1.?.*",)), {"release": "1.22.3"}, False),
        (Filters(user_agents=("curl/*",)), {"user_agent": "curl/8.1"}, True),
        (Filters(user_agents=("*",)), {}, False),
        (Filters(environments=(Environment.DEVELOPMENT,)), {}, False),
        (
            Filters(environments=(Environment.DEVELOPMENT,)),
            {"environment": Environment.DEVELOPMENT},
            True,
        ),
        (Filters(addresses=("203.0.113.0/24", "2001:db8::/32")), {}, True),
        (Filters(addresses=("198.51.100.7", "no address")), {}, False),
    ],
)
def test_filters(filters: Filters, fields: dict[str, Any], expected: bool) -> None:  # noqa: FBT001
    assert unwanted(filters, **fields) is expected


@pytest.mark.parametrize("host", ["2001:db8::1", "::ffff:203.0.113.9"])
def test_addresses_of_version_6(host: str) -> None:
    """Also version 4 in its clothes."""
    assert unwanted(Filters(addresses=("203.0.113.0/24", "2001:db8::/32")), host=host)


CRAWLERS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/120.0.0.0",
    "Mozilla/5.0 (compatible; GPTBot/1.2)", "Baiduspider", "facebookexternalhit/1.1",
    "Mozilla/5.0 HeadlessChrome/131.0.0.0", "Mozilla/5.0 (compatible; Yahoo! Slurp)",
    "Chrome-Lighthouse", "DuckDuckBot",
]  # fmt: skip
PEOPLE = [
    CHROME.format(131), SAFARI.format(17), "curl/8.1", "okhttp/4.9", "node", "python-requests/2",
    "Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
]  # fmt: skip
LEGACY = [
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", CHROME.format(108), CHROME.format(79),
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/64.0 Safari/537.36 Edge/17.17134",
    "Opera/9.80 (Android; Opera Mini/36.2) Presto/2.12 Version/12.16", SAFARI.format(14),
    "Mozilla/5.0 (X11; rv:102.0) Gecko/20100101 Firefox/102.0",
    "Mozilla/5.0 (Linux; U; Android 4.0.3; de) AppleWebKit/534.30 Version/4.0 Mobile Safari/534.30",
]  # fmt: skip


@pytest.mark.parametrize("agent", CRAWLERS)
def test_crawlers(agent: str) -> None:
    assert unwanted(Filters(crawlers=True), user_agent=agent)


@pytest.mark.parametrize("agent", LEGACY)
def test_legacy_browsers(agent: str) -> None:
    assert unwanted(Filters(legacy_browsers=True), user_agent=agent)


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_and_programs_are_neither(agent: str) -> None:
    assert not unwanted(Filters(crawlers=True, legacy_browsers=True), user_agent=agent)


OWN = "    at pay (https://shop.example/cart.js:1:2)\n"
FOREIGN = "    at inject (chrome-extension://abcdef/content.js:1:2)\n"


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ("TypeError: x\n" + FOREIGN + OWN, True),
        ("TypeError: x\n" + OWN + FOREIGN, False),
        ("TypeError: moz-extension://a/b failed\n" + OWN, False),
        ("inject@moz-extension://abc/content.js:1:2\npay@https://shop.example/cart.js:1:2", True),
        ("pay@https://shop.example/cart.js:1:2\ninject@safari-web-extension://a/b.js:1:2", False),
        ("no frames", False),
        (None, False),
    ],
)
def test_extensions_are_noise_where_they_threw(stack: str | None, expected: bool) -> None:  # noqa: FBT001
    """A wrapper further down a stack says nothing about whose error it is."""
    assert unwanted(Filters(extensions=True), stack_trace=stack) is expected


def test_changed_filters_are_in_force_at_once() -> None:
    """Compiled filters are kept for as long as they say the same."""
    filters = FilterSet()
    nowhere = Addresses([]).of(None, None)
    for patterns, expected in [(("a",), False), (("*fetch",), True), (("a",), False)]:
        app = KnownApp("chat", 1, AppSettings(filters=Filters(messages=patterns)))
        assert filters.unwanted(EVENT, app, nowhere) is expected
