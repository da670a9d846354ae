"""What servers do with processes: forks before and after the app is loaded, and the end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from harness import free_port, wait_until
from programs import Program, Site


def _ask(url: str) -> httpx.Response | None:
    try:
        return httpx.get(url, timeout=20)
    except httpx.TransportError:
        return None


def _start(site: Site, app: str, command: str, **environ: str) -> tuple[Program, str]:
    port = free_port()
    words = command.format(port=port).split()
    program = site.start(app, "frameworks", *words, **environ)
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: _ask(f"{base}/missing"), program.text())
    return program, base


def _pids(events: list[dict[str, Any]]) -> set[int]:
    return {event["payload"]["contexts"]["process"]["pid"] for event in events}


def test_gunicorn_that_loads_the_app_before_it_forks(site: Site) -> None:
    """Each worker reports for itself, and all that it has before it ends."""
    command = "-m gunicorn --preload --workers 2 --bind 127.0.0.1:{port} flask_app:app"
    program, base = _start(site, "prefork", command)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: _ask(f"{base}/slow?who=u-{number}"), range(8)))
    program.stop()
    events = site.events("prefork", 8)
    assert {event["userId"] for event in events} == {f"u-{number}" for number in range(8)}
    assert program.process.pid not in _pids(events)
    assert len(_pids(events)) == 2


def test_an_app_that_does_not_start(site: Site) -> None:
    """What its startup raises is reported."""
    port = free_port()
    command = f"-m uvicorn --log-level critical --port {port} failing_app:app".split()
    program = site.run("failing", "frameworks", *command)
    (event,) = site.events("failing", 1)
    assert (event["errorType"], event["message"]) == ("KeyError", "'cart'"), program.text()


def test_turned_off(site: Site) -> None:
    """A disabled integration leaves its framework as it is."""
    command = "-m gunicorn --bind 127.0.0.1:{port} flask_app:app"
    disabled = "flask,logging"
    program, base = _start(site, "off", command, MANA_ERRORS_DISABLED_INTEGRATIONS=disabled)
    answer = _ask(f"{base}/boom")
    assert answer is not None
    assert answer.status_code == 500
    _ask(f"{base}/handled")
    program.stop()
    (event,) = site.events("off", 1)
    assert event["payload"]["exceptions"][-1]["mechanism"]["handled"] is True
    assert event["requestUrl"] is None


def test_rest_framework(site: Site) -> None:
    """What it makes a 5xx of is reported once, with the user and the body that it knows."""
    command = "-m gunicorn --bind 127.0.0.1:{port} rest_app:application"
    program, base = _start(site, "rest", command)
    with httpx.Client(base_url=base, headers={"x-user": "u-42"}) as client:
        assert (
            client.post("/orders", json={"item": "tea", "password": "hunter2"}).status_code == 503
        )
    program.stop()
    (event,) = site.events("rest", 1)
    assert (event["errorType"], event["responseStatusCode"]) == ("Unavailable", 503)
    assert event["requestBody"] == {"item": "tea", "password": "[scrubbed]"}
    assert event["userId"] == "u-42"
