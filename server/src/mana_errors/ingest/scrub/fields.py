"""Secrets by the names of the fields that hold them."""

from collections.abc import Mapping
from typing import Any, Final, cast

from mana_errors.ingest.scrub.effort import NAME, Effort, TooMuch
from mana_errors.ingest.scrub.marker import MARKER
from mana_errors.model.event import JsonObject

# Of a payload: names of packages, which are no fields.
_NO_NAMES: Final = frozenset({"modules"})
# Names that are the server's own; below them are those of local variables.
_FRAMES: Final = "frames"
_HOLDERS: Final = frozenset({"exceptions", "threads"})
# {"name": "password", "value": "…"}, as forms and HTTP archives list fields
_LABELS: Final = ("name", "key")
_PAIR: Final = 2
# Of a command's option; longer ones hold their value themselves.
_MAX_ARGUMENT: Final = 64


class Fields:
    """Hides the values of secret fields in one event. Copies what it changes, and only that."""

    def __init__(self, names: Mapping[str, bool], effort: Effort) -> None:
        """names: whether a field of a name is secret."""
        self._names = names
        self._effort = effort

    def clean(self, value: JsonObject, *, is_payload: bool) -> JsonObject:
        """Without secrets; hidden as a whole when that is too much work."""
        try:
            return self._payload(value) if is_payload else self._object(value)
        except TooMuch:
            return {MARKER: MARKER}

    def _payload(self, payload: JsonObject) -> JsonObject:
        changes: JsonObject = {}
        for name, item in payload.items():
            if name in _HOLDERS and isinstance(item, list):
                clean: Any = self._each(cast("list[Any]", item), self._holder)
            elif name == _FRAMES and isinstance(item, list):
                clean = self._each(cast("list[Any]", item), self._frame)
            elif name in _NO_NAMES:
                continue
            else:
                clean = self._object({name: item})[name]
            if clean is not item:
                changes[name] = clean
        return {**payload, **changes} if changes else payload

    def _holder(self, holder: JsonObject) -> JsonObject:
        """An exception or a thread."""
        frames = holder.get(_FRAMES)
        rest = self._below(holder, {_FRAMES})
        if not isinstance(frames, list):
            return rest
        clean = self._each(cast("list[Any]", frames), self._frame)
        return rest if clean is frames else {**rest, _FRAMES: clean}

    def _frame(self, frame: JsonObject) -> JsonObject:
        return self._below(frame, frozenset())

    def _below(self, value: JsonObject, but: "set[str] | frozenset[str]") -> JsonObject:
        """The object, whose own names are the server's, with what is in it cleaned."""
        self._effort.spend(1)
        changes: JsonObject = {}
        for name, item in value.items():
            if name not in but and isinstance(item, dict | list):
                clean = self._value(item)
                if clean is not item:
                    changes[name] = clean
        return {**value, **changes} if changes else value

    def _each(self, items: list[Any], clean: "Any") -> list[Any]:
        changed = [clean(item) if isinstance(item, dict) else self._value(item) for item in items]
        same = all(new is old for new, old in zip(changed, items, strict=True))
        return items if same else changed

    def _value(self, item: Any) -> Any:
        kind: object = type(item)  # pyright: ignore[reportUnknownVariableType] - strange JSON
        if kind is dict:
            return self._object(item)
        return self._list(item) if kind is list else item

    def _object(self, value: JsonObject) -> JsonObject:
        self._effort.spend(NAME * len(value))
        names = self._names
        changed: JsonObject | None = None
        for key, item in value.items():
            kind: object = type(item)  # pyright: ignore[reportUnknownVariableType] - strange JSON
            if names[key]:
                clean = self._hide(item)
            elif kind is dict:
                clean = self._object(item)
            elif kind is list:
                clean = self._list(item)
            else:
                continue
            if clean is not item:
                changed = value.copy() if changed is None else changed
                changed[key] = clean
        return self._labelled(value if changed is None else changed)

    def _labelled(self, value: JsonObject) -> JsonObject:
        if "value" not in value:
            return value
        for label in _LABELS:
            name = value.get(label)
            if isinstance(name, str) and self._names[name]:
                hidden = self._hide(value["value"])
                return value if hidden is value["value"] else {**value, "value": hidden}
        return value

    def _list(self, items: list[Any]) -> list[Any]:
        if len(items) == _PAIR and isinstance(items[0], str) and self._names[items[0]]:
            # ["Authorization", "Bearer …"]: headers as a list of pairs
            hidden = self._hide(items[1])
            return items if hidden is items[1] else [items[0], hidden]
        changed: list[Any] | None = None
        is_secret = False
        for index, item in enumerate(items):
            clean = self._hide(item) if is_secret else self._value(item)
            is_secret = self._asks_for_secret(item)
            if clean is not item:
                changed = items.copy() if changed is None else changed
                changed[index] = clean
        return items if changed is None else changed

    def _asks_for_secret(self, item: Any) -> bool:
        """Whether an argument of a command wants the next one: --password hunter2"""
        if not isinstance(item, str) or not item.startswith("--") or len(item) > _MAX_ARGUMENT:
            return False
        self._effort.spend(NAME)
        return self._names[item]

    def _hide(self, item: Any) -> Any:
        # None, booleans and "" give nothing away, and say much to whoever debugs a login.
        if item is None or item is True or item is False or item in ("", MARKER):
            return item
        self._remember(item)
        return MARKER

    def _remember(self, item: Any) -> None:
        if isinstance(item, str):
            self._effort.remember(item)
        elif isinstance(item, int):
            self._effort.remember(str(item))
        elif isinstance(item, dict):
            self._remember(list(cast("JsonObject", item).values()))
        elif isinstance(item, list):
            values = cast("list[Any]", item)
            self._effort.spend(len(values))
            for value in values:
                self._remember(value)
