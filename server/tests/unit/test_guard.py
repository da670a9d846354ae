"""What a worker does before it is too much for it."""

import pytest

from mana_errors.config import Settings
from mana_errors.errors import Overloaded
from mana_errors.ingest.guard import FREE_BYTES, Guard, Held, resident_bytes

MAX = 2**27


class Site:
    """A guard with a clock and a memory that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.memory = 0
        settings = Settings(max_memory_bytes=MAX, max_connections=16)
        self.guard = Guard(settings, lambda: self.memory, lambda: self.now)

    def states(self) -> dict[str, bool]:
        return {check.name: check.ok for check in self.guard.checks()}


class Client:
    """A connection that waits."""

    def __init__(self, site: Site) -> None:
        self.since = site.now
        self.shed_at: float | None = None
        self._site = site

    def shed(self) -> None:
        self.shed_at = self._site.now
        self._site.guard.leave()


def test_memory_above_its_ceiling_refuses_until_it_is_below() -> None:
    """Within half a second, both ways."""
    site = Site()
    site.guard.check_memory()
    site.memory = MAX + 1
    site.now += 0.5
    with pytest.raises(Overloaded, match="memory at its ceiling"):
        site.guard.check_memory()
    assert site.states() == {"memory": False, "connections": True}
    site.memory = MAX
    site.now += 0.5
    site.guard.check_memory()
    assert site.states() == {"memory": True, "connections": True}


def test_bodies_have_a_quarter_of_it() -> None:
    """What is dealt with makes room."""
    site = Site()
    one, other = Held(site.guard), Held(site.guard)
    one.add(MAX // 4 + FREE_BYTES)
    with pytest.raises(Overloaded):
        other.add(FREE_BYTES + 1)
    other.release()
    one.release()
    one.release()
    other.add(MAX // 4 + FREE_BYTES)


def test_small_bodies_pass_beside_huge_ones_that_never_end() -> None:
    """However they come in: the beginning of each body takes no room."""
    site = Site()
    Held(site.guard).add(MAX // 4 + FREE_BYTES)
    small = Held(site.guard)
    for _ in range(4):
        small.add(FREE_BYTES // 4)
    with pytest.raises(Overloaded):
        small.add(1)
    small.release()
    small.add(FREE_BYTES)


def test_the_longest_silent_connection_makes_room() -> None:
    """One that has just come or is in the midst of a request stays."""
    site = Site()
    clients = [Client(site) for _ in range(16)]
    for client in clients:
        assert site.guard.admit()
        site.guard.waits(client)
        site.now += 1
        client.since = site.now
    site.guard.waits_no_more(clients[0])
    site.now += 1
    assert site.guard.admit()
    assert [n for n, client in enumerate(clients) if client.shed_at] == [1]
    assert site.states()["connections"]


def test_without_a_silent_one_the_new_connection_is_refused() -> None:
    """And health says so for a while."""
    site = Site()
    for _ in range(16):
        assert site.guard.admit()
        site.guard.waits(Client(site))
    assert not site.guard.admit()
    site.guard.leave()
    assert not site.states()["connections"]
    site.now += 10
    assert site.states()["connections"]
    site.guard.leave()
    assert site.guard.admit()


def test_the_memory_of_this_process() -> None:
    assert 10**6 < resident_bytes() < 10**11
