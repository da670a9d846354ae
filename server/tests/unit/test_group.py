"""Grouping: fingerprint, grouping hash, title and culprit."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from mana_errors.digest.group import (
    MAX_TITLE,
    SIGNATURE_FRAMES,
    group,
    tell,
)
from mana_errors.digest.normalize import normalize_file, normalize_message, normalize_path
from mana_errors.digest.parse import parse_stack
from mana_errors.model.event import Event
from mana_errors.model.stack import Frame, Stack

GOLDENS = json.loads(
    Path(__file__).parents[3].joinpath("protocol/fingerprint.json").read_text("utf-8")
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = Event(
    id=UUID(int=1),
    occurred_at=NOW,
    received_at=NOW,
    app_id="chat",
    error_code="VALIDATION_FAILED",
    error_type="AppError",
    message="order 17 has no price",
    request_url="https://chat.example/orders/17?x=1",
    request_method="POST",
)


def event(**fields: Any) -> Event:
    return msgspec.structs.replace(EVENT, **fields)


def stack(*calls: tuple[str, str], in_app: bool = True) -> Stack:
    frames = [Frame(file, function, line=1, in_app=in_app) for file, function in calls]
    return Stack("javascript", tuple(frames))


def hash_of(changed: Event, frames: Stack | None = None) -> UUID:
    return group(changed, tell(frames)).grouping_hash


@pytest.mark.parametrize("case", GOLDENS, ids=lambda case: case["name"])
def test_golden_fingerprint(case: dict[str, Any]) -> None:
    """protocol/fingerprint.json holds for the server, for all time."""
    given = case["input"]
    fields = event(
        error_code=given["errorCode"],
        error_type=given["errorType"],
        app_id=given["appId"],
        request_url=given.get("requestUrl"),
        request_method=given.get("requestMethod"),
    )
    assert group(fields, None).fingerprint == case["output"]
    assert group(fields, None).fingerprint == case["output"]


def test_version_1_is_pinned() -> None:
    """A change of these hashes would split every issue: it needs a new version and aliases."""
    cart = stack(("/srv/src/main.ts", "checkout"), ("/srv/src/cart.ts", "total"))
    assert str(hash_of(EVENT, cart)) == "dd54ded2-2d65-2dc1-133f-3b794959daa6"
    assert str(hash_of(EVENT)) == "6aad68b3-4333-9c24-2a2a-91e158e3d117"
    assert str(hash_of(event(client_fingerprint="mine"))) == "96f2d665-7cab-b7fc-504f-6c2402e899b3"


def test_components_say_why() -> None:
    """What was hashed, in order, readable."""
    cart = stack(("/srv/src/main.ts", "checkout"), ("/srv/src/cart.ts", "total"))
    assert group(EVENT, tell(cart)).components == (
        ("code", "VALIDATION_FAILED"),
        ("type", "AppError"),
        ("method", "POST"),
        ("path", "/orders/<id>"),
        ("stack", "src/cart.ts total | src/main.ts checkout"),
    )
    assert group(EVENT, None).components[-1] == ("message", "order <n> has no price")


def test_the_clients_fingerprint_decides_alone() -> None:
    """Whatever the event says, it is in the issue that the client named."""
    mine = group(event(client_fingerprint="mine"), None)
    other = group(
        event(client_fingerprint="mine", error_type="Other", message="x"), tell(stack(("a", "b")))
    )
    assert (mine.grouping_hash, mine.fingerprint) == (other.grouping_hash, "mine")
    assert mine.components == (("client", "mine"),)


def test_default_in_the_clients_fingerprint_refines_ours() -> None:
    """`{{ default }}` stands for our own hash, so the client can split issues further."""
    split = event(client_fingerprint="{{ default }} tenant-a")
    assert hash_of(split) == hash_of(event(client_fingerprint="{{default}} tenant-a"))
    assert hash_of(split) != hash_of(event(client_fingerprint="{{ default }} tenant-b"))
    assert hash_of(split) != hash_of(msgspec.structs.replace(split, error_type="Other"))


def test_the_message_counts_only_without_a_stack() -> None:
    """Two texts of one failing line are one problem."""
    cart = stack(("cart.ts", "total"))
    assert hash_of(event(message="a"), cart) == hash_of(event(message="b"), cart)
    assert hash_of(event(message="a")) != hash_of(event(message="b"))
    assert hash_of(event(message="order 1 gone")) == hash_of(event(message="order 2 gone"))


def test_library_frames_count_only_when_alone() -> None:
    """A library's new inner calls do not split an issue of the app."""
    own, library = Frame("a.ts", "f", line=1, in_app=True), Frame("lib.js", "g", "lib", line=1)
    both = Stack("javascript", (own, library))
    assert hash_of(EVENT, both) == hash_of(EVENT, Stack("javascript", (own,)))
    assert group(EVENT, tell(Stack("javascript", (library,)))).components[-1] == ("stack", "lib g")


def test_a_stack_without_positions_is_no_stack() -> None:
    """`Array.map (<anonymous>)` alone says nothing: the message decides."""
    native = Stack("javascript", (Frame("<anonymous>", "Array.map"),))
    assert hash_of(EVENT, native) == hash_of(EVENT)


def test_the_depth_of_a_recursion_does_not_matter() -> None:
    """A call repeated in a row stands once."""
    walk = ("tree.ts", "walk")
    assert hash_of(EVENT, stack(walk, walk, walk)) == hash_of(EVENT, stack(walk))


