"""Programs that report to a running server."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from harness import PATIENCE_S, Server, wait_until
from sdk_environments import ROOT, python

HERE = Path(__file__).parent / "frameworks"
APPS = HERE / "apps"
SOURCE = ROOT / "sdks/python/src"


@dataclass
class Program:
    """A process that has the SDK."""

    process: subprocess.Popen[bytes]
    log: Path

    def text(self) -> str:
        """What it wrote so far."""
        return self.log.read_text()

    def wait(self) -> int:
        """Its exit status, once it has ended by itself."""
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self) -> None:
        """Ask it to end, as an init system would, and wait until it has."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@dataclass
class Site:
    """The server, and what reports to it."""

    server: Server
    folder: Path
    http: httpx.Client
    programs: list[Program] = field(default_factory=list)

    def start(
        self, app: str, environment: str, *command: object, cwd: Path = APPS, **environ: str
    ) -> Program:
        """Run a program of an environment: `-m module …`, or a file."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MANA_")}
        own = {
            "MANA_ERRORS_URL": self.server.base_url,
            "MANA_ERRORS_APP_ID": app,
            "PYTHONPATH": os.pathsep.join([str(SOURCE), str(APPS)]),
            "PYTHONUNBUFFERED": "1",
        }
        log = self.folder / f"{len(self.programs)}-{app}.log"
        words = [str(python(environment, HERE)), *map(str, command)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                words, cwd=cwd, env=kept | own | environ,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        self.programs.append(Program(process, log))
        return self.programs[-1]

    def run(
        self, app: str, environment: str, *command: object, cwd: Path = APPS, **environ: str
    ) -> Program:
        """Run a program to its end."""
        program = self.start(app, environment, *command, cwd=cwd, **environ)
        program.wait()
        return program

    def listed(self, app: str) -> list[dict[str, Any]]:
        """The events of an app that are there now, in short."""
        answer = self.http.get("/api/v1/events", params={"app": app, "limit": 100})
        return answer.json()["items"]

    def events(self, app: str, count: int) -> list[dict[str, Any]]:
        """All events of an app, whole, oldest first, once there are so many of them."""
        wait_until(lambda: len(self.listed(app)) >= count, f"{count} events of {app}")
        items = self.listed(app)
        events = [self.http.get(f"/api/v1/events/{item['id']}").json() for item in items]
        return sorted(events, key=lambda event: event["occurredAt"])
