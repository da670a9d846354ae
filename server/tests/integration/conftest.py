"""Databases for tests of the store."""

from collections.abc import AsyncIterator

import pytest

from mana_errors.store import db


@pytest.fixture
async def connection(migrated_dsn: str) -> AsyncIterator[db.Connection]:
    """A connection to a fresh migrated database."""
    opened = await db.connect(migrated_dsn)
    yield opened
    await opened.close()
