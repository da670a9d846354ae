"""What must hold whenever a node has caught up, whatever was done to it before."""

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from crash.load import Ledger
from crash.node import Node
from harness import PATIENCE_S, wait_until
from mana_errors.store.spool.format import SUFFIX
from mana_errors.store.spool.reader import SegmentReader, segments

_DEADLINE_S: Final = 2 * PATIENCE_S
ASK_AGAIN_S: Final = 0.1

# name -> query whose rows are what is wrong
_MUST_BE_EMPTY: Final = {
    "issues that do not count their events": """
        WITH events AS (
            SELECT h.issue_id, count(*) AS n, count(DISTINCT e.user_id) AS users,
                min(e.occurred_at) AS first, max(e.occurred_at) AS last
            FROM error_logs.error_logs e JOIN error_logs.issue_hashes h USING (grouping_hash)
            GROUP BY 1
        )
        SELECT i.id, i.count, e.n, i.users, e.users AS real_users, i.first_seen, e.first,
            i.last_seen, e.last
        FROM error_logs.issues i FULL JOIN events e ON e.issue_id = i.id
        WHERE (i.count, i.users, i.first_seen, i.last_seen)
            IS DISTINCT FROM (e.n, e.users, e.first, e.last)""",
    "rollups that do not count their events": """
        WITH events AS (
            SELECT grouping_hash, date_trunc('hour', occurred_at, 'UTC') AS hour,
                coalesce(environment::text, '') AS environment, coalesce(release, '') AS release,
                count(*) AS n
            FROM error_logs.error_logs GROUP BY 1, 2, 3, 4
        )
        SELECT * FROM error_logs.rollups r
        FULL JOIN events e USING (grouping_hash, hour, environment, release)
        WHERE r.count IS DISTINCT FROM e.n""",
    "apps whose issues do not count what was accepted": """
        WITH counted AS (SELECT app_id, sum(count) AS n FROM error_logs.issues GROUP BY 1),
        accepted AS (
            SELECT app_id, sum(count) AS n FROM error_logs.outcomes
            WHERE outcome IN ('stored', 'sampled') GROUP BY 1
        )
        SELECT app_id, counted.n, accepted.n FROM counted FULL JOIN accepted USING (app_id)
        WHERE counted.n IS DISTINCT FROM accepted.n""",
    "ledger lines and days that do not count their events": """
        WITH events AS (
            SELECT app_id, (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*) AS n
            FROM error_logs.error_logs GROUP BY 1, 2
        ), lines AS (
            SELECT app_id, sum(count) AS n FROM error_logs.outcomes
            WHERE outcome = 'stored' GROUP BY 1
        )
        SELECT app_id, day, e.n, d.events FROM events e
        FULL JOIN error_logs.app_days d USING (app_id, day) WHERE e.n IS DISTINCT FROM d.events
        UNION ALL
        SELECT app_id, NULL, e.n, lines.n
        FROM (SELECT app_id, sum(n) AS n FROM events GROUP BY 1) e
        FULL JOIN lines USING (app_id) WHERE e.n IS DISTINCT FROM lines.n""",
    "apps that are not registered once": """
        SELECT DISTINCT e.app_id FROM error_logs.error_logs e
        LEFT JOIN error_logs.apps a ON a.id = e.app_id
        LEFT JOIN error_logs.keys k ON k.app_id = a.id
        GROUP BY e.app_id HAVING count(DISTINCT k.id) <> 1""",
    "hashes without issue": """
        SELECT h.grouping_hash FROM error_logs.issue_hashes h
        LEFT JOIN error_logs.issues i ON i.id = h.issue_id WHERE i.id IS NULL""",
    "deltas left over": "SELECT id FROM error_logs.deltas",
}


def assert_truth(ledger: Ledger, *nodes: Node) -> None:
    """Wait until all nodes (of one database) have caught up; then everything must add up."""
    wait_until(lambda: caught_up(*nodes), "spools digested and deltas folded", _DEADLINE_S)
    assert not ledger.wrong, ledger.wrong[:5]
    for node in nodes:
        refused = letters(node)
        assert not refused, refused[0]
    dsn = nodes[0].dsn
    for what, query in _MUST_BE_EMPTY.items():
        wrong = fetch(dsn, query)
        assert not wrong, f"{len(wrong)} {what}: {wrong[:3]}"
    _compare(stored_events(dsn), ledger)


def assert_nothing_left(node: Node) -> None:
    """A stop in order leaves an empty spool."""
    assert node.stop() == 0, node.log_tail()
    assert not segments(node.spool)


def caught_up(*nodes: Node) -> bool:
    """Whether nothing waits: not in the spools, not between digest and triage."""
    if asyncio.run(_caught_up(nodes)):
        return True
    # Asking costs PostgreSQL a connection, which it needs for catching up.
    time.sleep(ASK_AGAIN_S)
    return False


def letters(node: Node) -> list[str]:
    """What was kept aside, a line each."""
    return [line for path in dead_letters(node) for line in path.read_text().splitlines()]


def dead_letters(node: Node) -> list[Path]:
    """Files of them."""
    return sorted((node.data_dir / "dead-letters").glob("*"))


def stored_events(dsn: str) -> list[tuple[str, str]]:
    """Id and marker of every row."""
    query = "SELECT id::text, message FROM error_logs.error_logs"
    return [(row[0], row[1].removeprefix("marker ")) for row in fetch(dsn, query)]


def fetch(dsn: str, query: str) -> list[asyncpg.Record]:
    """Rows of a query."""

    async def ask() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(query)
        finally:
            await connection.close()

    return asyncio.run(ask())


async def _caught_up(nodes: tuple[Node, ...]) -> bool:
    try:
        connection = await asyncpg.connect(nodes[0].dsn, timeout=PATIENCE_S)
    except (OSError, asyncpg.PostgresError):
        return False
    try:
        rows = await connection.fetch("SELECT segment, position FROM error_logs.spool_cursors")
        positions = {row["segment"]: row["position"] for row in rows}
        if any(_waits(node, positions) for node in nodes):
            return False
        return not await connection.fetchval("SELECT count(*) FROM error_logs.deltas")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    finally:
        connection.terminate()


def _waits(node: Node, positions: dict[UUID, int]) -> bool:
    for path in segments(node.spool):
        try:
            with SegmentReader(path) as reader:
                position = positions.get(UUID(path.name.removesuffix(SUFFIX)), 0)
                if reader.waiting_bytes(position) or reader.read(position) is not None:
                    return True
        except FileNotFoundError:
            return True
    return False


def _compare(stored: list[tuple[str, str]], ledger: Ledger) -> None:
    by_id = dict(stored)
    missing = {i: marker for i, marker in ledger.acknowledged.items() if by_id.get(i) != marker}
    assert not missing, f"{len(missing)} acknowledged, not stored: {list(missing.items())[:5]}"
    for what, values in {"id": [i for i, _ in stored], "marker": [m for _, m in stored]}.items():
        twice = [value for value, n in Counter(values).items() if n > 1]
        assert not twice, f"{len(twice)} stored twice by {what}: {twice[:5]}"
    markers = set(by_id.values())
    assert not markers & ledger.refused, "refused, and yet stored"
    assert markers <= ledger.possible, "stored, but never sent"
    print(f"{len(stored)} stored, each once")
