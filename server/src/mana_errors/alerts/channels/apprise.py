"""Any other service that Apprise knows, by its URL. As text: it knows them all, but none well.

Apprise runs in a process of its own, one a message: it takes 50 MB that only who uses it should
pay, opens sockets by itself, and waits as long as it likes. Alone it can be watched and ended.
"""

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec

from mana_errors.alerts.apprise_program import Done, Task
from mana_errors.alerts.card import Card, make_cards, subject_of
from mana_errors.alerts.client import Client, passing
from mana_errors.alerts.message import Message, Receipt, Send
from mana_errors.alerts.words import LANGUAGES, number
from mana_errors.config import Settings
from mana_errors.errors import Refused, Unreachable
from mana_errors.model.channel import Apprise, Target
from mana_errors.model.event import Severity

# Apprise's own words for how bad it is.
_TYPES: Final = {
    Severity.DEBUG: "info",
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.ERROR: "failure",
    Severity.CRITICAL: "failure",
}
# Of this environment it needs no more, and least of all our secrets.
_KEPT: Final = ("PATH", "PYTHONPATH", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


def make(target: Target, secret: str, _: Client, settings: Settings) -> Send:
    """Raises Refused for what is no URL; whether Apprise knows it, a test of the channel says."""
    assert isinstance(target, Apprise)  # noqa: S101 - the registry picks by kind
    if not _URL.fullmatch(secret):
        raise Refused("an Apprise URL looks like service://…")
    return partial(send, target, secret, settings.alert_networks)


async def send(target: Apprise, secret: str, networks: Sequence[str], message: Message) -> Receipt:
    """Send it once. Raises Refused or Unreachable."""
    title, body, kind = compose(message, target.language)
    done = await _run(Task(secret, title, body, kind, tuple(networks)))
    if done.sent:
        return Receipt("sent")
    if done.known and (done.status is None or passing(done.status)):
        raise Unreachable(done.reason)
    raise Refused(done.reason)


def compose(message: Message, language: str) -> tuple[str, str, str]:
    """Title, text, and Apprise's type."""
    cards = make_cards(message, language)
    parts = [_text(card) for card in cards]
    if message.more:
        parts.append(LANGUAGES[language]["more"].format(number(message.more)))
    worst = max((card.severity for card in cards), key=lambda severity: severity.rank)
    return subject_of(message, language), "\n\n".join(parts), _TYPES[worst]


def _text(card: Card) -> str:
    lines = [
        card.headline,
        card.title,
        card.culprit,
        " · ".join(f"{row.label}: {row.value}" for row in card.rows),
        card.trend,
        *(f"{link.label}: {link.url}" for link in card.links),
        card.why,
    ]
    return "\n".join(line for line in lines if line)


async def _run(task: Task) -> Done:
    """In its own process; ends with whoever waits for it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "mana_errors.alerts.apprise_program",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # it may repeat the URL
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
    )
    try:
        # not by an argument: those are for all to read
        said, _ = await process.communicate(msgspec.json.encode(task))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        return msgspec.json.decode(said, type=Done)
    except msgspec.DecodeError as error:
        raise Unreachable(f"Apprise ended with status {process.returncode}") from error
