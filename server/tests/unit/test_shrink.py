"""Large events are made small, least telling parts first."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from mana_errors.ingest.shrink import MAX_EVENT_BYTES, shrink
from mana_errors.model.event import Event
from mana_errors.store.spool.format import decode_event

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVENT = Event(UUID(int=1), NOW, NOW, "chat", "E1", "Error", "boom")


def kept(**fields: Any) -> Event:
    encoded = shrink(msgspec.structs.replace(EVENT, **fields))
    assert len(encoded) <= MAX_EVENT_BYTES
    return decode_event(encoded)


def test_what_fits_stays() -> None:
    """However long one text in it is."""
    payload = {"logger": "x" * 100_000}
    event = kept(payload=payload)
    assert (event.payload, event.notes) == (payload, None)


def test_long_texts_go_first() -> None:
    """Their middles; with a note."""
    event = kept(payload={"logger": "shop"}, context={"dump": "a" * 600_000 + "z"})
    assert event.context is not None
    assert event.context["dump"].startswith("aaa")
    assert event.context["dump"].endswith("az")
    assert event.notes == {"leftOut": ["long texts"]}


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"vars": {f"v{n}": "x" * 60 for n in range(100)}}, "local variables"),
        ({"preContext": ["x" * 500] * 10}, "source lines"),
    ],
)
def test_frames_lose_what_is_around_them(fields: dict[str, Any], left: str) -> None:
    """But not themselves."""
    frames = [{"file": "a.py", "line": n, **fields} for n in range(200)]
    event = kept(payload={"exceptions": [{"type": "E", "frames": frames}]})
    assert event.payload is not None
    assert event.notes is not None
    assert [frame["line"] for frame in event.payload["exceptions"][0]["frames"]] == [*range(200)]
    assert event.notes["leftOut"][-1] == left


def test_in_the_end_everything_fits() -> None:
    """Whatever a stranger finds."""
    event = kept(payload={"contexts": {f"c{n}": {"a": n} for n in range(60_000)}})
    assert event.message == "boom"
    event = kept(payload={f"x{n}": n for n in range(60_000)})
    assert event.payload is None
