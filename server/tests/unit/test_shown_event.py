"""What a page makes of an event: stacks, source, requests, text to copy."""

import re
import shlex
import subprocess
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from mana_errors.model.reading import EventDetail
from mana_errors.web.curl import curl, quote
from mana_errors.web.event import safe_link, show_event
from mana_errors.web.event_text import as_markdown, as_text
from mana_errors.web.highlight import MAX_SOURCE, highlight, language_of
from mana_errors.web.stack import MAX_SOURCED, show_exceptions

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LANGUAGES = ["", "python", "javascript", "typescript", "java", "go", "ruby", "php", "elixir"]
TAG = re.compile(r'<i class="[a-z]">|</i>')


def event(**values: Any) -> EventDetail:
    empty = dict.fromkeys(EventDetail.__struct_fields__)
    given = {
        "id": UUID(int=1), "app_id": "shop", "error_code": "X", "error_type": "TypeError",
        "message": "no such thing", "severity": "error", "fingerprint": "f", "weight": 1,
        "occurred_at": NOON, "received_at": NOON, "created_at": NOON,
        "grouping_hash": UUID(int=2), "protocol": "native",
    }  # fmt: skip
    return EventDetail(**{**empty, **given, **values})


def frame(function: str, *, own: bool = True, **more: Any) -> dict[str, Any]:
    return {"function": function, "file": "shop/cart.py", "line": 7, "inApp": own, **more}


def test_the_failing_call_comes_first_and_library_calls_are_folded() -> None:
    calls = [frame("main"), frame("lib1", own=False), frame("lib2", own=False), frame("total")]
    payload = {"platform": "python", "exceptions": [{"type": "E", "value": "v", "frames": calls}]}
    (shown,) = show_exceptions(event(payload=payload))
    assert [(run.in_app, [call.function for call in run.frames]) for run in shown.runs] == [
        (True, ["total"]),
        (False, ["lib2", "lib1"]),
        (True, ["main"]),
    ]


def test_the_main_exception_comes_before_its_causes() -> None:
    chain = [{"type": "Cause", "frames": [frame("a")]}, {"type": "Effect", "frames": [frame("b")]}]
    shown = show_exceptions(event(payload={"exceptions": chain}))
    assert [item.type for item in shown] == ["Effect", "Cause"]


def test_members_of_a_group_hang_below_it() -> None:
    def one(name: str, number: int, parent: int | None) -> dict[str, Any]:
        mechanism = {"id": number, "parentId": parent, "isGroup": parent is None}
        return {"type": name, "frames": [frame("f")], "mechanism": mechanism}

    chain = [one("Deep", 2, 1), one("Member", 1, 0), one("Group", 0, None)]
    shown = show_exceptions(event(payload={"exceptions": chain}))
    assert [(item.type, item.depth) for item in shown] == [("Group", 0), ("Member", 1), ("Deep", 2)]


def test_parents_that_go_round_in_circles_end() -> None:
    chain = [
        {"type": "A", "frames": [frame("f")], "mechanism": {"id": 0, "parentId": 1}},
        {"type": "B", "frames": [frame("f")], "mechanism": {"id": 1, "parentId": 0}},
    ]
    assert {item.depth for item in show_exceptions(event(payload={"exceptions": chain}))} == {2}


def test_stacks_that_came_as_text_are_read() -> None:
    text = "TypeError: no\n    at total (/srv/shop/cart.ts:7:3)\n    at run (node:internal/x:1:1)"
    (shown,) = show_exceptions(event(stack_trace=text))
    assert shown.type == "TypeError"
    assert [run.in_app for run in shown.runs] == [True, False]
    assert shown.runs[0].frames[0].place == "/srv/shop/cart.ts:7:3"


def test_what_is_no_stack_stays_text() -> None:
    shown = show_event(event(stack_trace="something went wrong"))
    assert shown.exceptions == ()
    assert shown.stack_text == "something went wrong"


def test_only_so_many_frames_show_their_source() -> None:
    calls = [frame(f"f{n}", contextLine="x = 1", vars={"x": "1"}) for n in range(200)]
    (shown,) = show_exceptions(event(payload={"exceptions": [{"type": "E", "frames": calls}]}))
    sourced = [call for run in shown.runs for call in run.frames if call.lines]
    assert len(sourced) == MAX_SOURCED
    assert sourced[0].function == "f199"


def test_source_lines_are_numbered_around_the_failing_one() -> None:
    call = frame("f", preContext=["a", "b"], contextLine="c", postContext=["d"])
    (shown,) = show_exceptions(event(payload={"exceptions": [{"type": "E", "frames": [call]}]}))
    lines = shown.runs[0].frames[0].lines
    assert [(line.number, str(line.html), line.current) for line in lines] == [
        (5, "a", False), (6, "b", False), (7, "c", True), (8, "d", False),
    ]  # fmt: skip


