"""`python -m bench.sdk_fastapi [PAIRS]`: what the Python SDK costs a FastAPI app that says hello.

Two servers run all the time, one with the SDK and one without. They are asked in turns, in short
rounds, so that what else the machine does meets both; the ratio is the median over pairs of rounds.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
CONNECTIONS: Final = 8
# A round is short, so that both of a pair meet the same machine.
REQUESTS: Final = 800
PAIRS: Final = 61
GOAL: Final = 0.97
_REQUEST: Final = (
    b"GET /hello HTTP/1.1\r\nhost: bench.example\r\naccept: */*\r\n"
    b"user-agent: bench/1\r\naccept-encoding: gzip, deflate, br\r\n\r\n"
)
_APP: Final = """
import os, fastapi
if os.environ["WITH_SDK"] == "1":
    import mana_errors_sdk
    mana_errors_sdk.init("http://127.0.0.1:9", "bench")
app = fastapi.FastAPI()
@app.get("/hello")
async def hello():
    return {"hello": "world"}
"""


class Round(NamedTuple):
    """What a server did in one round."""

    per_second: float
    per_cpu_second: float


class Server:
    """uvicorn with the app, alone on its port."""

    def __init__(self, stack: ExitStack, folder: Path, *, with_sdk: bool) -> None:
        (folder / "hello_app.py").write_text(_APP)
        sys.path.insert(0, str(ROOT / "server/tests"))
        environments: Any = import_module("sdk_environments")
        python: Path = environments.python("frameworks", ROOT / "sdks/python/tests/frameworks")
        self._process = subprocess.Popen(
            [python, "-m", "uvicorn", "hello_app:app", "--port", "0",
             "--log-level", "info", "--no-access-log"],
            cwd=folder, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "WITH_SDK": str(int(with_sdk)),
                 "PYTHONPATH": str(ROOT / "sdks/python/src")},
        )  # fmt: skip
        stack.callback(self._process.wait)
        stack.callback(self._process.terminate)
        self.port = self._port()
        # Both on one core, and who asks on another: rounds differ less.
        os.sched_setaffinity(self._process.pid, {max(os.sched_getaffinity(0))})

    def _port(self) -> int:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "running on" in line:
                return int(line.partition("127.0.0.1:")[2].split()[0])
        raise RuntimeError("uvicorn did not start")

    def cpu_s(self) -> float:
        """That its one busy thread used so far."""
        return int(Path(f"/proc/{self._process.pid}/schedstat").read_text().split()[0]) / 1e9


async def run_round(server: Server, requests: int) -> Round:
    """Ask as fast as it answers."""
    cpu_s, started = server.cpu_s(), time.perf_counter()
    each = requests // CONNECTIONS
    await asyncio.gather(*(_ask(server.port, each) for _ in range(CONNECTIONS)))
    took, used = time.perf_counter() - started, server.cpu_s() - cpu_s
    return Round(requests / took, requests / used)


async def _ask(port: int, requests: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(requests):
        writer.write(_REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await reader.readexactly(len(b'{"hello":"world"}'))
    writer.close()
    await writer.wait_closed()


async def measure(with_sdk: Server, without: Server, pairs: int) -> list[tuple[Round, Round]]:
    """Pairs of rounds; who begins changes, for the first of two often has the quieter moment."""
    for server in (with_sdk, without):
        await run_round(server, REQUESTS)
    measured: list[tuple[Round, Round]] = []
    for number in range(pairs):
        if number % 2:
            mine = await run_round(with_sdk, REQUESTS)
            bare = await run_round(without, REQUESTS)
        else:
            bare = await run_round(without, REQUESTS)
            mine = await run_round(with_sdk, REQUESTS)
        measured.append((mine, bare))
    return measured


def main() -> None:
    """Exit status 1 if the goal is missed."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        with_sdk = Server(stack, folder, with_sdk=True)
        without = Server(stack, folder, with_sdk=False)
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        measured = asyncio.run(measure(with_sdk, without, pairs))
    ratios = _print("requests/s", [(mine.per_second, bare.per_second) for mine, bare in measured])
    _print(
        "requests/CPU s", [(mine.per_cpu_second, bare.per_cpu_second) for mine, bare in measured]
    )
    sys.exit(ratios < GOAL)


def _print(what: str, pairs: list[tuple[float, float]]) -> float:
    ratios = [mine / bare for mine, bare in pairs]
    low, _, high = quantiles(ratios, n=4)
    print(
        f"{what:16} with {median(mine for mine, _ in pairs):8,.0f}"
        f"  without {median(bare for _, bare in pairs):8,.0f}"
        f"  ratio {median(ratios):.3f} (quartiles {low:.3f} … {high:.3f}),"
        f" of the best rounds {max(mine for mine, _ in pairs) / max(bare for _, bare in pairs):.3f}"
    )
    return median(ratios)


if __name__ == "__main__":
    main()
