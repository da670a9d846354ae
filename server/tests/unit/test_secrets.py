"""The server's key, and what it encrypts."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mana_errors.access import passwords
from mana_errors.config import Settings
from mana_errors.errors import BadRequest, BadSetting
from mana_errors.store.secrets import KEY_FILE, SecretBox, open_box

KEY = "k" * 32


def test_what_is_sealed_opens_only_where_it_is_kept() -> None:
    box = SecretBox(KEY)
    sealed = box.seal(b"seed", b"anna")
    assert b"seed" not in sealed
    assert box.open(sealed, b"anna") == b"seed"
    assert box.seal(b"seed", b"anna") != sealed
    for altered, context in (
        (sealed, b"berta"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), b"anna"),
        (b"\x02" + sealed[1:], b"anna"),
        (b"", b"anna"),
    ):
        with pytest.raises(BadSetting, match="another key"):
            box.open(altered, context)
    with pytest.raises(BadSetting):
        SecretBox("x" * 32).open(sealed, b"anna")


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    sealed = open_box(settings).seal(b"seed", b"")
    assert open_box(settings).open(sealed, b"") == b"seed"
    key = settings.data_dir / KEY_FILE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [path.name for path in settings.data_dir.iterdir()] == [KEY_FILE]


def test_processes_that_start_at_once_agree_on_a_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(16) as threads:
        boxes = list(threads.map(lambda _: open_box(settings), range(16)))
    sealed = boxes[0].seal(b"seed", b"")
    assert {box.open(sealed, b"") for box in boxes} == {b"seed"}


def test_the_setting_wins_over_the_file(tmp_path: Path) -> None:
    box = open_box(Settings(data_dir=tmp_path, secret_key=KEY))
    assert SecretBox(KEY).open(box.seal(b"seed", b""), b"") == b"seed"
    assert not (tmp_path / KEY_FILE).exists()


def test_the_decoy_costs_what_a_real_hash_costs() -> None:
    """Or the time of an answer would tell whether an address is a member's."""
    assert not passwords.is_outdated(passwords.DECOY)
    assert passwords.is_outdated(passwords.DECOY.replace("t=2", "t=1"))


@pytest.mark.parametrize("password", ["short", "x" * 257, "a" * 20, "Anna@Example.org"])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(BadRequest, match="password"):
        passwords.check_strength(password, "anna@example.org")


def test_a_long_sentence_is_a_good_password() -> None:
    passwords.check_strength("correct horse battery staple", "anna@example.org")
