"""What the demo data says of its issues that people would have said."""

from datetime import datetime
from typing import Final
from uuid import UUID

from mana_errors.model.issue import IssueStatus
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("demo")


async def triage(
    connection: Connection, grouping_hash: UUID, status: IssueStatus, at: datetime | None
) -> None:
    """Resolve or ignore the issue of a hash, as if it had been done at a time in the past."""
    await connection.execute(_SQL["triage"], grouping_hash, status, at)
