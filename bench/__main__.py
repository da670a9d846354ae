"""`python -m bench [--quick | --full] [--only GROUP …]`: measure, print one table, save it."""

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Final

from bench.alerts import measure_alerts
from bench.database import measure_growth, measure_retention
from bench.envelopes import measure_envelopes
from bench.measure import DEFAULT, FULL, QUICK, Scale
from bench.path import measure_path, measure_storms
from bench.reading import measure_reading
from bench.report import Figure, describe, save, table
from bench.server import SCRATCH

GROUPS: Final[dict[str, Callable[[Scale], Awaitable[list[Figure]]]]] = {
    "path": measure_path,
    "reading": measure_reading,
    "storms": measure_storms,
    "envelopes": measure_envelopes,
    "growth": measure_growth,
    "retention": measure_retention,
    "alerts": measure_alerts,
}
# An event with its share of the write-ahead log, and what PostgreSQL keeps of that.
_EVENT_BYTES: Final = 4_000
_LOG_BYTES: Final = 10 * 2**30


def main() -> None:
    """Exit status 1 if a bound is missed."""
    options = _options()
    scale = FULL if options.full else QUICK if options.quick else DEFAULT
    _check_machine(scale)
    setting = describe(scale.name, SCRATCH)
    groups: list[str] = options.only or list(GROUPS)
    figures = asyncio.run(_measure(groups, scale))
    print(table(figures))
    if groups == list(GROUPS):
        print(f"\nWritten to {save(setting, figures)}")
    sys.exit(any(figure.met is False for figure in figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="2 minutes, to try it out")
    size.add_argument("--full", action="store_true", help="5 million stored events; 40 minutes")
    parser.add_argument("--only", nargs="+", choices=list(GROUPS), help="not all, nothing saved")
    return parser.parse_args()


def _check_machine(scale: Scale) -> None:
    if not sys.platform.startswith("linux"):
        sys.exit("bench: CPU and memory are read from /proc: run it on Linux.")
    needed = _LOG_BYTES + _EVENT_BYTES * (scale.stored + 2 * scale.expired)
    free = shutil.disk_usage(SCRATCH).free
    if free < needed:
        sys.exit(f"bench: {SCRATCH} has {free >> 30} GiB free, {needed >> 30} are needed.")


async def _measure(groups: list[str], scale: Scale) -> list[Figure]:
    figures: list[Figure] = []
    for name in groups:
        started = time.monotonic()
        made = await GROUPS[name](scale)
        figures += made
        # At once: a later group may fail after half an hour.
        print(f"{name}: {time.monotonic() - started:.0f} s\n{table(made)}\n", file=sys.stderr)
    return figures


if __name__ == "__main__":
    main()
