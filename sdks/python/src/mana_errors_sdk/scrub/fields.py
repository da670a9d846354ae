"""Secrets by the names of the fields that hold them."""

from __future__ import annotations

from typing import Any, Final, List, Sequence, cast

from mana_errors_sdk.scrub.hidden import MARKER, Hidden
from mana_errors_sdk.scrub.names import VERDICTS
from mana_errors_sdk.values import JsonObject

# {"name": "password", "value": "…"}, as forms and HTTP archives list fields
_LABELS: Final = ("name", "key")
_PAIR: Final = 2
# A card number has 13 to 19 digits: smaller integers cannot be one.
_LEAST_CARD: Final = 10**12


def scrub_fields(value: Any, hidden: Hidden, texts: List[str]) -> Any:
    """The value without what stands below secret names; every other text is put into `texts`.

    Copies what it changes, and only that.
    """
    if isinstance(value, str):
        texts.append(value)
        return value
    if isinstance(value, dict):
        return _object(cast("JsonObject", value), hidden, texts)
    if isinstance(value, list):
        return _list(cast("List[Any]", value), hidden, texts)
    if type(value) is int and value >= _LEAST_CARD:
        texts.append(str(value))
    return value


def _object(value: JsonObject, hidden: Hidden, texts: List[str]) -> JsonObject:
    changes: JsonObject = {}
    for key, item in value.items():
        texts.append(key)
        is_secret = VERDICTS[key] or (key == "value" and _is_labelled(value))
        clean = _hide(item, hidden) if is_secret else scrub_fields(item, hidden, texts)
        if clean is not item:
            changes[key] = clean
    return {**value, **changes} if changes else value


def _is_labelled(value: JsonObject) -> bool:
    labels = (value.get(label) for label in _LABELS)
    return any(isinstance(label, str) and VERDICTS[label] for label in labels)


def _list(items: List[Any], hidden: Hidden, texts: List[str]) -> List[Any]:
    if len(items) == _PAIR and isinstance(items[0], str) and VERDICTS[items[0]]:
        # ["Authorization", "Bearer …"]: headers as a list of pairs
        texts.append(items[0])
        return [items[0], _hide(items[1], hidden)]
    clean = [scrub_fields(item, hidden, texts) for item in items]
    return items if all(new is old for new, old in zip(clean, items)) else clean


def _hide(item: Any, hidden: Hidden) -> Any:
    # None, booleans and "" give nothing away, and say much to whoever debugs a login.
    if item is None or item is True or item is False or item in ("", MARKER):
        return item
    _remember([item], hidden)
    return MARKER


def _remember(items: Sequence[Any], hidden: Hidden) -> None:
    for item in items:
        if isinstance(item, (str, int)):
            hidden.remember(str(item))
        elif isinstance(item, dict):
            _remember(list(cast("JsonObject", item).values()), hidden)
        elif isinstance(item, list):
            _remember(cast("List[Any]", item), hidden)
