"""What links in messages do: answer an alert, once in each way; stop e-mail to an address."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import NotFound
from mana_errors.model.action import Change
from mana_errors.store import audit, workflow
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("answers")


class Question(msgspec.Struct, frozen=True):
    """What a link would do something about."""

    alert_id: UUID
    deed: str
    issue_id: UUID
    app_id: str
    title: str
    # name of the channel whose message it was in
    channel: str


async def look(
    connection: Connection, alert_id: UUID, deed: str, channel_id: UUID, works_for: timedelta
) -> Question:
    """Raises NotFound for what was answered, is too old, or whose channel is gone."""
    row = await connection.fetchrow(_SQL["look"], alert_id, deed, channel_id, works_for)
    if row is None:
        raise NotFound("the link was used, is too old, or its channel is gone")
    return Question(alert_id, deed, **dict(row))


async def answer(connection: Connection, question: Question, change: Change, address: str) -> None:
    """Do it, once. Raises NotFound when it was done, or the issue is gone."""
    actor = Actor(f"link:{question.channel}", address)
    async with connection.transaction():
        if await connection.fetchval(_SQL["use"], question.alert_id, question.deed) is None:
            raise NotFound("the link was used")
        await workflow.act(connection, [question.issue_id], change, None, actor)


async def is_muted(connection: Connection, email: str) -> bool:
    """Whether an address, in lower case, gets no e-mail."""
    return bool(await connection.fetchval(_SQL["is_muted"], email))


async def mute(connection: Connection, email: str, address: str, *, on: bool) -> None:
    """Send an address, in lower case, no e-mail any more, or again."""
    async with connection.transaction():
        done = await connection.fetchval(_SQL["mute" if on else "unmute"], email)
        if done is not None:
            action = "email.mute" if on else "email.unmute"
            await audit.note(connection, Actor(f"link:{email}", address), action, email)
