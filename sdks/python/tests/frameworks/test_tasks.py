"""Task queues, in the processes that people run them in."""

import json
from pathlib import Path
from typing import Any

from harness import wait_until
from programs import Site

WHO = {f"u-{number}" for number in range(4)}


def _by_transaction(events: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        found.setdefault(event["payload"].get("transaction", ""), []).append(event)
    return found


def _check_common(found: dict[str, list[dict[str, Any]]], library: str) -> None:
    """What holds of every queue: an error is told with its task, once; secrets are not."""
    (boom,) = found["boom"]
    assert (boom["errorType"], boom["message"]) == ("KeyError", "'cart'")
    assert boom["payload"]["exceptions"][-1]["mechanism"]["handled"] is False
    assert boom["context"][library]["kwargs"] == {"password": "[scrubbed]"}
    assert "7" in json.dumps(boom["context"][library]["args"])
    (handled,) = found["handled"]
    assert handled["payload"]["exceptions"][-1]["mechanism"]["handled"] is True
    for event in found["met"]:
        assert event["tags"] == {"who": event["userId"]}
        crumbs = [crumb["message"] for crumb in event["payload"]["breadcrumbs"]]
        assert crumbs.count(f"met {event['userId']}") == 1
        assert len([crumb for crumb in crumbs if crumb.startswith("met ")]) == 1


def test_celery(site: Site, tmp_path: Path) -> None:
    """A prefork worker: what fails a task, and what kills its process; no retries, nothing that the
    task announced, and nothing twice because it is logged, too."""
    command = "-m celery --app celery_app worker --concurrency 2 --loglevel warning"
    environ = {"BROKER_FOLDER": str(tmp_path)}
    worker = site.start("celery", "frameworks", *command.split(), **environ)
    sender = site.run("celery-sender", "frameworks", "celery_send.py", **environ)
    assert "late" not in sender.text(), worker.text()
    wait_until(lambda: "killed" in _by_transaction(site.events("celery", 1)), worker.text())
    worker.stop()
    found = _by_transaction(site.events("celery", 9))
    counts = {name: len(events) for name, events in found.items()}
    once = dict.fromkeys(("boom", "retried", "logged", "handled", "unpicklable", "killed"), 1)
    assert counts == {**once, "met": len(WHO)}, worker.text()
    _check_common(found, "celery")
    assert {event["userId"] for event in found["met"]} == WHO
    assert found["unpicklable"][0]["errorType"] == "Unpicklable"
    assert found["killed"][0]["errorType"] == "WorkerLostError"
    assert found["retried"][0]["context"]["celery"]["retries"] == 1


def test_rq(site: Site) -> None:
    """A worker that forks for each job: the child reports before it is gone."""
    worker = site.start("rq", "frameworks", "rq_work.py")
    found = _by_transaction(site.events("rq", 4))
    # the stand-in for Redis does not let the worker unsubscribe
    worker.kill()
    assert {name.rpartition(".")[2] for name in found} == {"boom", "handled", "met"}, worker.text()
    found = {name.rpartition(".")[2]: events for name, events in found.items()}
    assert [len(found[name]) for name in ("boom", "handled", "met")] == [1, 1, 2]
    _check_common(found, "rq")


def test_rq_where_only_the_job_knows_the_sdk(site: Site) -> None:
    """A child that begins to report with the job that fails still reports it."""
    worker = site.start("rq-late", "frameworks", "rq_work.py", "late")

    def failed() -> list[dict[str, Any]]:
        """Whether what is no failure arrives is a race, of which the guide warns."""
        events = site.events("rq-late", 3)
        return [event for event in events if event["payload"].get("transaction")]

    wait_until(lambda: len(failed()) >= 3, worker.text())
    worker.kill()
    found = _by_transaction(failed())
    assert [len(events) for events in found.values()] == [1, 2]
    assert {event["userId"] for event in found["rq_app.met"]} == {"u-1", "u-2"}


def test_dramatiq(site: Site) -> None:
    """Each attempt that fails, and nothing that the actor announced."""
    worker = site.run("dramatiq", "frameworks", "dramatiq_app.py")
    found = _by_transaction(site.events("dramatiq", 8))
    counts = {name: len(events) for name, events in found.items()}
    assert counts == {"boom": 1, "again": 2, "handled": 1, "met": 4}, worker.text()
    _check_common(found, "dramatiq")
    assert {event["userId"] for event in found["met"]} == WHO
