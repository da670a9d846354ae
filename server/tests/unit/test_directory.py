"""The directory's snapshot, and what may be set about an app."""

import json
import logging
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mana_errors.errors import BadRequest
from mana_errors.model.app import (
    EMPTY_DIRECTORY,
    AppSettings,
    Directory,
    Filters,
    KnownApp,
    Quota,
)
from mana_errors.model.app_change import AppChange, NewApp, merged, stored
from mana_errors.model.app_reading import dsn
from mana_errors.store.directory import DirectoryKeeper, read_snapshot, write_snapshot

SETTINGS = AppSettings(require_key=True, filters=Filters(messages=("*timeout*",), crawlers=True))
KEY = "0123456789abcdef" * 2
DIRECTORY = Directory(
    7,
    {
        "chat": KnownApp("chat", 1, SETTINGS, datetime(2026, 1, 1, tzinfo=UTC), Quota.DAY),
        "ü": KnownApp("ü", 2**53 - 1, AppSettings()),
    },
    {KEY: "chat"},
)
DOCS = Path(__file__).parents[3] / "docs" / "apps.md"
ROW = re.compile(r"^\| `(\w+)` \| (?:`(.*?)`|none) \|", re.MULTILINE)
NOWHERE = "postgresql://nobody@/none?host=/nonexistent"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "directory"


def test_a_worker_starts_with_what_the_last_one_knew(path: Path) -> None:
    """Without a database."""
    write_snapshot(path, DIRECTORY)
    assert DirectoryKeeper(NOWHERE, path).current == DIRECTORY
    assert DIRECTORY.numbered(1) == DIRECTORY.apps["chat"]


