"""Retention: what is done now and then to what is stored. jobs() and quota_jobs() are the lists."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mana_errors import meters
from mana_errors.config import Settings
from mana_errors.retention import ages, alerts, issues, ledger, quotas, users
from mana_errors.retention.budgets import Budgets
from mana_errors.retention.leader import Leader, Lock
from mana_errors.store import db, system, workflow

# After a failure, and when a reader held a partition.
RETRY_S: Final = 30.0
# How often a node asks to become the leader.
LEAD_POLL_S: Final = 5.0

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """What to do how often, in seconds from its end to its next start."""

    name: str
    interval_s: float
    work: Callable[[db.Connection], Awaitable[None]]


def jobs(settings: Settings) -> list[Job]:
    """What retention does, one after the other."""
    kept, table = settings.retention, settings.users_table
    return [
        # Partitions are whole days: more often changes nothing, and four days are made ahead.
        Job("partitions", 600, lambda c: ages.keep_partitions(c, kept, datetime.now(UTC))),
        # An app may be over its budget for as long as this takes to notice.
        Job("budgets", 60, Budgets().trim),
        Job("ages", 600, lambda c: ages.expire(c, kept, datetime.now(UTC))),
        Job("ledger", 3600, lambda c: ledger.roll_up(c, datetime.now(UTC))),
        Job("deleted issues", 10, issues.purge),
        # Whole days: more often changes nothing.
        Job("forgotten issues", 3600, lambda c: issues.forget(c, settings, datetime.now(UTC))),
        # Not older than their issues for long, nor than a day longer than they are kept.
        Job("alerts", 3600, lambda c: alerts.forget(c, datetime.now(UTC))),
        Job("reports", 3600, lambda c: ages.forget_reports(c, datetime.now(UTC))),
        Job("undos", 600, lambda c: workflow.forget_undos(c, datetime.now(UTC))),
        Job("users", users.INTERVAL_S, lambda c: users.forget_deleted(c, table)),
    ]


def quota_jobs() -> list[Job]:
    """Beside the others: an app that is over its quota is known within seconds."""
    return [Job("quotas", 5, lambda c: quotas.evaluate(c, datetime.now(UTC)))]


async def run(
    connect: Callable[[], Awaitable[db.Connection]], settings: Settings, stopping: asyncio.Event
) -> None:
    """Do the jobs until told to stop; then whatever runs is left, for all of it is in
    transactions."""
    async with asyncio.TaskGroup() as tasks:
        loops = [
            tasks.create_task(work(Leader(connect, Lock.RETENTION), jobs(settings))),
            tasks.create_task(work(Leader(connect, Lock.QUOTAS), quota_jobs())),
        ]
        await stopping.wait()
        for loop in loops:
            loop.cancel()


async def work(leader: Leader, todo: Sequence[Job]) -> None:
    """Do each job when it is due, as long as this node leads. Ends when it is cancelled."""
    due = dict.fromkeys((job.name for job in todo), 0.0)
    try:
        while True:
            for job in todo:
                if due[job.name] <= time.monotonic():
                    pause = await _attempt(leader, job)
                    due[job.name] = time.monotonic() + pause
            await asyncio.sleep(max(min(due.values()) - time.monotonic(), 0))
    finally:
        leader.resign()


async def _attempt(leader: Leader, job: Job) -> float:
    """Do a job; seconds until it is due again. What fails does not stop the others."""
    started = time.monotonic()
    failed: Exception | None = None
    try:
        connection = await leader.connection()
        if connection is None:
            return LEAD_POLL_S
        await job.work(connection)
    except db.PASSING as error:
        meters.database_failures.labels(job.name).inc()
        _log.warning("retention tries again: %s", error, extra={"job": job.name})
        failed = error
    except Exception as error:  # noqa: BLE001 - a mistake in one job must not end the others
        meters.unexpected.labels("retention").inc()
        _log.exception("retention failed", extra={"job": job.name})
        failed = error
    await _note(leader, job, time.monotonic() - started, failed)
    return job.interval_s if failed is None else RETRY_S


async def _note(leader: Leader, job: Job, took_s: float, failed: Exception | None) -> None:
    """For the page about the system; what cannot be written down now is the next time."""
    try:
        connection = await leader.connection()
        if connection is not None:
            error = "" if failed is None else type(failed).__name__
            await system.note_job(connection, job.name, took_s, error)
    except db.PASSING as error:
        meters.database_failures.labels("jobs").inc()
        _log.debug("a job's end is not written down: %s", error, extra={"job": job.name})