@given(st.recursive(st.none() | st.text(max_size=5) | st.integers() | st.booleans(), lambda inner:
       st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
           ["exceptions", "frames", "threads", "breadcrumbs", "request", "user", "contexts", "sdk",
            "mechanism", "vars", "contextLine", "preContext", "at", "data", "query", "os", "trace"]
       ), inner, max_size=4)))  # fmt: skip
def test_whatever_strangers_put_into_a_payload_is_shown_or_left_out(value: Any) -> None:
    payload = value if isinstance(value, dict) else {"exceptions": value, "breadcrumbs": [value]}
    show_event(event(payload=payload, request_url="/x", context={"x": value}))


@given(st.sampled_from(LANGUAGES), st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_coloured_lines_hold_the_escaped_text_and_nothing_else(
    language: str, lines: list[str]
) -> None:
    # the end of a line that Windows wrote is not shown
    lines = [line.replace("\n", " ").rstrip("\r") for line in lines]
    marked = highlight(language, tuple(lines))
    assert [TAG.sub("", str(line)) for line in marked] == [str(escape(line)) for line in lines]


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language])
def test_markup_in_source_is_text(language: str) -> None:
    evil = ("<script>alert(1)</script>", "'<img src=x onerror=alert(1)>'", '"</i><b>"')
    for line in highlight(language, evil):
        assert not re.search(r"<(?!i class=\"[a-z]\">|/i>)", str(line))


def test_long_source_is_not_worked_on() -> None:
    line = "return 1 " * MAX_SOURCE
    assert highlight("python", (line,)) == (escape(line),)


@pytest.mark.parametrize(
    ("file", "platform", "language"),
    [
        ("a/b.py", "", "python"),
        ("a.tsx", "javascript", "typescript"),
        ("app:///x", "node", "javascript"),
        ("Main.kt", "java", "kotlin"),
        ("x", "cobol", ""),
        ("evil.html", "", ""),
    ],
)
def test_the_language_follows_the_file_then_the_platform(
    file: str, platform: str, language: str
) -> None:
    assert language_of(file, platform) == language


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_shell_reads_a_quoted_text_as_one_word(text: str) -> None:
    quoted = quote(text)
    assert quoted.isprintable()
    if text.isprintable():
        assert shlex.split(quoted) == [text]


@pytest.mark.parametrize("text", ["a'b\nc", "\x1b[31m", "\\n", "é\u2028ü", "\t$(id)`id`'", "@/x"])
def test_bash_reads_control_characters_as_they_were(text: str) -> None:
    said = subprocess.run(
        ["bash", "-c", f"printf %s {quote(text)}"],
        capture_output=True, check=True, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert said.stdout.decode() == text


def test_a_request_becomes_a_command() -> None:
    command = curl(
        "https://shop.example/x?q=1", "POST", {"Accept": "*/*", "Host": "h"}, {"a": "it's"}
    )
    assert command is not None
    assert shlex.split(command.replace("\\\n", "")) == [
        "curl", "--globoff", "--url", "https://shop.example/x?q=1", "-X", "POST",
        "-H", "Accept: */*", "--data-raw", '{"a":"it\'s"}',
    ]  # fmt: skip


def test_a_request_reads_no_file_of_whoever_runs_it() -> None:
    assert curl("file:///etc/passwd", "GET", None, None) is None
    command = curl("http://h/", "-o/tmp/x", {"@/etc/passwd": "x", "A\nB": "c"}, None)
    assert command == "curl --globoff --url http://h/"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " https://x", "https://x/\n", "data:text/html,x", "//x", "/x"]
)
def test_only_addresses_of_the_web_are_links(url: str) -> None:
    assert safe_link(url) is None


def test_an_event_is_copied_as_text() -> None:
    chain = [
        {"type": "KeyError", "value": "'x'", "frames": [frame("get", own=False)]},
        {"type": "CartError", "value": "empty", "frames": [frame("main"), frame("total")]},
    ]
    assert as_text(event(payload={"exceptions": chain})) == (
        "CartError: empty\n    at total (shop/cart.py:7)\n    at main (shop/cart.py:7)\n"
        "Caused by: KeyError: 'x'\n    at get (shop/cart.py:7)"
    )


def test_no_stranger_leaves_the_code_of_the_markdown() -> None:
    evil = "```\n# [x](javascript:alert(1)) @everyone\n````"
    text = as_markdown(event(message=evil, stack_trace=evil), "https://e.example/events/1")
    assert text.startswith("**TypeError: \\`\\`\\`**")
    assert f"`````\n{evil}\n`````" in text
