"""Programs without a framework: scripts, threads, forks, child processes, asyncio."""

from collections import Counter
from typing import Any

from programs import Site


def _run(site: Site, case: str, count: int) -> list[dict[str, Any]]:
    """All that a case of apps/script.py reports."""
    program = site.run(f"script-{case}", "frameworks", "script.py", case)
    events = site.events(f"script-{case}", count)
    assert len(events) == count, program.text()
    return events


def test_a_script(site: Site) -> None:
    """What ends it is reported, with its user and what came before; Python still prints it."""
    program = site.run("script", "frameworks", "script.py", "uncaught")
    assert "KeyError: 'cart'" in program.text()
    (event,) = site.events("script", 1)
    assert (event["errorType"], event["userId"]) == ("KeyError", "u-1")
    assert (event["release"], event["environment"]) == ("shop@1.2.3", "staging")
    assert event["payload"]["exceptions"][-1]["mechanism"]["handled"] is False
    frame = event["payload"]["exceptions"][-1]["frames"][-1]
    assert (frame["function"], frame["inApp"]) == ("total", True)
    assert frame["contextLine"].strip() == 'return sum(order["cart"])'


def test_a_thread(site: Site) -> None:
    """What ends a thread is reported."""
    (event,) = _run(site, "thread", 1)
    assert event["errorType"] == "KeyError"


def test_a_fork(site: Site) -> None:
    """Nothing that waits when the process forks is sent by both, and both go on reporting."""
    events = _run(site, "forked", 3)
    assert {event["message"] for event in events} == {"before the fork", "child", "parent"}


def test_child_processes(site: Site) -> None:
    """multiprocessing: what ends a child is reported by it."""
    events = _run(site, "processes", 3)
    assert {event["errorType"] for event in events} == {"KeyError"}
    assert len({event["payload"]["contexts"]["process"]["pid"] for event in events}) == 3


def test_a_pool_of_processes(site: Site) -> None:
    """What children of a pool caught is there after the pool is gone."""
    events = _run(site, "pool", 4)
    messages = {event["payload"]["exceptions"][-1]["value"] for event in events}
    assert messages == {f"'cart'\nnumber {number}" for number in range(4)}


def test_asyncio(site: Site) -> None:
    """Tasks do not see each other's scopes, and an exception that nobody awaits is reported."""
    events = _run(site, "loop", 5)
    assert Counter(event["errorType"] for event in events) == {"KeyError": 4, "LookupError": 1}
    for event in events:
        if event["errorType"] == "KeyError":
            assert event["tags"] == {"who": event["userId"]}
