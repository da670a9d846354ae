"""Checks of `doctor` about who users are: the key set of their tokens, and the users table."""

from http.client import HTTPException

from mana_errors.cli.findings import Finding, fail, ok, warn
from mana_errors.config import Settings
from mana_errors.errors import DatabaseUnusable
from mana_errors.store import users
from mana_errors.store.db import Connection


def key_set(settings: Settings) -> list[Finding]:
    """Whether bearer tokens can be verified; nothing where no key set is given."""
    if not settings.jwks_url:
        return []
    from mana_errors.ingest.jwks import KeysUnreadable, fetch, parse_keys

    try:
        keys = parse_keys(fetch(settings.jwks_url))
    except (OSError, HTTPException, ValueError, KeysUnreadable) as error:
        advice = "Correct MANA_ERRORS_JWKS_URL, or start the auth service: users are anonymous."
        return [fail("key set", str(error), advice)]
    return [ok("key set", f"{len(keys)} keys verify bearer tokens")]


async def users_table(connection: Connection, settings: Settings) -> list[Finding]:
    """Whether users can be looked up; nothing where no table is given."""
    table = settings.users_table
    if not table:
        return []
    try:
        await users.known(connection, table, {"0"})
        nobody = await users.is_empty(connection, table)
    except DatabaseUnusable as error:
        user = await connection.fetchval("SELECT current_user")
        advice = (
            "Ids go to context.reportedUserId meanwhile. Correct MANA_ERRORS_USERS_TABLE, or as "
            f'its owner run: GRANT SELECT (id) ON {users.quoted(table)} TO "{user}";'
        )
        return [fail("users table", str(error), advice)]
    if nobody:
        advice = "If it has rows, a row-level policy hides them: allow this user to see all ids."
        return [warn("users table", f"{table} shows no user: everybody is unknown", advice)]
    return [ok("users table", f"users are looked up in {table}")]
