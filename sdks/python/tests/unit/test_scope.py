"""Scopes: what holds where, for threads, tasks and everything between."""

import asyncio
import contextvars
import threading

from mana_errors_sdk import api, new_scope
from mana_errors_sdk.scope import MAX_BREADCRUMBS, MAX_TAGS, current_scope


def test_a_scope_inherits_and_keeps_to_itself():
    """What is set within is not there behind it."""
    api.set_tag("outer", 1)
    with new_scope() as scope:
        api.set_tag("inner", 2)
        api.set_user("ann")
        assert scope.tags == {"outer": "1", "inner": "2"}
    assert current_scope().tags == {"outer": "1"}
    assert current_scope().user == {}


def test_a_thread_pool_within_a_scope_adds_to_it():
    """Frameworks run functions in threads with a copy of the context."""
    with new_scope() as scope:
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(api.set_tag, "from", "thread"))
        thread.start()
        thread.join()
        assert scope.tags == {"from": "thread"}


def test_tasks_with_scopes_of_their_own_do_not_mix():
    """Concurrent requests."""

    async def request(name):
        with new_scope() as scope:
            api.set_user(name)
            await asyncio.sleep(0)
            api.add_breadcrumb("by " + name)
            await asyncio.sleep(0)
            return scope.user["id"], [crumb["message"] for crumb in scope.breadcrumbs]

    async def main():
        return await asyncio.gather(*(request(str(n)) for n in range(20)))

    assert asyncio.run(main()) == [(str(n), [f"by {n}"]) for n in range(20)]


def test_breadcrumbs_and_tags_are_bounded():
    """The last breadcrumbs and the first tags stay."""
    for index in range(1000):
        api.add_breadcrumb(str(index))
        api.set_tag(f"t{index}", index)
    state = current_scope().state()
    assert len(state.breadcrumbs) == MAX_BREADCRUMBS
    assert state.breadcrumbs[-1]["message"] == "999"
    assert len(state.tags) == MAX_TAGS
    api.set_tag("t0", "changed")
    assert current_scope().tags["t0"] == "changed"


def test_a_state_is_a_copy():
    """What comes later does not change what was captured."""
    api.set_context("cart", {"items": [1]})
    state = current_scope().state()
    api.set_context("cart", None)
    api.set_tag("late", 1)
    assert state.contexts == {"cart": {"items": [1]}}
    assert state.tags == {}


def test_threads_may_all_write_to_one_scope():
    """Without a lock, and without an exception or a torn state."""
    stop = threading.Event()

    def write(n):
        while not stop.is_set():
            api.add_breadcrumb("x")
            api.set_tag(f"t{n}", 1)
            api.set_context(f"c{n}", {"n": n})
            api.set_context(f"c{n}", None)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(500):
            current_scope().state()
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_names_in_any_form():
    """Long ones are shortened, and known again."""
    api.set_context("x" * 300, 1)
    api.set_context("x" * 300, None)
    api.set_context(["no", "name"], None)  # pyright: ignore[reportArgumentType]
    assert current_scope().contexts == {}
    for index in range(MAX_TAGS):
        api.set_tag(f"{index:<300}", index)
    api.set_tag(f"{0:<300}", "changed")
    assert "changed" in current_scope().tags.values()


def test_users_in_any_form():
    """An id, a number, an object; None forgets."""
    api.set_user(7)
    assert current_scope().user == {"id": "7"}
    api.set_user({"id": "u1", "email": "a@example.org"})
    assert current_scope().user["email"] == "a@example.org"
    api.set_user(None)
    assert current_scope().user == {}
