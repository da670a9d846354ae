"""Whether the fix of an issue works: what came since it was resolved, by release."""

from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import NotFound
from mana_errors.model.condition import InNextRelease, InRelease
from mana_errors.model.fix import Fix, ReleaseCount, Verdict, bound_of, has_fix
from mana_errors.model.principal import Apps
from mana_errors.store import releases
from mana_errors.store.db import Connection
from mana_errors.store.queries import load
from mana_errors.store.read_issues import find_issue

_SQL: Final = load("fixes")
# An issue with more releases since its resolution is told by the most frequent ones.
MAX_RELEASES: Final = 200


class _Details(msgspec.Struct, frozen=True, rename="camel"):
    condition: InRelease | InNextRelease | None = None
    # events of the hour of the resolution that came before it, by release
    same_hour: dict[str, int] = {}


async def fix_of(connection: Connection, issue_id: UUID, apps: Apps) -> Fix:
    """Of the last resolution, though the issue may have come back since. Raises NotFound for an
    issue that was never resolved, too."""
    issue = await find_issue(connection, issue_id, apps)
    row = await connection.fetchrow(_SQL["resolution"], issue_id)
    if row is None:
        raise NotFound(f"the issue {issue_id} was never resolved")
    details = msgspec.convert(row["details"], _Details)
    hour = row["at"].replace(minute=0, second=0, microsecond=0)
    counts: dict[str, int] = {
        of["release"]: of["count"] - details.same_hour.get(of["release"], 0)
        for of in await connection.fetch(_SQL["since"], issue_id, hour)
    }
    counts = {release: count for release, count in counts.items() if count > 0}
    fixed, seen = await _fixed(connection, issue.app, details.condition, counts)
    since = sum(count for release, count in counts.items() if fixed.get(release))
    return Fix(
        verdict=Verdict.FAILED if since else Verdict.WORKS if seen else Verdict.WAITING,
        resolved_at=row["at"],
        actor=row["actor"],
        condition=details.condition,
        count=since,
        releases=[
            ReleaseCount(release, count, fixed[release])
            for release, count in sorted(counts.items(), key=lambda of: (-of[1], of[0]))
        ][:MAX_RELEASES],
    )


async def _fixed(
    connection: Connection,
    app_id: str,
    condition: InRelease | InNextRelease | None,
    counts: dict[str, int],
) -> tuple[dict[str, bool | None], bool]:
    """Which releases have the fix; and whether one that has it was seen at all."""
    if condition is None:
        return dict.fromkeys(counts, True), True
    name = bound_of(condition)
    [bound] = await releases.known(connection, app_id, [name]) if name else [None]
    known = await releases.known(connection, app_id, [release for release in counts if release])
    fixed: dict[str, bool | None] = {of.version: has_fix(condition, of, bound) for of in known}
    newest = await releases.newest(connection, app_id)
    return {"": None, **fixed}, any(has_fix(condition, of, bound) for of in newest)
