"""One bug has one signature, whether its stack comes as text or as frames."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from mana_errors.digest.frames import structured_stack
from mana_errors.digest.group import Telling, group, tell
from mana_errors.digest.parse import parse_stack
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.sentry.envelope import read_envelope
from mana_errors.ingest.sentry.event import read_event
from mana_errors.ingest.stamp import stamp, system_clock
from mana_errors.model.event import Event
from recordings import INDEX, load

CASES = [
    case
    for case in INDEX
    # Code given to eval has a position of its own in frames, and its caller's in text.
    if case["items"] == ["event"]
    and "eval" not in case["file"]
    and case.get("expect", {}).get("n_frames")
    and "expect" in case
]
V8 = """TypeError: no cart
    at Cart.total (file:///srv/shop/dist/cart.js:42:11)
    at async checkout (/srv/shop/dist/checkout.js:7:3)
    at new Order (/srv/shop/dist/order.js:9:1)
    at /srv/shop/dist/main.js:3:1
    at Layer.handle (/srv/shop/node_modules/express/lib/layer.js:95:5)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"""
# As @sentry/node 11 sends the same.
NODE = [
    ("node:internal/process/task_queues", "process.processTicksAndRejections", 95, False),
    ("/srv/shop/node_modules/express/lib/layer.js", "Layer.handle", 95, False),
    ("/srv/shop/dist/main.js", "?", 3, True),
    ("/srv/shop/dist/order.js", "new Order", 9, True),
    ("/srv/shop/dist/checkout.js", "async checkout", 7, True),
    ("/srv/shop/dist/cart.js", "Cart.total", 42, True),
]


def event_of(content: dict[str, Any]) -> Event:
    report = read_event(json.dumps(content).encode(), event_id=None, address=None)
    return stamp(report, "shop", Sender(), system_clock(timedelta(days=30)))


def told(text: str) -> Telling | None:
    return tell(parse_stack(text))


def test_node_and_our_own_client() -> None:
    """@sentry/node's frames and V8's text."""
    frames = [
        {"filename": file, "function": function, "lineno": line, "in_app": own, "module": "cart"}
        for file, function, line, own in NODE
    ]
    thrown = {"type": "TypeError", "value": "no cart", "stacktrace": {"frames": frames}}
    event = event_of({"platform": "node", "exception": {"values": [thrown]}})
    structured = tell(structured_stack(event))
    assert structured == told(V8)
    assert structured is not None
    assert structured.signature == (
        "dist/cart.js Cart.total | dist/checkout.js checkout | dist/order.js new Order"
        " | dist/main.js"
    )


def test_python_frames_and_traceback() -> None:
    """sentry-sdk's frames and Python's text; the standard library's frames say nothing."""
    text = (
        "Traceback (most recent call last):\n"
        '  File "/usr/lib/python3.11/asyncio/runners.py", line 9, in run\n    return x\n'
        '  File "/srv/app/shop/cart.py", line 42, in total\n    raise ValueError()\nValueError: no'
    )
    frames = [
        {"abs_path": "/usr/lib/python3.11/asyncio/runners.py", "filename": "asyncio/runners.py",
         "function": "run", "module": "asyncio.runners", "lineno": 9},
        {"abs_path": "/srv/app/shop/cart.py", "filename": "shop/cart.py", "function": "total",
         "module": "shop.cart", "lineno": 42, "in_app": True},
    ]  # fmt: skip
    thrown = {"type": "ValueError", "value": "no", "stacktrace": {"frames": frames}}
    event = event_of({"platform": "python", "exception": {"values": [thrown]}})
    assert tell(structured_stack(event)) == told(text)
    assert event.payload is not None
    assert [f["inApp"] for f in event.payload["exceptions"][0]["frames"]] == [False, True]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["file"])
