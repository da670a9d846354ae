"""What people do about channels: make, change and try them."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from mana_errors.alerts.channels import sender
from mana_errors.alerts.channels.webhook import new_secret
from mana_errors.alerts.client import Client
from mana_errors.alerts.gather import OWNERS, targets_of
from mana_errors.alerts.message import Message
from mana_errors.alerts.network import Networks
from mana_errors.alerts.send import TRY_S, Result, Route, send_all
from mana_errors.config import Settings
from mana_errors.errors import BadRequest, BadSetting, Conflict, Refused, Unreachable
from mana_errors.model.channel import Channel, Email, Target, Webhook, kind_of
from mana_errors.model.channel_change import ChannelChange, MadeChannel, NewChannel, Tested
from mana_errors.model.delivery import State
from mana_errors.model.ids import uuid7
from mana_errors.store import channels, delivery_ledger
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.deliveries import Told
from mana_errors.store.reader import Reader
from mana_errors.store.secrets import SecretBox, open_box

# Kinds that get no secret from people.
_WITHOUT: Final = (Email, Webhook)


async def create(
    connection: Connection, settings: Settings, new: NewChannel, actor: Actor
) -> MadeChannel:
    """A new channel. Raises BadRequest for a target or a secret that cannot work, Conflict."""
    if isinstance(new.target, _WITHOUT) is (new.secret is not None):
        wanted = "none is needed" if new.secret is not None else "is needed"
        raise BadRequest(f"secret: for a channel of the kind {kind_of(new.target)}, {wanted}")
    made = new_secret() if isinstance(new.target, Webhook) else None
    secret = made or new.secret or ""
    check(new.target, secret, settings)
    channel = Channel(
        id=uuid7(),
        name=new.name,
        target=new.target,
        enabled=new.enabled,
        created_at=datetime.now(UTC),
        failures=0,
        paused_until=None,
    )
    kept = await channels.create(connection, channel, secret, open_box(settings), actor)
    return MadeChannel(kept, made)


async def change(
    connection: Connection,
    settings: Settings,
    channel_id: UUID,
    wanted: ChannelChange,
    actor: Actor,
) -> MadeChannel:
    """Change a channel. Raises NotFound, BadRequest; Conflict for a new target whose secret was
    encrypted with another key."""
    box = open_box(settings)
    async with connection.transaction():
        channel = await channels.find(connection, channel_id)
        made = _new_key(channel, wanted)
        given = None if wanted.secret is UNSET else wanted.secret
        target = channel.target if wanted.target is UNSET else wanted.target
        if kind_of(target) != kind_of(channel.target):
            raise BadRequest(f"target: is of the kind {kind_of(channel.target)}; make another one")
        secret = made or given
        # a name, or to be told no more, asks for no secret that can be read
        if secret is not None or target != channel.target:
            kept = await _kept(connection, channel_id, box) if secret is None else secret
            check(target, kept, settings)
        changed = msgspec.structs.replace(
            channel,
            target=target,
            name=channel.name if wanted.name is UNSET else wanted.name,
            enabled=channel.enabled if wanted.enabled is UNSET else wanted.enabled,
        )
        return MadeChannel(await channels.change(connection, changed, secret, box, actor), made)


async def _kept(connection: Connection, channel_id: UUID, box: SecretBox) -> str:
    try:
        return await channels.secret_of(connection, channel_id, lambda: box)
    except BadSetting as error:
        raise Conflict(f"secret: give it anew ({error})") from error


def _new_key(channel: Channel, wanted: ChannelChange) -> str | None:
    webhook = isinstance(channel.target, Webhook)
    if wanted.renew_secret and not webhook:
        raise BadRequest("renewSecret: only a webhook's is made by the server")
    if wanted.secret is not UNSET and isinstance(channel.target, _WITHOUT):
        raise BadRequest("secret: none is needed; a webhook's is made with renewSecret")
    return new_secret() if wanted.renew_secret else None


def check(target: Target, secret: str, settings: Settings) -> None:
    """Raise BadRequest where target and secret cannot work."""
    client = Client(Networks(settings.alert_networks))
    try:
        for one in _recipients(target):
            sender(one, secret, client, settings)
    except Refused as error:
        raise BadRequest(f"target, secret: {error}") from error


def _recipients(target: Target) -> list[Target]:
    if not isinstance(target, Email):
        return [target]
    given = (address for address in target.to if address != OWNERS)
    return [msgspec.structs.replace(target, to=(address,)) for address in given]


async def test(reader: Reader, settings: Settings, channel_id: UUID, actor: Actor) -> Tested:
    """Send a test now, whatever state the channel is in; its answer within TRY_S. What works is
    no longer left alone. Raises NotFound."""
    async with reader.connection() as connection:
        channel = await channels.find(connection, channel_id)
    message = Message(
        id=uuid7(),
        created_at=datetime.now(UTC),
        stories=(),
        more=0,
        server_url=settings.address,
        issue=None,
        thread=None,
    )
    result = await _send(reader, settings, channel, message)
    sent = result.error is None
    async with reader.connection() as connection, connection.transaction():
        state = State.SENT if sent else State.DEAD
        await delivery_ledger.add_test(connection, channel_id, message.id, state, result.detail)
        await channels.tested(connection, channel, actor, worked=sent)
    return Tested(sent, result.detail)


async def _send(reader: Reader, settings: Settings, channel: Channel, message: Message) -> Result:
    async with reader.connection() as connection:
        targets = await targets_of(connection, channel.target)
        try:
            secret = await channels.secret_of(connection, channel.id, partial(open_box, settings))
        except BadSetting as error:
            return Result(Unreachable(str(error)), str(error))
    route = Route(secret, Client(Networks(settings.alert_networks)), settings)
    return await _within(targets, message, route)


async def _within(targets: list[Target], message: Message, route: Route) -> Result:
    if isinstance(targets[0] if targets else None, Email) and not route.settings.smtp_url:
        reason = "no e-mail is sent: MANA_ERRORS_SMTP_URL is not set"
        return Result(Refused(reason), reason)
    if not targets:
        return Result(Refused("nobody to tell"), "nobody to tell")

    async def keep(_: Told) -> None:
        return

    try:
        # an only one has a limit of its own
        async with asyncio.timeout(TRY_S if len(targets) > 1 else None):
            return await send_all(targets, message, route, {}, keep)
    except TimeoutError:
        reason = f"not all were told within {TRY_S:.0f} s"
        return Result(Unreachable(reason), reason)
