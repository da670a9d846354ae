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
    return Message(number(42), AT, stories, more, SERVER, thread)


def digest() -> Message:
    """Ten and more, of several apps."""
    kinds = [
        (Fact.NEW, {}, "Chat"), (Fact.REGRESSED, {"release": "1.4.2"}, "Picture"),
        (Fact.ESCALATED, {}, "Chat"), (None, {"events": 120, "minutes": 5, "from": 100}, "Todo"),
    ]  # fmt: skip
    stories = [
        story(at, fact=kinds[at % 4][0], reason=kinds[at % 4][1], app=kinds[at % 4][2])
        for at in range(10)
    ]
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
    names = ["Chat", "Picture", "Todo", *(f"App {at}" for at in range(10))]
    apps = tuple(
        AppWeek(name, title or name, 4_000 - 300 * at, 3_800 - 250 * at, at, 2 * at)
        for at, name in enumerate(names)
    )
    issues = tuple(
        WeekIssue(number(at), "Chat", title or issue().title, one, 90 * (at + 1), 30 * at, 7 * at)
        for at, one in enumerate(Severity)
    )
    return Week(
        span=week_of(AT.date(), "Europe/Berlin"),
        apps=apps,
        days=(310, 290, 420, 300, 305, 120, 90, 330, 350, 300, 420, 610, 200, 150),
        new=issues[:2],
        worse=issues,
        worse_total=9,
        fixed=(),
        met=issues[2:],
    )