def test_readable_stacks_tell_the_same(case: dict[str, Any]) -> None:
    """The text that we make of frames has the frames' signature."""
    item = next(item for item in read_envelope(load(case["file"])).items if item.kind == "event")
    report = read_event(item.payload, event_id=None, address=None)
    event = stamp(report, "shop", Sender(), system_clock(timedelta(days=30)))
    assert event.stack_trace is not None
    structured, text = tell(structured_stack(event)), told(event.stack_trace)
    assert structured is not None
    assert text is not None
    assert text.signature == structured.signature


def test_a_message_is_told_by_its_words_and_by_who_logged_it() -> None:
    """One function logs many things; with `attach_stacktrace` all have the same stack."""

    def hash_of(text: str, *params: str, function: str = "report") -> UUID:
        frames = [{"filename": "log.py", "function": function, "lineno": 3, "in_app": True}]
        stack = {"stacktrace": {"frames": frames}, "current": True}
        entry = {"message": text, "params": list(params)}
        event = event_of({"platform": "python", "logentry": entry, "threads": {"values": [stack]}})
        return group(event, tell(structured_stack(event))).grouping_hash

    assert hash_of("no stock of %s", "tea") == hash_of("no stock of %s", "milk")
    assert hash_of("no stock of %s", "tea") != hash_of("no price of %s", "tea")
    assert hash_of("no stock of %s", "tea") != hash_of("no stock of %s", "tea", function="sell")


DOTNET = [
    {"module": "System.Threading.Tasks.Task", "function": "Execute", "package": "CoreLib"},
    {"module": "Acme.Cart+<SumAsync>d__3", "function": "MoveNext", "package": "Acme, Version=1"},
]
COCOA = [
    {"function": "main", "package": "/Apps/1A2B/Shop.app/Shop", "instruction_addr": "0x1"},
    {"function": "Cart.total()", "package": "/Apps/1A2B/Shop.app/Shop", "instruction_addr": "0x2"},
]
# @sentry/react-native: a crash below JavaScript
MIXED = [
    {"filename": "app.js", "function": "<anonymous>", "platform": "javascript", "in_app": True},
    {"module": "com.acme.Bridge", "function": "call", "platform": "java", "in_app": True},
]


@pytest.mark.parametrize(
    ("platform", "frames", "signature", "culprit"),
    [
        ("csharp", DOTNET, "Acme.Cart SumAsync", "Acme.Cart+<SumAsync>d__3 in MoveNext"),
        ("cocoa", COCOA, "Shop.app/Shop Cart.total() | Shop.app/Shop main",
         "Shop.app/Shop in Cart.total()"),
        ("javascript", MIXED, "com.acme.Bridge call", "com.acme.Bridge in call"),
    ],
)  # fmt: skip
def test_calls_compiled_without_lines_tell(
    platform: str, frames: list[dict[str, Any]], signature: str, culprit: str
) -> None:
    """.NET without symbols, native code, obfuscated Java: the names say where it was."""
    thrown = {"type": "E", "stacktrace": {"frames": frames}}
    event = event_of({"platform": platform, "exception": {"values": [thrown]}})
    assert tell(structured_stack(event)) == Telling(signature, culprit)


def test_addresses_without_names_tell_by_their_place_in_the_library() -> None:
    """Which is the same wherever the library was loaded."""

    def told_at(base: int) -> Telling | None:
        frames = [
            {"instruction_addr": hex(base + 0x1000)},
            {"instruction_addr": hex(base + 0x2ABC)},
        ]
        image = {"code_file": "/data/app/x==/lib/libshop.so", "image_addr": hex(base)}
        images = [{**image, "image_size": 0x100000}, {"code_file": "b.so", "image_addr": "zz"}]
        thrown = {"type": "SIGSEGV", "stacktrace": {"frames": frames}}
        content = {"platform": "native", "exception": thrown, "debug_meta": {"images": images}}
        return tell(structured_stack(event_of(content)))

    wanted = Telling("lib/libshop.so +0x2abc | lib/libshop.so +0x1000", "lib/libshop.so in +0x2abc")
    assert told_at(0x7000000000) == told_at(0x5500000000) == wanted
