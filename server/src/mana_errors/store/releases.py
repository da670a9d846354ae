"""Releases of apps: what triage learns of them, and what people say."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import BadRequest
from mana_errors.model.deployment import Deployment, ReleaseDetail
from mana_errors.model.issue import Delta, spans
from mana_errors.model.query import in_utc
from mana_errors.model.release import Release, latest
from mana_errors.store import apps, audit, partitions
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("releases")
# Among an app's newest ones the latest is looked for: a name that none of these comes after would
# have to be older than a year of daily deployments.
MAX_COMPARED: Final = 500

# As far as an event may be ahead: clocks differ.
MAX_AHEAD: Final = timedelta(hours=1)


class _Seen(msgspec.Struct):
    first_seen: datetime
    last_seen: datetime
    events: int = 0
    new_issues: int = 0


async def see(connection: Connection, deltas: Iterable[Delta], new: Collection[UUID]) -> None:
    """Add what deltas say about their apps' releases; `new` are the hashes of new issues."""
    seen: dict[tuple[str, str], _Seen] = {}
    for delta in deltas:
        if delta.last_release or delta.releases:
            _add(seen, delta, is_new=delta.grouping_hash in new)
    if seen:
        keys = sorted(seen)
        rows = [seen[key] for key in keys]
        await connection.execute(
            _SQL["see"],
            [app for app, _ in keys],
            [version for _, version in keys],
            [row.first_seen for row in rows],
            [row.last_seen for row in rows],
            [row.events for row in rows],
            [row.new_issues for row in rows],
        )


def _add(seen: dict[tuple[str, str], _Seen], delta: Delta, *, is_new: bool) -> None:
    of_delta: dict[str, _Seen] = {}
    for span in spans(delta):
        if span.release:
            key = (delta.app_id, span.release)
            known = seen.setdefault(key, _Seen(span.first_seen, span.last_seen))
            known.first_seen = min(known.first_seen, span.first_seen)
            known.last_seen = max(known.last_seen, span.last_seen)
            of_delta[span.release] = known
    for rollup in delta.rollups:
        if rollup.release in of_delta:
            of_delta[rollup.release].events += rollup.count
    if is_new and delta.first_release in of_delta:
        of_delta[delta.first_release].new_issues += 1


async def known(connection: Connection, app_id: str, versions: Collection[str]) -> list[Release]:
    """These releases of an app; those that were not seen without a time."""
    rows = await connection.fetch(_SQL["known"], app_id, list(versions))
    seen = {row["version"]: row["first_seen"] for row in rows}
    return [Release(version, seen.get(version)) for version in versions]


async def newest(connection: Connection, app_id: str) -> list[Release]:
    """The releases of an app that were seen last, the oldest of them first."""
    rows = await connection.fetch(_SQL["newest"], app_id, MAX_COMPARED)
    return [Release(row["version"], row["first_seen"]) for row in reversed(rows)]


async def latest_of(connection: Connection, app_id: str) -> Release | None:
    """An app's latest release; None when it has none."""
    return latest(await newest(connection, app_id))


async def deploy(connection: Connection, said: Deployment, actor: Actor) -> ReleaseDetail:
    """Note that a release is out; said again, the first time stays. Raises NotFound for an app that
    there is not, BadRequest for a time to come."""
    async with connection.transaction():
        app = await apps.find(connection, said.app)
        now = await partitions.clock(connection)
        at = now if said.deployed_at is None else in_utc(said.deployed_at)
        if at > now + MAX_AHEAD:
            raise BadRequest("deployedAt: is still to come")
        row = await connection.fetchrow(_SQL["deploy"], app.id, said.version, at, said.url)
        assert row is not None  # noqa: S101 - it is inserted or updated
        release = msgspec.convert(dict(row), ReleaseDetail)
        details = {"version": said.version, "url": said.url}
        await audit.note(connection, actor, "release.deploy", app.id, details, app=app.id)
    return release
