"""`chaos_program.py URL APP SPOOL COUNT [fsync | full]`: captures, says the ids, and waits."""

import resource
import sys

import mana_errors_sdk

url, app, spool, count, *modes = sys.argv[1:]
if "full" in modes:
    # As a full disk: writing beyond it fails with an OSError.
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
mana_errors_sdk.init(url, app, spool_dir=spool, spool_fsync="fsync" in modes, shutdown_timeout=60)


def fail(number: int) -> None:
    raise ValueError(f"number {number}")


def capture(number: int) -> str:
    try:
        fail(number)
    except ValueError:
        return mana_errors_sdk.capture_exception() or "lost"
    return "no error"


print(*[capture(number) for number in range(int(count))], flush=True)
sys.stdin.readline()