def test_the_signature_is_bounded() -> None:
    """Calls far from the failing one do not count."""
    calls = [(f"f{number}x.ts", "call") for number in range(SIGNATURE_FRAMES + 9)]
    assert hash_of(EVENT, stack(*calls)) == hash_of(EVENT, stack(*calls[5:]))
    assert hash_of(EVENT, stack(*calls)) != hash_of(EVENT, stack(*calls[:-1]))


def test_title_and_culprit() -> None:
    """Type and first line of the message; the failing call, else the request, else the service."""
    failing = stack(("https://x.test/app/cart.ts", "total"))
    assert group(event(message="boom\nmore"), tell(failing)).title == "AppError: boom"
    assert group(event(message=""), None).title == "AppError"
    assert group(EVENT, tell(failing)).culprit == "app/cart.ts in total"
    assert group(EVENT, None).culprit == "POST /orders/<id>"
    bare = event(request_url=None, service_name="chat-backend")
    assert group(bare, None).culprit == "chat-backend"
    assert group(event(request_url=None), None).culprit == ""


def test_title_and_culprit_are_bounded() -> None:
    """One line of a list, whatever the event holds."""
    long = group(event(message="x" * 5000), tell(stack(("f" * 5000, "g" * 5000))))
    assert len(long.title) == MAX_TITLE
    assert long.title.endswith("…")
    assert len(long.culprit) <= MAX_TITLE


def test_recorded_stacks_find_their_line() -> None:
    """From the text of a stack to the call that failed."""
    text = (
        "TypeError: order 17 has no price\n"
        "    at OrdersService.pay (file:///srv/nest/test/main.ts:55:27)\n"
        "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"
    )
    assert group(EVENT, tell(parse_stack(text))).culprit == "test/main.ts in OrdersService.pay"


@pytest.mark.parametrize(
    ("file", "normal"),
    [
        ("https://a.test/assets/index-BxK3d9f2.js?v=3", "assets/index-<hash>.js"),
        ("main.4f3a2b1c.chunk.js", "main.<hash>.chunk.js"),
        ("app.min.js?v=3", "app.min.js"),
        ("http://127.0.0.1:9300/_app/immutable/nodes/2.D97KdITo.js", "nodes/2.<hash>.js"),
        ("/x/chunks/CgejPUsn.js", "chunks/<hash>.js"),
        ("/x/chunks/4.D_0NJ9AY.js", "chunks/4.<hash>.js"),
        ("chunk-7QJ3HKXZ.js", "chunk-<hash>.js"),
        ("index-B-x3d9f2.js", "index-<hash>.js"),
        ("polyfills-42372ed130431b0a.js", "polyfills-<hash>.js"),
        ("file:///srv/build/cart.js-CgejPUsn.js", "build/cart.js-<hash>.js"),
        ("/p/page-404.js", "p/page-404.js"),
        ("/p/CartPage.js", "p/CartPage.js"),
        ("/p/user-settings.js", "p/user-settings.js"),
        ("webpack:///./src/a.ts?ab12", "src/a.ts"),
        ("C:\\app\\shop\\cart.py", "shop/cart.py"),
        ("/srv/releases/20260101120000/app.js", "<id>/app.js"),
        ("<anonymous>", "<anonymous>"),
        ("", ""),
    ],
)
def test_files_lose_origin_query_and_content_hash(file: str, normal: str) -> None:
    """A deploy changes these, and must not split issues; words that look similar stay."""
    assert normalize_file(file) == normal


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("/orders/17?x=1", "/orders/<id>"),
        ("https://x.test/a/550e8400-e29b-41d4-a716-446655440000/b#f", "/a/<id>/b"),
        ("/v1/users/cus_NffrFeUfNV2Hib", "/v1/users/<id>"),
        ("/u/me%40x.test/2026-01-02", "/u/<id>/<id>"),
        ("/f/3f2a9c1b77aa.png", "/f/<id>.png"),
        ("/a/iphone15pro-max/how-to-2024", "/a/iphone15pro-max/how-to-2024"),
        ("https://x.test", "/"),
        ("http://[::1", "/"),
        ("", ""),
    ],
)
def test_path_parameters_are_normalised(url: str, normal: str) -> None:
    """Numbers, UUIDs, hashes, dates, addresses and opaque tokens."""
    assert normalize_path(url) == normal


@pytest.mark.parametrize(
    ("message", "normal"),
    [
        ("Cannot read properties of undefined (reading 'amount')",
         "Cannot read properties of undefined (reading <quoted>)"),
        ("order 17 has no price", "order <n> has no price"),
        ("550e8400-e29b-41d4-a716-446655440000 at 10.0.0.1:80 took 12.5ms",
         "<id> at <ip> took <n>ms"),
        ("can't find user's \"x\" at https://x.test/a?b=1",
         "can't find user's <quoted> at <url>"),
        ("bob@x.test 2026-01-02T10:00:00Z 0xdeadbeef deadbeef12 cus_NffrFeUfNV2Hib",
         "<email> <date> <n> <n> <id>"),
        ("utf8 E11000 std::vector connect-timeout-5000",
         "utf8 E11000 std::vector connect-timeout-<n>"),
        ("a\n  b", "a b"),
    ],
)  # fmt: skip
def test_messages_lose_their_values(message: str, normal: str) -> None:
    """What differs between occurrences goes, what names the problem stays."""
    assert normalize_message(message) == normal
