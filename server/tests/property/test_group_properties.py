"""Grouping, for any event and stack."""

import string
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from mana_errors.digest.group import MAX_TITLE, group, tell
from mana_errors.digest.normalize import (
    normalize_file,
    normalize_message,
    normalize_path,
    url_path,
)
from mana_errors.digest.parse import parse_stack
from mana_errors.model.event import Event
from mana_errors.model.stack import Frame, Stack

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)
URLS = TEXT | st.from_regex(r"(https?://[a-z.:0-9]{1,9})?(/[a-z0-9]{0,6}){0,4}(\?[a-z=&]*)?")
EVENTS = st.builds(
    Event,
    id=st.uuids(),
    occurred_at=st.just(NOW),
    received_at=st.just(NOW),
    app_id=TEXT,
    error_code=TEXT,
    error_type=TEXT,
    message=TEXT,
    request_url=st.none() | URLS,
    request_method=st.none() | TEXT,
    client_fingerprint=st.none() | TEXT,
    service_name=st.none() | TEXT,
)
FRAMES = st.builds(
    Frame,
    file=st.none() | TEXT | URLS,
    function=st.none() | TEXT,
    module=st.none() | TEXT,
    line=st.none() | st.integers(0, 9999),
    in_app=st.booleans(),
)
STACKS = st.lists(FRAMES, min_size=1, max_size=6).map(
    lambda frames: Stack("javascript", tuple(frames))
)
PATHS = st.from_regex(r"(/[a-z]{1,8}){1,3}", fullmatch=True)
NAMES = st.text(string.ascii_letters, min_size=1, max_size=12)


@given(event=EVENTS, stack=st.none() | STACKS)
def test_grouping_is_a_function_of_the_event(event: Event, stack: Stack | None) -> None:
    """No clock, no chance, nothing of what differs between occurrences; results are bounded."""
    later = msgspec.structs.replace(event, id=UUID(int=0), user_id="u", session_id="s")
    grouping = group(event, tell(stack))
    assert group(later, tell(stack)) == grouping
    assert len(grouping.title) <= MAX_TITLE
    assert len(grouping.culprit) <= MAX_TITLE
    assert grouping.components


@given(event=EVENTS, other=TEXT, stack=st.none() | STACKS)
def test_apps_share_no_issue(event: Event, other: str, stack: Stack | None) -> None:
    """The app is in the grouping hash, also where the client chose the fingerprint."""
    assume(other != event.app_id)
    elsewhere = msgspec.structs.replace(event, app_id=other)
    assert group(event, tell(stack)).grouping_hash != group(elsewhere, tell(stack)).grouping_hash
    ours, theirs = (
        group(msgspec.structs.replace(one, client_fingerprint=None), None).fingerprint
        for one in (event, elsewhere)
    )
    assert ours != theirs


@given(
    fields=st.tuples(TEXT, TEXT, TEXT, PATHS, TEXT), others=st.tuples(TEXT, TEXT, TEXT, PATHS, TEXT)
)
def test_fingerprints_differ_unless_all_five_are_the_same(
    fields: tuple[str, str, str, str, str], others: tuple[str, str, str, str, str]
) -> None:
    """The encoding of the five fields is unambiguous."""
    first, second = (
        Event(UUID(int=0), NOW, NOW, app, code, kind, "m", request_url=path, request_method=method)
        for code, kind, app, path, method in (fields, others)
    )
    assert (group(first, None).fingerprint == group(second, None).fingerprint) == (fields == others)


@given(event=EVENTS, path=PATHS, query=NAMES, host=NAMES)
def test_origin_and_query_do_not_matter(event: Event, path: str, query: str, host: str) -> None:
    """Only the path of a request counts."""
    plain = msgspec.structs.replace(event, request_url=path)
    full = msgspec.structs.replace(
        event, request_url=f"https://{host}:8080{path}?{query}=1#{query}"
    )
    assert group(full, None) == group(plain, None)


@given(
    event=EVENTS,
    calls=st.lists(st.tuples(NAMES, PATHS), min_size=1, max_size=8),
    moved=st.integers(1, 500),
    hosts=st.tuples(NAMES, NAMES),
    hashes=st.tuples(*[st.text("0123456789abcdef", min_size=8, max_size=8)] * 2),
)
def test_a_deploy_does_not_split_issues(
    event: Event,
    calls: list[tuple[str, str]],
    moved: int,
    hosts: tuple[str, str],
    hashes: tuple[str, str],
) -> None:
    """Lines, columns, origins, queries and content hashes change with it; calls do not."""
    # one in 10,000 such hashes has no digit and looks like a word
    assume(all(any(letter.isdigit() for letter in content) for content in hashes))

    def stack(line: int, host: str, content: str) -> Stack | None:
        lines = [
            f"    at {name} (https://{host}.test{path}-{content}.js?v={line}:{line}:{line})"
            for name, path in calls
        ]
        return parse_stack("\n".join(["Error: x", *lines]))

    before, after = stack(1, hosts[0], hashes[0]), stack(moved, hosts[1], hashes[1])
    assert group(event, tell(before)) == group(event, tell(after))


@given(event=EVENTS, number=st.integers(0, 10**9), other=st.integers(0, 10**9))
def test_numbers_do_not_split_issues(event: Event, number: int, other: int) -> None:
    """Neither in messages nor in paths."""

    def numbered(value: int) -> Event:
        return msgspec.structs.replace(
            event, message=f"order {value} is gone", request_url=f"/orders/{value}/items"
        )

    assert group(numbered(number), None).grouping_hash == group(numbered(other), None).grouping_hash


@given(text=st.text(max_size=300) | URLS)
def test_normalising_takes_any_text(text: str) -> None:
    """Never raises, and says the same every time."""
    for normalize in (normalize_file, normalize_message, normalize_path, url_path):
        assert normalize(text) == normalize(text)
    assert "?" not in url_path(text)
    assert "#" not in url_path(text)
