"""JSON over the HTTP client: what the channels of services share."""

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from mana_errors.alerts.client import Answer, Client

T = TypeVar("T", bound=msgspec.Struct)

_JSON: Final = {"content-type": "application/json; charset=utf-8"}


async def post_json(
    client: Client, url: str, payload: object, headers: Mapping[str, str] | None = None
) -> Answer:
    """Post a value as JSON. Raises Refused and Unreachable as the client does."""
    return await client.post(url, msgspec.json.encode(payload), {**_JSON, **(headers or {})})


def answered(answer: Answer, kind: type[T]) -> T:
    """What was answered; a `kind` with nothing in it where that is something else."""
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return kind()
