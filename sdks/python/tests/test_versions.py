"""The oldest and the newest Python that the SDK supports; the tests themselves run on another."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdk_environments import ROOT, python

HERE = Path(__file__).parent
SOURCE = ROOT / "sdks/python/src"
HEAVY = ("asyncio", "http", "ssl", "json", "logging", "email", "urllib", "dataclasses", "inspect")


def interpreters(version: str) -> Iterator[str]:
    if found := shutil.which(f"python{version}"):
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")):
        yield str(path)


def interpreter(version: str) -> str:
    """A Python of this version; skips where there is none."""
    for path in interpreters(version):
        # pyenv's shims are there for versions that are not
        if subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            return path
    pytest.skip(f"there is no Python {version}")


@pytest.mark.parametrize("version", ["3.9", "3.13"])
def test_unit_tests_pass(version: str) -> None:
    """All of them, warnings as errors."""
    program = python("unit", HERE, interpreter(version))
    command = [program, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*map(str, command), "-c", os.devnull, "--rootdir", str(HERE), str(HERE / "unit")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(HERE)])},
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]


def test_importing_costs_next_to_nothing() -> None:
    """Under 30 ms, which is nearly all the loading of heavy modules: none is loaded, and nothing
    but the standard library, before init() is called."""
    code = f"""
import sys
sys.path.insert(0, {str(SOURCE)!r})
before = set(sys.modules)
import mana_errors_sdk
print(*(set(sys.modules) - before))"""
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint(HEAVY)
    assert loaded - {"mana_errors_sdk"} <= sys.stdlib_module_names
