"""Channels: where people are told. Everybody sees which there are; who administers all apps makes,
tries, changes and deletes them."""

from typing import Any

from starlette.responses import Response

from mana_errors.alerts import manage
from mana_errors.errors import BadRequest, Conflict, NotFound
from mana_errors.model.channel import Channel, kind_of
from mana_errors.model.channel_change import ChannelChange, MadeChannel, Tested
from mana_errors.store import channels
from mana_errors.store.channels import MAX_CHANNELS
from mana_errors.web import channel_form
from mana_errors.web.fields import Trouble
from mana_errors.web.issue import id_of
from mana_errors.web.visit import Visit


async def show_list(visit: Visit) -> Response:
    """All channels, and how each is doing."""
    async with visit.reader.connection() as connection:
        found = await channels.listed(connection, None, MAX_CHANNELS)
    values = {
        "channels": [(one, kind_of(one.target), channel_form.place(one.target)) for one in found],
        "kinds": list(channel_form.KINDS),
        "mine": visit.principal.may("admin") and visit.principal.apps is None,
        "no_smtp": _no_smtp(visit) and any(kind_of(one.target) == "email" for one in found),
    }
    return visit.page("channels.html", values)


async def show_new(visit: Visit) -> Response:
    """The form of a kind. Raises NotFound."""
    return _form(visit, None, channel_form.fresh(_kind(visit), visit.language), {})


async def create(visit: Visit) -> Response:
    """Keep a new one; a webhook's key is shown, once."""
    values = channel_form.sent(visit.form, _kind(visit))
    try:
        new = channel_form.new_of(values, visit.form.text("secret"))
        async with visit.reader.connection() as connection:
            made = await manage.create(connection, visit.services.settings, new, visit.actor)
    except (BadRequest, Conflict) as error:
        return _wrong(visit, None, values, error)
    return _made(visit, made, "created")


async def show_one(visit: Visit) -> Response:
    """A channel's form, a test, its end."""
    channel = await _channel(visit)
    return _form(visit, channel, channel_form.stored(channel), {})


async def change(visit: Visit) -> Response:
    """Keep what the form says."""
    channel = await _channel(visit)
    values = channel_form.sent(visit.form, kind_of(channel.target))
    try:
        wanted = channel_form.change_of(values, visit.form.text("secret"))
        return await _changed(visit, wanted)
    except BadRequest as error:
        return _wrong(visit, channel, values, error)


async def renew(visit: Visit) -> Response:
    """Make a webhook a new key, and show it, once."""
    return await _changed(visit, ChannelChange(renew_secret=True))


async def _changed(visit: Visit, wanted: ChannelChange) -> Response:
    settings = visit.services.settings
    async with visit.reader.connection() as connection:
        made = await manage.change(connection, settings, id_of(visit), wanted, visit.actor)
    return _made(visit, made, "saved")


async def test(visit: Visit) -> Response:
    """Send a test, and show the receiver's answer."""
    tested = await manage.test(visit.reader, visit.services.settings, id_of(visit), visit.actor)
    channel = await _channel(visit)
    return _form(visit, channel, channel_form.stored(channel), {}, tested)


async def delete(visit: Visit) -> Response:
    """Send nothing there any more."""
    async with visit.reader.connection() as connection:
        await channels.delete(connection, id_of(visit), visit.actor)
    return visit.go("/alerts/channels?done=done_delete")


async def _channel(visit: Visit) -> Channel:
    async with visit.reader.connection() as connection:
        return await channels.find(connection, id_of(visit))


def _kind(visit: Visit) -> str:
    kind: str = visit.request.path_params["kind"]
    if kind not in channel_form.KINDS:
        raise NotFound(f"there is no kind of channel {kind!r}")
    return kind


def _no_smtp(visit: Visit) -> bool:
    return not visit.services.settings.smtp_url


def _made(visit: Visit, made: MadeChannel, done: str) -> Response:
    if made.secret is None:
        return visit.go(f"/alerts/channels/{made.channel.id}?done={done}")
    back = f"/alerts/channels/{made.channel.id}"
    return visit.secret("channel_key", made.channel.name, made.secret, back)


def _wrong(
    visit: Visit, channel: Channel | None, values: dict[str, Any], error: BadRequest | Conflict
) -> Response:
    """The form again, saying what is wrong."""
    if isinstance(error, Conflict):
        return _form(visit, channel, values, {"": visit.words["many_channels"]})
    field = channel_form.wrong_field(str(error), values["kind"])
    if field == "name":
        return _form(visit, channel, values, {field: visit.words["wrong_channel_name"]})
    reason = str(error).partition(" - at `")[0].removeprefix("target, secret: ")
    return _form(visit, channel, values, {field: visit.words["wrong_channel"].format(reason)})


def _form(
    visit: Visit,
    channel: Channel | None,
    fields: dict[str, Any],
    trouble: Trouble,
    tested: Tested | None = None,
) -> Response:
    kind = fields["kind"]
    values = {
        "channel": channel,
        "form": fields,
        "help": channel_form.KINDS[kind],
        "needs_secret": kind not in channel_form.WITHOUT_SECRET,
        "tested": tested,
        "trouble": trouble,
        "no_smtp": kind == "email" and _no_smtp(visit),
    }
    return visit.page("channel.html", values, 400 if trouble else 200)
