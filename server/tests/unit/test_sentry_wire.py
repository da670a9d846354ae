"""Envelopes, store bodies and the addresses of policies, as careless clients write them."""

import json
import zlib
from base64 import b64encode, encodebytes
from urllib.parse import quote_plus

import pytest

from mana_errors.errors import BadRequest
from mana_errors.ingest.routes import Wire, find_route
from mana_errors.ingest.sentry.envelope import read_envelope
from mana_errors.ingest.sentry.security import named_in
from mana_errors.ingest.sentry.store import read_store

EVENT = '{"message":"größer"}'.encode()
PACKED = zlib.compress(EVENT)
SESSION = b'{"type":"session"}\n{}'


def sized(length: object, payload: bytes = EVENT) -> bytes:
    return b'{"type":"event","length":%s}\n' % json.dumps(length).encode() + payload


@pytest.mark.parametrize(
    "items",
    [
        sized(len(EVENT)),
        sized(len(EVENT)) + b"\r",
        # characters, not bytes
        sized(len(EVENT.decode())),
        sized(None),
        sized("many"),
        b'{"type":"event"}\r\n' + EVENT + b"\r",
    ],
)
@pytest.mark.parametrize("head", [b"{}", b"\n\n{}", b"\r\n{}\r", b"\xef\xbb\xbf{}"])
def test_envelopes_of_careless_clients(head: bytes, items: bytes) -> None:
    """Every line end, lengths that are missing or too short, blank lines, a byte order mark."""
    envelope = read_envelope(head + b"\n" + items + b"\n" + SESSION)
    assert envelope.flaw is None
    assert [(item.kind, item.payload) for item in envelope.items] == [
        ("event", EVENT), ("session", b"{}"),
    ]  # fmt: skip


def test_an_empty_item_may_leave_out_its_line() -> None:
    """What follows is the next item."""
    for end in (b"\n", b""):
        empty = b'{"type":"attachment","length":0}\n' + end
        items = read_envelope(b"{}\n" + empty + SESSION).items
        assert [(item.kind, item.payload) for item in items] == [
            ("attachment", b""), ("session", b"{}"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("items", "flaw"),
    [
        (sized(99_999), "item 1 (event): 99999 bytes promised, 22 there"),
        (sized(-1), "item 1 (event): -1 bytes promised, 22 there"),
        (sized(3, b"a log file"), "item 1 (event): goes on behind its length of 3 bytes"),
        (b'{"type":', "item 1: its header: the body is not JSON: it ends too early"),
    ],
)
def test_an_item_that_cannot_be_told_from_what_follows_is_named(items: bytes, flaw: str) -> None:
    """And ends the reading."""
    assert read_envelope(b"{}\n" + items).flaw == flaw


@pytest.mark.parametrize(
    "body",
    [
        EVENT,
        b"\xef\xbb\xbf" + EVENT,
        PACKED,
        b64encode(EVENT),
        b64encode(PACKED),
        encodebytes(PACKED),
        b64encode(PACKED).replace(b"+", b"-").replace(b"/", b"_"),
        b"sentry_data=" + quote_plus(b64encode(PACKED)).encode(),
        b"sentry_version=7&data=" + quote_plus(EVENT).encode() + b"&x=1",
    ],
)
def test_store_bodies_of_old_clients(body: bytes) -> None:
    """JSON, base64 with and without lines, zlib, forms."""
    assert read_store(body, 1000) == EVENT


def test_a_store_body_of_something_else_is_refused() -> None:
    """And named."""
    with pytest.raises(BadRequest, match="neither JSON nor base64"):
        read_store(b"<xml/>", 1000)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (b"sentry_key=a&sentry_release=web%402&sentry_environment=prod",
         {"release": "web@2", "environment": "prod"}),
        (b"sentry_release=a%00b", {"release": "a\ufffdb"}),
        (b"sentry_environment=&x=%", {}),
        (b"a=1&" * 5000, {}),
    ],
)  # fmt: skip
def test_a_policys_address_may_name_release_and_environment(
    query: bytes, said: dict[str, str]
) -> None:
    """Browsers know neither."""
    assert named_in(query) == said


@pytest.mark.parametrize(
    "path", [b"//api/42/envelope/", b"/a//b/api/42/envelope", b"/api/42/envelope"]
)
def test_paths_of_dsns(path: bytes) -> None:
    """With whatever a proxy or a slash too many puts in front."""
    route = find_route(path)
    assert route is not None
    assert (route.wire, route.number) == (Wire.ENVELOPE, 42)
