"""Environments of SDKs and frameworks under .cache/sdks, made when missing or out of date."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "sdks"
ROOT = HERE.parents[2]
CACHE = ROOT / ".cache" / "sdks"
INSTALL_S = 600


def python(name: str, folder: Path = HERE, interpreter: str = sys.executable) -> Path:
    """The Python of an environment with the folder's requirements-NAME.txt."""
    wanted = folder / f"requirements-{name}.txt"
    home = CACHE / f"{name}-{_digest(wanted, interpreter)}"
    with _alone(home):
        if not (home / "ready").exists():
            uv = shutil.which("uv") or str(ROOT / ".cache/uv/bin/uv")
            shutil.rmtree(home, ignore_errors=True)
            _run(uv, "venv", "-q", "--python", interpreter, home)
            _run(uv, "pip", "install", "-q", "--python", home / "bin/python", "-r", wanted)
            (home / "ready").touch()
    return home / "bin/python"


def node() -> Path:
    """The folder with node_modules; node and npm are on PATH from here on."""
    wanted = HERE / "package.json"
    home = CACHE / f"node-{_digest(wanted)}"
    with _alone(home):
        _own_node()
        if not (home / "ready").exists():
            home.mkdir(parents=True, exist_ok=True)
            shutil.copy(wanted, home)
            _run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", home)
            (home / "ready").touch()
    return home


def _own_node() -> None:
    environ = os.environ | {"PYTHON": sys.executable}
    done = subprocess.run(
        [ROOT / "scripts/node"], env=environ, stdout=subprocess.PIPE, text=True, check=True
    )
    if (folder := done.stdout.strip()) not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def browser() -> str:
    """Chromium; skips where there is none."""
    finder = [sys.executable, str(ROOT / "scripts/chromium.py")]
    done = subprocess.run(finder, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip() or pytest.skip("there is no Chromium")


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Test processes that need the same environment make it once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield


def _digest(path: Path, interpreter: str = sys.executable) -> str:
    made_of = path.read_bytes() + f"{interpreter} {sys.version}".encode()
    return sha256(made_of).hexdigest()[:12]


def _run(*command: object) -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def run(*command: object, cwd: Path | None = None, **environ: str) -> None:
    """Run a program of an SDK to its end; some end with the error that they report."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    subprocess.run(
        [str(word) for word in command],
        env=kept | environ, cwd=cwd, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
