"""Checks of `doctor` that need no database."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from mana_errors.cli import datadir, greeting, listening
from mana_errors.cli.checks_mail import mail_server
from mana_errors.cli.checks_users import key_set
from mana_errors.cli.findings import Finding, fail, ok, warn
from mana_errors.config import GIBIBYTE, MEBIBYTE, Settings
from mana_errors.errors import OperatorError
from mana_errors.store.embedded.launch import CLONE_NEWUSER

MIN_PYTHON: Final = (3, 11)
# Where fsync and flock mean less than we build on, or nothing.
REMOTE: Final = {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "fuse.sshfs", "afs"}
# Room for about an hour of a busy family of apps; below it somebody should look today.
COMFORT_BYTES: Final = 2 * GIBIBYTE
# The spool's own rule for small disks.
MIN_FREE_SHARE: Final = 0.05


def local_findings(settings: Settings) -> list[Finding]:
    """All of them, in the order in which they are shown."""
    found = [python(), data_dir(settings.data_dir)]
    if found[-1].advice:
        return [*found, port(settings)]
    return [
        *found,
        file_system(settings.data_dir),
        free_space(settings),
        server(settings.data_dir),
        port(settings),
        *([] if settings.database_url or os.geteuid() else [namespaces()]),
        *key_set(settings),
        *mail_server(settings),
    ]


def python() -> Finding:
    """Python's version."""
    version = platform.python_version()
    if sys.version_info < MIN_PYTHON:
        return fail("python", version, "Install Python 3.11 or newer.")
    return ok("python", version)


def data_dir(path: Path) -> Finding:
    """Whether we can write there."""
    place = path
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return fail(
            "data directory", f"{place} is not writable", "Choose another --data-dir, or its owner."
        )
    return ok("data directory", str(path) if place == path else f"{path} (made on first start)")


def file_system(path: Path) -> Finding:
    """Whether fsync and flock work there."""
    kind = _file_system_kind(path)
    if kind in REMOTE:
        return fail("file system", f"{kind} is a network file system", "Use a local disk.")
    return ok("file system", kind or "unknown")


def _file_system_kind(path: Path) -> str:
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:  # not Linux
        return ""
    best = ("", "")
    for line in lines:
        mount, _, source = line.partition(" - ")
        point = mount.split()[4]
        if path.is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, source.split()[0])
    return best[1]


def free_space(settings: Settings) -> Finding:
    """Whether reports can be made durable, and for how long."""
    place = next(p for p in (settings.data_dir, *settings.data_dir.parents) if p.exists())
    disk = shutil.disk_usage(place)
    floor = min(settings.min_free_bytes, int(disk.total * MIN_FREE_SHARE))
    detail = f"{disk.free // MEBIBYTE} MiB free, reports are refused below {floor // MEBIBYTE} MiB"
    advice = "Free some space, or lower MANA_ERRORS_RETENTION_DAYS."
    if disk.free < floor:
        return fail("free space", detail, advice)
    if disk.free < COMFORT_BYTES:
        return warn("free space", detail, advice)
    return ok("free space", detail)


def server(path: Path) -> Finding:
    """Whether one runs here."""
    if path.exists() and datadir.owned(path):
        return ok("server", f"runs as process {(path / 'lock').read_text().strip()}")
    return ok("server", "does not run on this data directory")


def port(settings: Settings) -> Finding:
    """Free, or ours."""
    name = f"{settings.host}:{settings.port}"
    ours = settings.data_dir.exists() and datadir.owned(settings.data_dir)
    if ours and greeting.answers(settings.host, settings.port):
        return ok("port", f"{name} answers")
    try:
        probes = listening.listen(settings.host, settings.port)
    except OperatorError as error:
        return fail("port", name, str(error))
    for probe in probes:
        probe.close()
    if ours:
        return warn("port", f"{name} does not answer", "Is the server on another port? Set --port.")
    return ok("port", f"{name} is free")


def namespaces() -> Finding:
    """Which way root runs PostgreSQL."""
    attempt = f"import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare({CLONE_NEWUSER}) != 0)"
    command = [sys.executable, "-I", "-S", "-c", attempt]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:  # noqa: S603 our own line
        return ok("running as root", "PostgreSQL runs in a user namespace")
    return warn(
        "running as root",
        "user namespaces are forbidden: PostgreSQL runs as an unprivileged account, which must "
        "reach the data directory",
        "Better run mana-errors as an ordinary user.",
    )
