"""The client hides what the server hides: no more, so that nothing is lost, and no less."""

import string
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from mana_errors.ingest.scrub import scrub
from mana_errors.ingest.scrub.names import is_secret_name as server_says
from mana_errors.model.event import Event
from mana_errors_sdk.scrub import MARKER, scrub_report
from mana_errors_sdk.scrub.names import is_secret_name

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = Event(
    id=UUID(int=1), occurred_at=NOW, received_at=NOW, app_id="chat",
    error_code="E1", error_type="Error", message="boom",
)  # fmt: skip
# Pieces that make secrets when they meet, so that random joins come close to every pattern.
PIECES = st.sampled_from(
    [
        "password", "Token", "api_key", "api key", "sid", "pin", "authorization", "cookie",
        "tokenCount", "Unexpected ", "=", ":", ": ", "=>", "%3D", '"', "'", "`", '\\"', "\\", "[",
        "]", "{", "(", "%5D", "&", " ", "\n", "\t", "ä", "-", "_", ".", "@", "/", "//", "Bearer ",
        "basic\t", "dXNlcjpwYXNz", "abc123def456", "eyJhbGciOi", "eyJzdWIi", "null",
        "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "https://", "user:pa@ss@host",
        "AKIAIOSFODNN7EXAMPLE", "sk-abcdefghijklmnopqrstuvwx", "ghp_abcdefghij0123456789",
        "4111111111111111", "4111 1111 1111 1111", "4111", "1111-1111-1111", "42", MARKER,
    ]
)  # fmt: skip
TEXT = st.lists(
    PIECES | st.text(alphabet=string.ascii_letters + string.digits + " .-_", max_size=4),
    max_size=10,
).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(text=TEXT)
@example(text="my token api key=abc")
def test_texts(text: str) -> None:
    """Character for character."""
    ours = scrub_report({"message": text})["message"]
    assert ours == scrub(msgspec.structs.replace(EVENT, message=text)).message


@given(body=st.dictionaries(TEXT, JSON, max_size=3))
def test_objects(body: dict[str, Any]) -> None:
    """Names, values, and what is hidden in one place and stands in another."""
    ours = scrub_report({"requestBody": body})["requestBody"]
    assert ours == scrub(msgspec.structs.replace(EVENT, request_body=body)).request_body


@given(name=TEXT | st.text(alphabet=string.ascii_letters + "-_. ", max_size=20))
def test_names(name: str) -> None:
    """One list of words."""
    assert is_secret_name(name) == server_says(name)


@given(text=TEXT, body=st.dictionaries(TEXT, JSON, max_size=3))
def test_scrubbing_twice_is_scrubbing_once(text: str, body: dict[str, Any]) -> None:
    """The spool may hold what was scrubbed, and the server scrubs again."""
    once = scrub_report({"message": text, "context": body})
    assert scrub_report(once) == once
