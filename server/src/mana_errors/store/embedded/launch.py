"""Become somebody PostgreSQL agrees to run as, then become the program in argv.

Run as a script in a fresh process (`python -I -S launch.py ROOT SOCKET_DIR PROGRAM ARGUMENTS…`),
because it changes its own user; it imports the standard library alone, so it costs about 15 ms.

PostgreSQL refuses uid 0. Root therefore enters a user namespace in which it is called nobody:
inside, the uid is ordinary; outside, files still belong to root. No account is made, nothing is
chowned, and a data directory below /root (0700) works. Where namespaces are forbidden (Docker's
default seccomp profile), it becomes an unprivileged account instead and gives it ROOT and
SOCKET_DIR. A ROOT that belongs to somebody already is served as that user.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000  # linux/sched.h

# who to be, best first; initdb wants a uid that has a name
ACCOUNTS = ("postgres", "nobody")

# EX_NOUSER of sysexits.h: no PostgreSQL program ends with it, so the caller can tell us apart
CANNOT_LAUNCH = 67

WAYS_OUT = (
    "Run mana-errors as an ordinary user, choose another --data-dir, "
    "or set DATABASE_URL to use your own PostgreSQL."
)


class CannotLaunch(Exception):
    """This machine does not let root run PostgreSQL here; the message says what to do."""


def main(arguments: list[str]) -> None:
    """Never returns: ends as PROGRAM, or with CANNOT_LAUNCH and a sentence on stderr."""
    directories = (Path(arguments[0]), Path(arguments[1]))
    program = Path(arguments[2])
    try:
        if os.geteuid() == 0:
            leave_root(directories, program)
        os.execv(program, arguments[2:])  # noqa: S606 the caller's own program
    except (CannotLaunch, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(CANNOT_LAUNCH)


def leave_root(directories: tuple[Path, Path], program: Path) -> None:
    """Stop being root in the way that changes least."""
    owner = directories[0].stat().st_uid
    if owner == 0 and enter_namespace():
        return
    become(pwd.getpwuid(owner) if owner else _account(*ACCOUNTS), directories, program)


def enter_namespace() -> bool:
    """Call root nobody from here on; False where user namespaces are forbidden."""
    account = _account("nobody", "postgres")
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare") or libc.unshare(CLONE_NEWUSER) != 0:
        return False
    # user_namespaces(7): gid_map is writable only once setgroups is denied
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{account.pw_uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{account.pw_gid} 0 1")
    return True


def become(account: pwd.struct_passwd, directories: tuple[Path, Path], program: Path) -> None:
    """Give the directories, and nothing else, to an account and become it."""
    for top in directories:
        for directory, _, files in os.walk(top):
            for path in (directory, *(f"{directory}/{name}" for name in files)):
                os.lchown(path, account.pw_uid, account.pw_gid)
    # the data directory is ours and owner-only: let the account pass through, not look
    data_dir = directories[0].parent
    data_dir.chmod(data_dir.stat().st_mode | 0o011)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    for path in (*directories, program):
        if not os.access(path, os.X_OK):
            raise CannotLaunch(
                f"PostgreSQL cannot run as root, and the account {account.pw_name} "
                f"cannot reach {path}. {WAYS_OUT}"
            )


def _account(*names: str) -> pwd.struct_passwd:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotLaunch(
        f"PostgreSQL cannot run as root and there is no account {' or '.join(names)}. {WAYS_OUT}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
