"""Bytes -> Report: the contract's fields, types and limits. Sans I/O."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final, TypeVar, cast

import msgspec

from mana_errors.errors import BadRequest, InvalidReport, TooLarge
from mana_errors.ingest.report import Report
from mana_errors.model.event import JsonObject

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

MAX_REPORT_BYTES: Final = 1024 * 1024
MAX_BATCH_BYTES: Final = 10 * 1024 * 1024
MAX_BATCH_ITEMS: Final = 1000
# No honest report nests deeper, and every walk over it may be recursive.
MAX_DEPTH: Final = 64


class Batch(msgspec.Struct, gc=False):
    """Several reports, undecoded, and what the client says it did not send."""

    errors: list[msgspec.Raw]
    # any JSON: an odd count must not cost a report
    discarded: Any = None


_report_decoder: Final = msgspec.json.Decoder(Report)
_any_decoder: Final = msgspec.json.Decoder()
_batch_decoder: Final = msgspec.json.Decoder(Batch)
_NUL_ESCAPE: Final = b"\\u0000"


def decode_report(raw: bytes) -> Report:
    """One report. Raises InvalidReport naming field and reason, TooLarge, BadRequest."""
    if len(raw) > MAX_REPORT_BYTES:
        raise TooLarge(f"the report is larger than {MAX_REPORT_BYTES} bytes")
    report = _decode(raw, _report_decoder)
    # Fewer brackets than levels: nothing to check. Typical reports have five.
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        _check_depth(report)
    return tidy(report) if _NUL_ESCAPE in raw else report


def read_batch(body: bytes) -> Batch:
    """A batch. Raises BadRequest, TooLarge."""
    batch = _decode(body, _batch_decoder)
    if (count := len(batch.errors)) > MAX_BATCH_ITEMS:
        raise TooLarge(f"errors: {count} items, at most {MAX_BATCH_ITEMS} in one batch")
    return batch


def _decode(raw: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    try:
        return decoder.decode(raw)
    except RecursionError as error:
        raise _too_deep() from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _decode_leniently(raw, decoder, error)


def _decode_leniently(
    raw: bytes, decoder: "msgspec.json.Decoder[T]", first: msgspec.DecodeError | UnicodeDecodeError
) -> T:
    """Second chance for what strict JSON refuses and real clients send: NaN and Infinity (Python's
    json), numbers beyond double, lone surrogates, broken UTF-8, a byte order mark.

    Such values become strings or U+FFFD. Raises the error of the strict attempt otherwise.
    """
    try:
        loose: object = json.loads(
            raw.decode("utf-8-sig", "replace"), parse_constant=str, parse_float=_finite
        )
        return msgspec.convert(_tidy(loose), decoder.type)
    except RecursionError as error:
        raise _too_deep() from error
    except msgspec.ValidationError as error:
        raise InvalidReport(_reason(error)) from error
    except ValueError:
        raise BadRequest(_reason(first)) from first


def loads(raw: bytes) -> Any:
    """Any JSON, leniently: strings hold no NUL and no lone surrogate, and what nests deeper than
    MAX_DEPTH is left out. Raises BadRequest."""
    value = _decode(raw, _any_decoder)
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        _prune([value])
    return _tidy(value) if _NUL_ESCAPE in raw else value


def _prune(level: list[Any]) -> None:
    for _ in range(MAX_DEPTH):
        level = [child for value in level for child in _containers(value)]
    for value in level:
        value.clear()


def _containers(value: Any) -> list[Any]:
    """The objects and arrays in an object or array."""
    children: Iterable[Any] = ()
    if isinstance(value, dict):
        children = cast("JsonObject", value).values()
    elif isinstance(value, list):
        children = cast("list[Any]", value)
    return [child for child in children if isinstance(child, dict | list)]


def _finite(text: str) -> float | str:
    number = float(text)
    return text if number in {float("inf"), float("-inf")} else number


_REQUIRED: Final = re.compile(r"^Object missing required field `(\w+)`(?: - at `\$\.?(.*)`)?$")
_AT: Final = re.compile(r"^(.*) - at `(?:key in )?\$\.?(.*)`$", re.DOTALL)


def _reason(error: Exception) -> str:
    """msgspec's message with the field first: `errorCode: expected …`."""
    if isinstance(error, UnicodeDecodeError):
        return "the body is not UTF-8"
    text = str(error)
    if match := _REQUIRED.match(text):
        return f"{match[1]}: required"
    if match := _AT.match(text):
        return f"{match[2]}: {match[1][:1].lower()}{match[1][1:]}"
    return text.replace("JSON is malformed", "the body is not JSON").replace(
        "Input data was truncated", "the body is not JSON: it ends too early"
    )


def tidy(struct: S) -> S:
    """Replace in a Report or Event what PostgreSQL or msgpack cannot hold: NUL becomes U+FFFD,
    integers beyond 64 bits become strings."""
    values = {name: _tidy(getattr(struct, name)) for name in struct.__struct_fields__}
    return msgspec.structs.replace(struct, **values)


_INTEGER_MIN: Final = -(2**63)
_INTEGER_MAX: Final = 2**63 - 1


def _tidy(value: Any) -> Any:
    # An enum member is a str too, and must stay what it is.
    kind: type = type(value)  # pyright: ignore[reportUnknownVariableType] - of a stranger's JSON
    if kind is str:
        return _tidy_text(value)
    if kind is dict:
        return {_tidy_text(key): _tidy(item) for key, item in value.items()}
    if kind is list:
        return [_tidy(item) for item in value]
    if kind is int and not _INTEGER_MIN <= value <= _INTEGER_MAX:
        return str(value)
    return value


def _tidy_text(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _check_depth(report: Report) -> None:
    level: list[Any] = [
        value
        for name in (
            "request_headers",
            "request_body",
            "context",
            "browser_info",
            "device_info",
            "payload",
        )
        if (value := getattr(report, name)) is not None
    ]
    # The report itself is level 1.
    for _ in range(MAX_DEPTH):
        if not level:
            return
        level = [child for value in level for child in _containers(value)]
    raise _too_deep()


def _too_deep() -> InvalidReport:
    return InvalidReport(f"the report is nested deeper than {MAX_DEPTH} levels")
