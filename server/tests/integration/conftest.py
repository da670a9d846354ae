"""Databases for tests of the store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from digesting import Node
from mana_errors.store import db


@pytest.fixture
async def connection(migrated_dsn: str) -> AsyncIterator[db.Connection]:
    """A connection to a fresh migrated database."""
    opened = await db.connect(migrated_dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def node(migrated_dsn: str, tmp_path: Path) -> AsyncIterator[Node]:
    """A node on a fresh migrated database."""
    connection = await db.connect(migrated_dsn)
    yield Node(migrated_dsn, tmp_path, connection)
    await connection.close()
