"""Messages as channels get them, of made-up alerts; and what strangers would put into them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from mana_errors.alerts.message import Message, Story
from mana_errors.model.alert import Alert, Firing, IssueFacts
from mana_errors.model.event import Severity
from mana_errors.model.rule import Fact
from mana_errors.model.weekly import AppWeek, Week, WeekIssue, week_of

SERVER = "https://errors.example.org"
AT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
TREND = (0, 0, 1, 0, 2, 0, 0, 3, 1, 0, 0, 0, 4, 2, 6, 3, 9, 14, 8, 22, 31, 27, 44, 61)
TITLES = [
    ("TypeError: Cannot read properties of undefined", "src/cart/total.ts in sumItems"),
    (
        "QueryFailedError: duplicate key value violates unique constraint",
        "src/users/users.repository.ts in save",
    ),
    ("TimeoutError: upstream did not answer within 5000 ms", "app/clients/pictures.py in fetch"),
    ("ChunkLoadError: Loading chunk 42 failed", "src/routes/+layout.svelte"),
    ("KeyError: 'subscription'", "billing/invoices.py in renew"),
]
HOSTILE = [
    "<!channel> <!here> <@U012AB3CD> <https://evil.example|bill>",
    "@everyone @here <@123456789012345678> <@&1> <#1>",
    "<b>x</b></a><script>alert(1)</script>&lt;&amp;",
    "[click](https://evil.example) **bold** _i_ ~s~ `code` ```x``` ||spoiler|| > q\n# h\n- l",
    "https://evil.example/?a=b&c=d",
    "line\r\nBcc: all@example.org\r\n\r\nbody\x00\x1b[31m\u202e txet \u2066 \ud800 end",
    "'\"><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}",
    "\\" * 200,
    "&" * 5_000,
    "_" * 5_000,
    "🧨" * 3_000,
    "",
    "\u200f\u202e",
]


def number(value: int) -> UUID:
    """An id that is always the same."""
    return UUID(int=value)


def issue(title: str = "", **given: Any) -> IssueFacts:
    """An issue's facts."""
    values: dict[str, Any] = {
        "title": title or "TypeError: Cannot read properties of undefined (reading 'items')",
        "error_type": "TypeError",
        "culprit": "src/cart/total.ts in sumItems",
        "severity": Severity.ERROR,
        "environment": "production",
        "release": "1.4.2",
        "count": 1284,
        "users": 317,
        "first_seen": AT,
        "last_seen": AT,
    }
    return IssueFacts(**{**values, **given})


def story(
    number_: int = 1,
    *,
    facts: IssueFacts | None = None,
    fact: Fact | None = Fact.NEW,
    reason: dict[str, Any] | None = None,
    app: str = "Chat",
    rule: str = "New in production",
    actions: bool = True,
) -> Story:
    """An alert of an issue."""
    firing = Firing(rule, fact, reason or {}, facts or issue())
    alert = Alert(number(number_), AT, number(7), "chat", number(100 + number_), firing)
    link = f"{SERVER}/act/token{number_}" if actions else ""
    return Story(
        alert, app, f"{SERVER}/issues/{number(100 + number_)}", TREND,
        f"{link}r" if link else "", f"{link}i" if link else "",
    )  # fmt: skip


def silence() -> Story:
    """An alert of an app as a whole."""
    firing = Firing("Chat must talk", None, {"minutes": 30}, None)
    alert = Alert(number(1), AT, number(7), "chat", None, firing)
    return Story(alert, "Chat", f"{SERVER}/apps/chat", (), "", "")


def message(*stories: Story, more: int = 0, thread: str | None = None) -> Message:
    """What is sent at once; without stories a test of the channel."""
    return Message(number(42), AT, stories, more, SERVER, None, thread)


def digest() -> Message:
    """Ten and more, of several apps."""
    kinds = [
        (Fact.NEW, {}, "Chat"), (Fact.REGRESSED, {"release": "1.4.2"}, "Picture"),
        (Fact.ESCALATED, {}, "Chat"), (None, {"events": 120, "minutes": 5, "from": 100}, "Todo"),
    ]  # fmt: skip
    stories = [
        story(
            at, fact=kinds[at % 4][0], reason=kinds[at % 4][1], app=kinds[at % 4][2],
            facts=issue(
                TITLES[at % 5][0], culprit=TITLES[at % 5][1], count=7 + 211 * at, users=3 + 17 * at,
                severity=list(Severity)[4 - at % 3],
            ),
        )
        for at in range(10)
    ]  # fmt: skip
    return message(*stories, more=37)


CASES = {
    "new": message(story()),
    "regressed": message(story(fact=Fact.REGRESSED, reason={"release": "1.4.2"}), thread="171.5"),
    "events": message(story(fact=None, reason={"events": 120, "minutes": 5, "from": 100})),
    "silent": message(silence()),
    "digest": digest(),
    "test": message(),
}


def hostile(text: str) -> list[Message]:
    """A stranger's text wherever a stranger's text may be: alone, and in a digest."""
    facts = issue(text, culprit=text, environment=text, release=text)
    facts = issue(text, culprit=text, environment=text, release=text) if text else facts
    one = story(facts=facts, app=text or "x", rule=text or "x", fact=Fact.REGRESSED,
                reason={"release": text})  # fmt: skip
    return [message(one), message(*[one] * 10, more=5)]


def week(title: str = "") -> Week:
    """A week of thirteen apps."""
    names = "Chat Picture Todo Calendar Mail Billing Search Auth Media Zitare Reports Admin Lab"
    apps = tuple(
        AppWeek(
            name, title or name, 2_140 - 160 * at,
            (2_300, 1_420, 1_610, 1_655, 900)[at % 5] - 60 * at,
            (3, 0, 1, 0)[at % 4], (1, 2, 0)[at % 3],
        )
        for at, name in enumerate(names.split())
    )  # fmt: skip
    issues = [
        WeekIssue(
            number(at), apps[at].app, title or TITLES[at][0], list(Severity)[4 - at % 3],
            640 - 120 * at, (0, 41, 212, 0, 96)[at], 317 - 60 * at,
        )
        for at in range(5)
    ]  # fmt: skip
    return Week(
        span=week_of(AT.date(), "Europe/Berlin"),
        apps=apps,
        days=(1310, 1290, 1420, 1300, 1305, 520, 390, 1330, 1350, 1300, 1420, 2610, 700, 450),
        new=(issues[0], issues[3]),
        worse=(issues[2], issues[1]),
        worse_total=9,
        fixed=(issues[4],),
        met=tuple(issues[:3]),
    )
