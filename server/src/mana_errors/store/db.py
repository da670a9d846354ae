"""Connections to PostgreSQL, and the one seam where driver errors become ours."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import asyncpg
import msgspec

from mana_errors.errors import DatabaseUnusable, StoreUnavailable

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

# PostgreSQL versions that the tests run on, lowest and highest major version.
SUPPORTED_MAJOR: Final = (15, 18)
CONNECT_TIMEOUT_S: Final = 5.0
# A page or an API call that takes longer is better told so than kept waiting.
READ_TIMEOUT_S: Final = 10.0
POOL_SIZE: Final = 8
# Nothing that digest or triage does takes seconds; a server that is gone without a word does.
COMMAND_TIMEOUT_S: Final = 60.0

# SQLSTATE classes and codes after which the same transaction may succeed: lost connections,
# shutdowns, serialization failures, deadlocks, missing resources, internal errors of a node.
_RETRYABLE: Final = ("08", "57P", "53", "40001", "40P01", "55P03", "XX000")
# PostgreSQL starts and is migrated beside us: its absence until then is no news.
START_S: Final = 10.0
# What a loop over a connection meets when the connection, the server or the schema is not there,
# and survives by trying again later on a new connection.
PASSING: Final = (
    StoreUnavailable,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # asyncpg's own state after a connection was lost at a bad moment
    asyncpg.InternalClientError,
    OSError,
)


def is_retryable(error: BaseException) -> bool:
    """Whether the cause lies outside the transaction, so that the whole of it may be retried."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_RETRYABLE)
    return isinstance(error, OSError | asyncio.TimeoutError | asyncpg.InterfaceError)


async def connect(
    dsn: str,
    *,
    application: str = "mana-errors",
    command_timeout_s: float | None = COMMAND_TIMEOUT_S,
) -> Connection:
    """One direct connection. Raises StoreUnavailable."""
    with_settings = {
        "application_name": application,
        "timezone": "UTC",
        "jit": "off",
        # A server-wide "off" would let the spool forget what a crash can still take back.
        "synchronous_commit": "on",
        # A node whose cable is pulled must not hold the leader lock for the default two hours.
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }
    async with translated():
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=command_timeout_s,
            server_settings=with_settings,
        )
    await prepare(connection)
    return connection


async def open_pool(dsn: str) -> Pool:
    """A pool for reads; connects on first use. Raises StoreUnavailable."""
    async with translated():
        return await asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=POOL_SIZE,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=READ_TIMEOUT_S,
            init=prepare,
            server_settings={
                "application_name": "mana-errors-read",
                "timezone": "UTC",
                "jit": "off",
                "statement_timeout": str(int(READ_TIMEOUT_S * 1000)),
                # A user with five events and one with fifty thousand need different plans; one for
                # any user took seconds for the latter.
                "plan_cache_mode": "force_custom_plan",
            },
        )


async def prepare(connection: Connection) -> None:
    """Give a connection our codecs: jsonb values are Python objects, encoded by msgspec."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=_encode_jsonb,
        decoder=_decode_jsonb,
        format="binary",
    )


@asynccontextmanager
async def translated() -> AsyncGenerator[None]:
    """Turn driver errors that are not the statement's fault into StoreUnavailable."""
    try:
        yield
    except (asyncpg.PostgresError, OSError, TimeoutError, asyncpg.InterfaceError) as error:
        if not is_retryable(error) and not isinstance(error, asyncpg.InvalidCatalogNameError):
            raise
        raise StoreUnavailable(f"PostgreSQL: {error or type(error).__name__}") from error


async def check_version(connection: Connection) -> None:
    """Raise DatabaseUnusable unless the server is a version that we test on."""
    major = connection.get_server_version().major
    low, high = SUPPORTED_MAJOR
    if not low <= major <= high:
        raise DatabaseUnusable(
            f"PostgreSQL {major} is not supported: use {low} to {high} (DATABASE_URL)."
        )


# jsonb's binary form is a version byte and the text.
_JSONB_VERSION: Final = b"\x01"
_encoder: Final = msgspec.json.Encoder()


def _encode_jsonb(value: object) -> bytes:
    return _JSONB_VERSION + _encoder.encode(value)


def _decode_jsonb(data: bytes) -> object:
    return msgspec.json.decode(data[1:])
