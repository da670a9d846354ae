"""Scrubbing, for any event."""

import string
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from mana_errors.ingest.scrub import MARKER, scrub
from mana_errors.ingest.scrub.effort import Effort
from mana_errors.ingest.scrub.patterns import ALL_CLEANERS, possible_cleaners
from mana_errors.model.event import Event

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = Event(
    id=UUID(int=1),
    occurred_at=NOW,
    received_at=NOW,
    app_id="chat",
    error_code="E1",
    error_type="Error",
    message="boom",
)

ALNUM = string.ascii_letters + string.digits
# Pieces that make secrets when they meet, so that random joins come close to every pattern.
PIECES = st.sampled_from(
    [
        "password", "Token", "api_key", "sid", "pin", "authorization", "cookie", "tokenCount",
        "=", ":", ": ", "=>", "%3D", '"', "'", "`", '\\"', "\\", "[", "]", "{", "(", "%5D", "&",
        " ", "\n", "\t", "\x0b", "\x1f", "\0", "\u2028", "ä", "-", "_", ".", "@", "/", "//",
        "Bearer ", "basic\t", "dXNlcjpwYXNz", "abc123def456", "eyJhbGciOi", "eyJzdWIi",
        "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "https://", "user:pa@ss@host",
        "AKIAIOSFODNN7EXAMPLE", "sk-abcdefghijklmnopqrstuvwx", "ghp_abcdefghij0123456789",
        "4111111111111111", "4111 1111 1111 1111", "4111", "1111-1111-1111", "42", MARKER,
    ]
)  # fmt: skip
TRICKY = st.lists(PIECES | st.text(alphabet=st.characters(codec="utf-8"), max_size=5), max_size=12)
TEXT = TRICKY.map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=3)


def clean(text: str) -> str:
    encoded = text.encode()
    for cleaner in ALL_CLEANERS:
        encoded = cleaner(encoded, Effort())
    return encoded.decode()


@given(text=TEXT)
def test_the_search_over_json_misses_nothing(text: str) -> None:
    """What a cleaner would change, the search over the encoded event announces."""
    announced = possible_cleaners(msgspec.json.encode({"key": [text]}))
    for cleaner in ALL_CLEANERS:
        assert cleaner in announced or cleaner(text.encode(), Effort()) == text.encode()


@given(text=TEXT, body=OBJECTS)
def test_scrubbing_twice_is_scrubbing_once(text: str, body: dict[str, Any]) -> None:
    """Idempotent: a marker is never taken for a secret, nor does it make one of its neighbours."""
    once = scrub(msgspec.structs.replace(EVENT, message=text, request_body=body))
    assert scrub(once) == once


# The part that must not survive, and how it is written.
PLANTED = st.tuples(
    st.text(ALNUM, min_size=10, max_size=40),
    st.sampled_from([
        "Bearer {}", "sk-0123456789{}", "ghp_01234567890{}", "AKIA0123456789ABCDEF{}",
        "password={}", '"client_secret": "{}"', "{{'api_key': '{}'}}", "?token={}&x=1",
        "https://bob:{}@host", "eyJhbGciOi.{}.x", "Cookie: a={}; b=2", "API key: {}",
        "-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\n{}",
    ]),
) | st.tuples(
    st.sampled_from(["4111 1111 1111 1111", "5555555555554444", "3782-822463-10005"]),
    st.just("card {}"),
)  # fmt: skip


@given(
    planted=PLANTED,
    before=st.text(max_size=20, alphabet=st.characters(codec="utf-8", categories=["Lo", "So"])),
    behind=st.text(max_size=20, alphabet=st.characters(codec="utf-8", categories=["Lo", "So"])),
    escaped=st.sampled_from([" ", "\n", "\t", " \x1b"]),
)
def test_no_planted_secret_survives(
    planted: tuple[str, str], before: str, behind: str, escaped: str
) -> None:
    """Wherever it stands in an event, by itself or inside other text."""
    secret, form = planted
    text = f"{before}{escaped}{form.format(secret)} {behind}"
    event = msgspec.structs.replace(
        EVENT,
        message=text,
        stack_trace=f"Error: {text}\n    at f (a.js:1:2)",
        user_agent=text,
        context={"list": [{"note": text}], text: 1},
    )
    kept = msgspec.json.decode(msgspec.json.encode(scrub(event)))
    # without id and times, which may look like a simple secret
    assert secret not in str(kept[3:])


@given(
    name=st.sampled_from(["password", "api_key", "token", "secret", "authorization", "cookie"]),
    style=st.sampled_from([str.upper, str.title, lambda name: name.replace("_", "-")]),
    value=st.text(min_size=1) | st.integers() | st.lists(st.integers(), min_size=1),
    depth=st.integers(min_value=0, max_value=20),
)
def test_a_secret_field_is_hidden_at_any_depth(
    name: str, style: Any, value: object, depth: int
) -> None:
    """The contract: any depth, any letter case, any separator."""
    body: dict[str, Any] = {style(name): value}
    for level in range(depth):
        body = {"a": body} if level % 2 else {"a": [body]}
    inner: Any = scrub(msgspec.structs.replace(EVENT, request_body=body)).request_body
    while "a" in inner:
        inner = inner["a"][0] if isinstance(inner["a"], list) else inner["a"]
    assert inner == {style(name): MARKER}


# Words that belong to no pattern, and no sign that ties a name to a value.
SAFE = st.lists(
    st.text(alphabet=string.ascii_letters + "äöü ,.;!?\n", max_size=12)
    | st.integers(min_value=0, max_value=10**11).map(str),
    max_size=10,
).map(" | ".join)


@given(text=SAFE, value=st.integers(-(10**12), 10**12) | st.floats(allow_nan=False))
def test_text_without_secrets_is_untouched(text: str, value: float) -> None:
    """Byte for byte, and without a copy."""
    event = msgspec.structs.replace(
        EVENT, message=text, stack_trace=text, context={"note": [text, value], "n": value}
    )
    assert scrub(event) is event


@given(identifier=st.uuids(), time=st.integers(0, 2 * 10**12 - 1), moment=st.datetimes())
def test_ids_and_times_are_no_card_numbers(identifier: UUID, time: int, moment: datetime) -> None:
    """UUIDs, milliseconds since 1970 and ISO dates stay readable."""
    text = f"{identifier} {time} {moment.isoformat()} {moment}"
    assert clean(text) == text
