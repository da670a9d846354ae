"""One program with one SDK: `sdk_capture_child.py SDK MODE PORT COUNT` prints what it measured.

Runs in the environment of sentry-sdk, so it imports nothing of the bench.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

DEPTH = 20
# Events between two flushes where nothing may be dropped; Sentry's queue holds 100.
PACE = 50
WARM_UP = 20

Capture = Callable[[BaseException], object]
Flush = Callable[[], object]


def main() -> None:
    """One JSON object."""
    sdk, mode, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    capture, flush = start(sdk, port)
    for _ in range(WARM_UP):
        seconds_to_return(capture)
    flush()
    measure = paced if mode == "paced" else burst
    print(json.dumps(measure(capture, flush, count)))


def start(sdk: str, port: int) -> tuple[Capture, Flush]:
    """As shipped; `sentry-lean` without local variables."""
    if sdk == "mana":
        sys.path.insert(0, str(Path(__file__).parents[1] / "sdks/python/src"))
        ours: Any = import_module("mana_errors_sdk")
        ours.init(f"http://127.0.0.1:{port}", "bench")
        return ours.capture_exception, lambda: ours.flush(60)
    sentry: Any = import_module("sentry_sdk")
    sentry.init(f"http://key@127.0.0.1:{port}/1", include_local_variables=sdk == "sentry")
    return sentry.capture_exception, lambda: sentry.flush(60)


def fail(depth: int) -> object:
    """An exception of DEPTH frames, each with some variables."""
    name, items = "cart", [depth, depth + 1]
    if depth:
        return fail(depth - 1)
    raise ValueError(f"no price for {name}: {items}")


def seconds_to_return(capture: Capture) -> float:
    """What the program waits."""
    try:
        fail(DEPTH - 2)
    except ValueError as error:
        began = time.perf_counter()
        capture(error)
        return time.perf_counter() - began
    raise AssertionError


def paced(capture: Capture, flush: Flush, count: int) -> dict[str, float]:
    """Every event is delivered."""
    times: list[float] = []
    began = time.process_time()
    for index in range(count):
        times.append(seconds_to_return(capture))
        if index % PACE == PACE - 1:
            flush()
    flush()
    cpu = time.process_time() - began
    times.sort()
    return {
        "return_us": times[count // 2] * 1e6,
        "p99_us": times[count * 99 // 100] * 1e6,
        "cpu_us": cpu / count * 1e6,
    }


def burst(capture: Capture, flush: Flush, count: int) -> dict[str, float]:
    """As fast as the program can."""
    before = peak_kib()
    for _ in range(count):
        seconds_to_return(capture)
    flush()
    return {"peak_kib": peak_kib(), "growth_kib": peak_kib() - before}


def peak_kib() -> float:
    """Of this program's resident memory. Not of getrusage(), which knows the parent's, too."""
    status = Path("/proc/self/status").read_text()
    return float(status.partition("VmHWM:")[2].split()[0])


main()
