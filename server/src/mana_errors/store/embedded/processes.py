"""Which processes work in a cluster's directory.

PostgreSQL's processes all have PGDATA as their working directory, which tells a postmaster from
an unrelated process that got its number, and finds the back ends that a killed one left behind.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Lines of postmaster.pid (miscadmin.h, LOCK_FILE_LINE_*), from 0.
_LINE_PID = 0
_LINE_STATUS = 7


@dataclass(frozen=True, slots=True)
class PidFile:
    """What postmaster.pid says."""

    pid: int
    # starting, stopping, ready, standby; empty before the postmaster knows
    status: str


def read_pid_file(cluster: Path) -> PidFile | None:
    """None when there is none, or one that is still being written."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return PidFile(int(lines[_LINE_PID]), "".join(lines[_LINE_STATUS:]).strip())
    except (OSError, ValueError, IndexError):
        return None


def processes_in(cluster: Path) -> set[int]:
    """Numbers of all live processes of this cluster."""
    if not Path("/proc/self/cwd").exists():
        return _processes_by_ps(cluster)
    return {
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _works_in(entry, cluster)
    }


def is_postmaster(pid: int, cluster: Path) -> bool:
    """Whether this process works in the cluster."""
    if not Path("/proc/self/cwd").exists():
        return pid in _processes_by_ps(cluster)
    return _works_in(Path("/proc", str(pid)), cluster)


def _works_in(process: Path, cluster: Path) -> bool:
    try:
        # a shell may stand in the directory too
        named = (process / "comm").read_text() == "postgres\n"
        return named and (process / "cwd").readlink() == cluster
    except OSError:  # gone meanwhile, a zombie, or another user's
        return False


def _processes_by_ps(cluster: Path) -> set[int]:
    """macOS has no /proc: there only the postmaster is found, by the directory in its command."""
    listing = subprocess.run(
        ["/bin/ps", "-axo", "pid=,command="], capture_output=True, text=True, check=True
    )
    rows = (line.split(None, 1) for line in listing.stdout.splitlines())
    return {int(row[0]) for row in rows if len(row) > 1 and f"-D {cluster}" in row[1]}


def is_alive(pid: int) -> bool:
    """Whether any process has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
