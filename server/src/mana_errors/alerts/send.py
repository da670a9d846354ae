"""One try to send a message: to each of its recipients, each within its time."""

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from mana_errors import meters
from mana_errors.alerts.channels import sender
from mana_errors.alerts.client import Client
from mana_errors.alerts.message import Message, Receipt
from mana_errors.config import Settings
from mana_errors.errors import Refused, Unreachable
from mana_errors.model.channel import Email, Target
from mana_errors.store.deliveries import Told

# Of one try for one recipient.
TRY_S: Final = 10.0
# Then the server is away, not a recipient; three tries fit into the time that a channel is ours.
MAX_UNREACHABLE: Final = 3
MAX_DETAIL: Final = 1_000
# Shorter parts of a secret are words that a receiver may say.
_MIN_HIDDEN: Final = 8
_SEPARATORS: Final = re.compile(r"[/:?&=@]+")

_log: Final = logging.getLogger(__name__)


class Route(NamedTuple):
    """How a channel's messages travel."""

    secret: str
    client: Client
    settings: Settings


class Result(NamedTuple):
    """What became of a message."""

    # None: it was sent
    error: Refused | Unreachable | None
    # without secrets
    detail: str
    # what the next message continues
    thread: str | None = None


async def send_once(target: Target, message: Message, route: Route) -> Receipt:
    """To one recipient, within TRY_S. Raises Refused or Unreachable, without secrets."""
    try:
        async with asyncio.timeout(TRY_S):
            send = sender(target, route.secret, route.client, route.settings)
            receipt = await send(message)
    except Refused as error:
        raise Refused(hide(str(error), route.secret)) from error
    except Unreachable as error:
        raise Unreachable(hide(str(error), route.secret), error.retry_after_s) from error
    except TimeoutError as error:
        raise Unreachable(f"no answer within {TRY_S:.0f} s") from error
    except Exception as error:
        meters.unexpected.labels("deliver").inc()
        # no traceback: its lines may have the secret
        _log.error("sending failed", extra={"how": type(error).__name__})
        raise Unreachable(f"a mistake of ours: {type(error).__name__}") from error
    return Receipt(hide(receipt.detail, route.secret), receipt.thread)


async def send_all(
    targets: Sequence[Target],
    message: Message,
    route: Route,
    told: dict[str, Told],
    tell: Callable[[Told], Awaitable[None]],
) -> Result:
    """To all that were not told before; of several, `tell` keeps each answer. In another order at
    each try, so that nobody waits behind the same others."""
    if len(targets) == 1:
        return await _send_to(targets[0], message, route)
    unreachable: dict[str, Unreachable] = {}
    for target in random.sample(list(targets), len(targets)):
        who = recipient_of(target)
        if who in told:
            continue
        try:
            receipt = await send_once(target, message, route)
        except Unreachable as error:
            unreachable[who] = error
            if len(unreachable) == MAX_UNREACHABLE:
                break
            continue
        except Refused as error:
            told[who] = Told(who, refused=True, detail=str(error))
        else:
            told[who] = Told(who, refused=False, detail=receipt.detail)
        await tell(told[who])
    return _of_all(told, unreachable)


def _of_all(told: dict[str, Told], unreachable: dict[str, Unreachable]) -> Result:
    sent = [one for one in told.values() if not one.refused]
    failed = [f"{one.recipient}: {one.detail}" for one in told.values() if one.refused]
    failed += [f"{who}: {error}" for who, error in unreachable.items()]
    detail = "; ".join([f"sent to {len(sent)}", *failed])[:MAX_DETAIL]
    if unreachable:
        return Result(next(iter(unreachable.values())), detail)
    return Result(None if sent else Refused(detail), detail)


async def _send_to(target: Target, message: Message, route: Route) -> Result:
    try:
        receipt = await send_once(target, message, route)
    except (Refused, Unreachable) as error:
        return Result(error, str(error))
    return Result(None, receipt.detail, receipt.thread)


def recipient_of(target: Target) -> str:
    """An e-mail's only address; empty for other kinds."""
    return target.to[0] if isinstance(target, Email) else ""


def hide(text: str, secret: str) -> str:
    """A text for the ledger: on one line, bounded, and without the secret or a part of it, which a
    receiver may repeat."""
    parts = {secret, *_SEPARATORS.split(secret)}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _MIN_HIDDEN:
            text = text.replace(part, "***")
    return "".join(letter for letter in text if letter.isprintable())[:MAX_DETAIL]
