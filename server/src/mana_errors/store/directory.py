"""The directory of apps and keys as a worker holds it: a second old at most, and the last one known
while PostgreSQL is away, also for a worker that starts meanwhile."""

import asyncio
import contextlib
import logging
import os
import time
import zlib
from pathlib import Path
from typing import Final

import msgspec

from mana_errors import meters
from mana_errors.logs import Limited
from mana_errors.model.app import EMPTY_DIRECTORY, Directory
from mana_errors.store import apps, db

# How soon a change of apps, keys or settings is in force.
POLL_S: Final = 1.0
# Between attempts to reach a database that is away: doubles up to this.
MAX_PAUSE_S: Final = 10.0
# last_used_at need not be finer than people look.
USED_S: Final = 60.0
# One row is read; a server that takes longer is as good as away.
COMMAND_TIMEOUT_S: Final = 10.0
# Names the file's format: a new one gets a new number. A CRC-32 of what follows comes next.
_MAGIC: Final = b"mana-directory-1\n"
_CRC_BYTES: Final = 4

_log: Final = logging.getLogger(__name__)


class DirectoryKeeper:
    """Holds the directory, follows its version, and notes which keys were used."""

    def __init__(self, dsn: str, path: Path) -> None:
        """`path` is the snapshot that the last worker left; it may be missing."""
        self._dsn = dsn
        self._path = path
        self._limited = Limited(_log)
        self._absence = Limited(_log, quiet_s=db.START_S)
        # before the next attempt to reach the database
        self._pause = POLL_S
        self._used: set[str] = set()
        # when each key's use was last written down
        self._noted: dict[str, float] = {}
        self.current: Directory = read_snapshot(path)

    def key_used(self, key: str) -> None:
        """Note that a key of the directory was just used."""
        self._used.add(key)

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep the directory fresh until told to stop. Outlives the database's absences."""
        while not stopping.is_set():
            try:
                await self._follow(stopping)
            except db.PASSING as error:
                meters.database_failures.labels("directory").inc()
                reason = str(error) or type(error).__name__
                self._absence.warning("the directory cannot be refreshed", reason=reason)
            except Exception:  # noqa: BLE001 - a directory that quietly stays as it is hides worse
                meters.unexpected.labels("directory").inc()
                _log.exception("the directory cannot be refreshed")
            await _sleep(stopping, self._pause)
            self._pause = min(self._pause * 2, MAX_PAUSE_S)

    async def _follow(self, stopping: asyncio.Event) -> None:
        """Over one connection, until it is lost."""
        connection = await db.connect(
            self._dsn, application="mana-errors-directory", command_timeout_s=COMMAND_TIMEOUT_S
        )
        try:
            # A restored database may have another content at the same version.
            version = None
            while not stopping.is_set():
                if await apps.read_version(connection) != version:
                    await self._take(await apps.read_directory(connection))
                    version = self.current.version
                self._pause = POLL_S
                await self._note_used(connection)
                await _sleep(stopping, POLL_S)
        finally:
            connection.terminate()

    async def _take(self, directory: Directory) -> None:
        self.current = directory
        try:
            await asyncio.to_thread(write_snapshot, self._path, directory)
        except OSError as error:
            # a full disk: the directory is in force all the same
            meters.unexpected.labels("directory").inc()
            self._limited.warning("the directory's snapshot cannot be written", reason=str(error))

    async def _note_used(self, connection: db.Connection) -> None:
        now = time.monotonic()
        due = [key for key in self._used if now - self._noted.get(key, -USED_S) >= USED_S]
        if due:
            await apps.note_keys_used(connection, due)
            self._used.difference_update(due)
            self._noted.update(dict.fromkeys(due, now))


def read_snapshot(path: Path) -> Directory:
    """The directory that a worker left behind; the empty one where there is none to be read."""
    try:
        data = path.read_bytes()
        if not data.startswith(_MAGIC):
            raise ValueError("another release's format")  # noqa: TRY301
        body = memoryview(data)[len(_MAGIC) + _CRC_BYTES :]
        crc = data[len(_MAGIC) : len(_MAGIC) + _CRC_BYTES]
        if zlib.crc32(body).to_bytes(_CRC_BYTES) != crc:
            raise ValueError("damaged")  # noqa: TRY301
        return msgspec.msgpack.decode(body, type=Directory)
    except FileNotFoundError:
        return EMPTY_DIRECTORY
    except (OSError, ValueError) as error:
        _log.warning("the directory's snapshot is ignored: %s", error, extra={"path": str(path)})
        return EMPTY_DIRECTORY


def write_snapshot(path: Path, directory: Directory) -> None:
    """Replace the snapshot, so that whoever reads it sees the old one or the new one whole.

    Raises OSError.
    """
    body = msgspec.msgpack.encode(directory)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_MAGIC + zlib.crc32(body).to_bytes(_CRC_BYTES) + body)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


async def _sleep(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
