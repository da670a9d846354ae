"""Environments of real SDKs under .cache/sdks, made when they are missing or out of date."""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "sdks"
ROOT = HERE.parents[2]
CACHE = ROOT / ".cache" / "sdks"
INSTALL_S = 600


def python(name: str) -> Path:
    """The Python of an environment with requirements-NAME.txt."""
    wanted = HERE / f"requirements-{name}.txt"
    home = CACHE / f"{name}-{_digest(wanted)}"
    if not (home / "ready").exists():
        uv = shutil.which("uv") or str(ROOT / ".cache/uv/bin/uv")
        shutil.rmtree(home, ignore_errors=True)
        _run(uv, "venv", "-q", "--python", sys.executable, home)
        _run(uv, "pip", "install", "-q", "--python", home / "bin/python", "-r", wanted)
        (home / "ready").touch()
    return home / "bin/python"


def node() -> Path:
    """The folder with node_modules; skips where there is no Node."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm on PATH")
    wanted = HERE / "package.json"
    home = CACHE / f"node-{_digest(wanted)}"
    if not (home / "ready").exists():
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(wanted, home)
        _run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", home)
        (home / "ready").touch()
    return home


def browser() -> str:
    """Chromium; skips where there is none."""
    finder = [sys.executable, str(ROOT / "scripts/chromium.py")]
    done = subprocess.run(finder, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip() or pytest.skip("there is no Chromium")


def _digest(path: Path) -> str:
    return sha256(path.read_bytes() + sys.version.encode()).hexdigest()[:12]


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
