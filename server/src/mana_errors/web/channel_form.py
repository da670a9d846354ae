"""A channel as a form: each kind has fields of its own."""

from typing import Any, Final, TypeVar

import msgspec

from mana_errors.errors import BadRequest
from mana_errors.model.channel import Channel, Email, Slack, Target, Telegram, Webhook, kind_of
from mana_errors.model.channel_change import ChannelChange, NewChannel
from mana_errors.web.forms import Form

C = TypeVar("C", NewChannel, ChannelChange)

# Kind -> where its service says how it is set up; empty: the page says all.
KINDS: Final = {
    "email": "",
    "slack": "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
    "discord": "https://support.discord.com/hc/en-us/articles/228383668-Intro-to-Webhooks",
    "telegram": "https://core.telegram.org/bots/features#botfather",
    "teams": "https://support.microsoft.com/en-us/office/8ae491c7-0394-4861-ba59-055e33f75498",
    "pagerduty": "https://support.pagerduty.com/main/docs/services-and-integrations",
    "webhook": "https://www.standardwebhooks.com",
    "apprise": "https://github.com/caronc/apprise/wiki",
}
# Kinds that people have no secret for: e-mail needs none, a webhook's is made here.
WITHOUT_SECRET: Final = ("email", "webhook")
_TEXTS: Final = {"slack": "conversation", "telegram": "chat", "webhook": "url"}


def fresh(kind: str, language: str) -> dict[str, Any]:
    """The fields of a new one."""
    texts = dict.fromkeys(_TEXTS.values(), "")
    plain = {"name": "", "language": language, "enabled": True, "eu": False}
    return {"kind": kind, "to": ("owners",), **texts, **plain}


def stored(channel: Channel) -> dict[str, Any]:
    """The fields as a channel has them; of its secret nothing."""
    target = msgspec.to_builtins(channel.target)
    kept = {"name": channel.name, "enabled": channel.enabled}
    return fresh(kind_of(channel.target), "en") | target | kept


def sent(form: Form, kind: str) -> dict[str, Any]:
    """The same as they were sent, right or wrong; of the secret nothing: it is not shown again."""
    texts = {name: form.text(name) for name in ("name", *_TEXTS.values())}
    # what a webhook sends has none
    texts["language"] = form.text("language") or "en"
    switches = {name: form.ticked(name) for name in ("enabled", "eu")}
    return {"kind": kind, "to": form.lines("to"), **texts, **switches}


def new_of(values: dict[str, Any], secret: str) -> NewChannel:
    """What the fields say. Raises BadRequest."""
    kept = {name: values[name] for name in ("name", "enabled")}
    secrets = {"secret": secret} if values["kind"] not in WITHOUT_SECRET else {}
    return _read({**kept, **secrets, "target": _target(values)}, NewChannel)


def change_of(values: dict[str, Any], secret: str) -> ChannelChange:
    """What the fields say; no secret: as before. Raises BadRequest."""
    kept = {name: values[name] for name in ("name", "enabled")}
    secrets = {"secret": secret} if secret else {}
    return _read({**kept, **secrets, "target": _target(values)}, ChannelChange)


def _target(values: dict[str, Any]) -> dict[str, Any]:
    kind = values["kind"]
    own = {"email": ("to",), "pagerduty": ("eu",)}.get(
        kind, tuple(filter(None, [_TEXTS.get(kind)]))
    )
    return {"kind": kind, "language": values["language"], **{name: values[name] for name in own}}


def _read(given: dict[str, Any], made: type[C]) -> C:
    try:
        return msgspec.convert(given, made)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from error


def wrong_field(complaint: str, kind: str) -> str:
    """The field that a complaint is about: where neither target nor secret can be told apart, the
    one that people fill in with care."""
    for field in ("name", *_TEXTS.values(), "to"):
        if f"$.{field}" in complaint or f"$.target.{field}" in complaint:
            return field
    return {"email": "to", "webhook": "url"}.get(kind, "secret")


def place(target: Target) -> str:
    """What of a target tells it from others of its kind."""
    match target:
        case Email(to=to):
            return ", ".join(to)
        case Slack(conversation=where) | Telegram(chat=where) | Webhook(url=where):
            return where
        case _:
            return ""
