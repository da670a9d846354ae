"""The spool: what is on the disk survives, comes once, and damage costs only itself."""

import errno
import os
import stat
import sys

import pytest

from mana_errors_sdk.spool import Spool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")

LARGE = 10**6


def spool(folder, max_bytes=LARGE, fsync=False):
    return Spool(str(folder), max_bytes, fsync=fsync)


def report(number):
    return b'{"n":%d}' % number


def die(owner):
    """As if its process had been killed: the kernel drops the lock, the file stays."""
    for file in [owner._own, *owner._adopted]:
        if file is not None:
            os.close(file._descriptor)


def drain(owner):
    """Everything, batch by batch, as if all of it had been sent."""
    found = []
    while not owner.is_empty():
        batch = owner.batch()
        found += batch
        owner.remove([], len(batch))
    return found


def test_reports_come_in_order_and_once(tmp_path):
    """Also over several batches."""
    owner = spool(tmp_path)
    for number in range(250):
        assert owner.add(report(number))
    assert drain(owner) == [report(number) for number in range(250)]
    assert owner.is_empty()


def test_a_sent_spool_leaves_nothing_behind(tmp_path):
    """The file is emptied at once, and removed at the end."""
    owner = spool(tmp_path)
    owner.add(report(1))
    drain(owner)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size == 0
    owner.close()
    assert not list(tmp_path.iterdir())


def test_the_next_process_takes_over(tmp_path):
    """What a dead one left is sent first; its file goes."""
    dead = spool(tmp_path)
    for number in range(3):
        dead.add(report(number))
    die(dead)
    heir = spool(tmp_path)
    heir.add(report(9))
    assert drain(heir) == [report(0), report(1), report(2), report(9)]
    heir.close()
    assert not list(tmp_path.iterdir())


def test_the_living_keep_theirs(tmp_path):
    """Nobody takes a file whose process lives."""
    one, two = spool(tmp_path), spool(tmp_path)
    one.add(report(1))
    two.add(report(2))
    assert drain(two) == [report(2)]
    assert drain(one) == [report(1)]


def test_one_heir_is_enough(tmp_path):
    """Two processes that start at once do not both send it."""
    dead = spool(tmp_path)
    dead.add(report(1))
    die(dead)
    one, two = spool(tmp_path), spool(tmp_path)
    assert [drain(one), drain(two)] == [[report(1)], []]


def test_a_part_that_was_sent_does_not_come_again_to_the_same_process(tmp_path):
    """Only what follows."""
    owner = spool(tmp_path)
    for number in range(150):
        owner.add(report(number))
    owner.remove([], len(owner.batch()))
    assert owner.batch() == [report(number) for number in range(100, 150)]


def test_what_is_kept_comes_again_behind_the_others(tmp_path):
    """A report that failed beside others."""
    owner = spool(tmp_path)
    for number in range(3):
        owner.add(report(number))
    batch = owner.batch()
    owner.remove([batch[1]], 2)
    assert drain(owner) == [report(2), report(1)]


@pytest.mark.parametrize(
    "damage",
    [
        b'{"n":1}\n{"torn', b'{"n":1}\n\xff\xff\xff\n', b"\0" * 100 + b'\n{"n":1}\n',
        b'{"n":1}\n{"n": }\n', b"{bad}\n" * 300 + b'{"n":1}\n', b'{"n":1}\n' + b"x" * 3_000_000,
        b'[1]\n{"n":1}\n\n\n',
    ],
)  # fmt: skip
def test_damage_costs_only_itself(tmp_path, damage):
    """Torn ends, zeros, rubbish: the whole reports among it are sent."""
    (tmp_path / "00-1.spool").write_bytes(damage)
    heir = spool(tmp_path)
    assert drain(heir) == [report(1)]
    assert not list(tmp_path.glob("*.spool"))


def test_nothing_but_damage(tmp_path):
    """Then there is nothing to send, and the file goes."""
    (tmp_path / "00-1.spool").write_bytes(b"rubbish")
    heir = spool(tmp_path)
    assert not heir.is_empty()
    assert heir.batch() == []
    assert heir.is_empty()
    assert not list(tmp_path.iterdir())


def test_the_spool_is_bounded(tmp_path):
    """Above that one batch is held in memory; then there is no place any more."""
    owner = spool(tmp_path, max_bytes=100)
    taken = sum(owner.add(report(number)) for number in range(1000))
    assert taken == 12 + 100
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size <= 100
    assert drain(owner) == [report(number) for number in range(112)]


def test_a_full_disk_falls_back_to_memory(tmp_path, monkeypatch):
    """Nothing raises, nothing half is left, and what came meanwhile is sent."""
    owner = spool(tmp_path)
    owner.add(report(0))
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: real(fd, data[:3], at))
    assert owner.add(report(1))
    monkeypatch.setattr(os, "pwrite", _no_space)
    assert owner.add(report(2))
    monkeypatch.setattr(os, "pwrite", real)
    assert owner.add(report(3))
    assert drain(owner) == [report(0), report(3), report(1), report(2)]


def _no_space(*_args):
    raise OSError(errno.ENOSPC, "no space left on device")


def test_a_folder_that_cannot_be_made_falls_back_to_memory(tmp_path):
    """A file stands in its place."""
    (tmp_path / "taken").write_text("")
    owner = spool(tmp_path / "taken" / "spool")
    assert owner.add(report(1))
    assert drain(owner) == [report(1)]


def test_only_the_owner_may_read(tmp_path):
    """Reports hold people's data."""
    owner = spool(tmp_path / "new")
    owner.add(report(1))
    (file,) = (tmp_path / "new").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize("fsync", [True, False])
def test_fsync_is_a_choice(tmp_path, monkeypatch, fsync):
    """Once for all that was added."""
    calls = []
    monkeypatch.setattr(os, "fsync", calls.append)
    owner = spool(tmp_path, fsync=fsync)
    owner.add(report(1))
    owner.add(report(2))
    owner.sync()
    owner.sync()
    assert len(calls) == fsync
    owner.add(report(3))
    owner.sync()
    assert len(calls) == 2 * fsync


def test_a_disk_that_does_not_sync_stops_nothing(tmp_path, monkeypatch):
    """What it wrote is sent."""
    monkeypatch.setattr(os, "fsync", _no_space)
    owner = spool(tmp_path, fsync=True)
    owner.add(report(1))
    owner.sync()
    assert drain(owner) == [report(1)]


def test_what_is_kept_but_finds_no_place_is_told(tmp_path, monkeypatch):
    """Somebody counts it."""
    owner = spool(tmp_path)
    for number in range(3):
        owner.add(report(number))
    batch = owner.batch()
    monkeypatch.setattr(os, "pwrite", _no_space)
    while owner.add(report(9)):
        pass
    assert owner.remove(batch[:2], 3) == 2