def test_the_snapshot_is_the_owner_s_and_leaves_nothing_beside_it(path: Path) -> None:
    write_snapshot(path, EMPTY_DIRECTORY)
    write_snapshot(path, DIRECTORY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_without_a_snapshot_nothing_is_known(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As on every first start: nothing to warn of."""
    assert DirectoryKeeper(NOWHERE, path).current == EMPTY_DIRECTORY
    assert caplog.messages == []


@given(st.data())
def test_a_damaged_snapshot_is_ignored(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Cut at any byte, or any byte changed: never an error, never half of it."""
    path = tmp_path_factory.mktemp("snapshot") / "directory"
    write_snapshot(path, DIRECTORY)
    whole = path.read_bytes()
    position = data.draw(st.integers(0, len(whole) - 1))
    flip = data.draw(st.integers(0, 255))
    changed = bytes([whole[position] ^ flip]) + whole[position + 1 :] if flip else b""
    path.write_bytes(whole[:position] + changed)
    assert read_snapshot(path) == EMPTY_DIRECTORY


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"mana-directory-0\n" + msgspec.msgpack.encode(DIRECTORY),
        msgspec.msgpack.encode(DIRECTORY),
    ],
)
def test_another_format_is_ignored_with_a_warning(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert read_snapshot(path) == EMPTY_DIRECTORY
    assert "the directory's snapshot is ignored" in caplog.text


def test_a_release_with_other_fields_is_ignored(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Intact bytes that mean something else."""
    other = {"version": 1, "apps": {"chat": {"id": "chat", "settings": {"later": 1}}}, "keys": {}}
    encode = msgspec.msgpack.encode
    monkeypatch.setattr(msgspec.msgpack, "encode", lambda _: encode(other))
    write_snapshot(path, DIRECTORY)
    assert read_snapshot(path) == EMPTY_DIRECTORY


def test_what_cannot_be_read_is_ignored(path: Path) -> None:
    path.mkdir()
    assert read_snapshot(path) == EMPTY_DIRECTORY


def test_a_failed_write_keeps_the_old_snapshot(path: Path) -> None:
    """And leaves nothing half written."""
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_snapshot(path, DIRECTORY)
    assert list(path.parent.iterdir()) == [path]


def test_settings_are_merged_field_by_field() -> None:
    changed = merged(SETTINGS, {"rateBurst": 5, "filters": {"crawlers": False, "types": ["A*"]}})
    assert changed == AppSettings(
        require_key=True, rate_burst=5, filters=Filters(messages=("*timeout*",), types=("A*",))
    )
    assert merged(SETTINGS, {}) == SETTINGS


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"nosuch": 1}, "nosuch"),
        ({"filters": {"nosuch": 1}}, "nosuch"),
        ({"filters": None}, "$.filters"),
        ({"requireKey": "yes"}, "$.requireKey"),
        ({"rateBurst": -1}, "$.rateBurst"),
        ({"filters": {"messages": ["a\0b"]}}, "$.filters.messages[0]"),
        ({"filters": {"messages": [""]}}, "$.filters.messages[0]"),
        ({"filters": {"environments": [""]}}, "$.filters.environments[0]"),
        ({"filters": {"addresses": ["203.0.113.0/99"]}}, "$.filters.addresses"),
        ({"filters": {"addresses": ["203.0.113.7/24"]}}, "$.filters.addresses"),
        ({"filters": {"addresses": ["example.org"]}}, "$.filters.addresses"),
        ({"allowedOrigins": ["https://a.example", "example.org"]}, "'example.org'"),
        ({"allowedOrigins": ["https://example.org/"]}, "$.allowedOrigins"),
        ({"allowedOrigins": ["https://Example.org"]}, "$.allowedOrigins"),
        ({"allowedOrigins": ["https://*"]}, "$.allowedOrigins"),
        ({"allowedOrigins": ["https://a.*.org"]}, "$.allowedOrigins"),
        ({"allowedOrigins": ["https://a.example\n"]}, "$.allowedOrigins"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(BadRequest) as caught:
        merged(SETTINGS, change)
    assert str(caught.value).startswith("settings: ")
    assert named in str(caught.value)


def test_origins_and_networks_that_make_sense() -> None:
    origins = [
        "*", "https://example.org", "http://localhost:5173", "https://*.example.org",
        "http://[::1]:3000", "capacitor://localhost", "chrome-extension://abcdef", "http://my_box",
    ]  # fmt: skip
    addresses = ["203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "::1"]
    changed = merged(SETTINGS, {"allowedOrigins": origins, "filters": {"addresses": addresses}})
    assert list(changed.allowed_origins) == origins
    assert list(changed.filters.addresses) == addresses


def test_what_is_merged_can_be_stored_and_read() -> None:
    """Through the JSON of a row; a later release's fields are left out."""
    row = msgspec.json.decode(msgspec.json.encode(SETTINGS))
    assert stored(row) == SETTINGS
    row["filters"]["later"] = row["later"] = 1
    assert stored(row) == SETTINGS
    assert stored({}) == AppSettings()


@pytest.mark.parametrize(
    "app",
    [
        {}, {"id": ""}, {"id": "a" * 51}, {"id": "a\0"}, {"id": "a", "number": 0},
        {"id": "a", "number": 2**53}, {"id": "a", "key": "ABCDEF0123456789" * 2},
        {"id": "a", "key": KEY + "\n"}, {"id": "a", "key": KEY[1:]}, {"id": "a", "name": ""},
        {"id": "a", "nosuch": 1},
    ],
)  # fmt: skip
def test_an_app_that_makes_no_sense_cannot_be_made(app: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(app, NewApp)


def test_an_empty_change_is_none() -> None:
    assert msgspec.json.decode(b"{}", type=AppChange) == AppChange()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://localhost:3001", f"http://{KEY}@localhost:3001/42"),
        ("https://errors.example.org", f"https://{KEY}@errors.example.org/42"),
    ],
)
def test_a_dsn_names_key_host_and_number(address: str, expected: str) -> None:
    assert dsn(42, KEY, address) == expected


def test_apps_md_documents_every_setting_with_its_default() -> None:
    """In the code's order; those inside filters in a table of their own."""
    documented = ROW.findall(DOCS.read_text(encoding="utf-8"))
    settings = json.loads(msgspec.json.encode(AppSettings()))
    filters = settings.pop("filters")
    expected = [(name, json.dumps(value)) for name, value in settings.items()]
    expected.append(("filters", ""))
    assert documented == [*expected, *((name, json.dumps(v)) for name, v in filters.items())]
