"""What the fuzzer began with and what it found, once more: nothing of it breaks what it reads."""

import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "fuzz"
INPUTS = sorted((FUZZ / "corpus").glob("*/*"))


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_inputs_of_the_corpus(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read, or refused with one of our own errors."""
    monkeypatch.syspath_prepend(str(FUZZ))
    from targets import run  # noqa: PLC0415 - beside the fuzzer, not the tests

    assert "targets" in sys.modules
    run(path.parent.name, path.read_bytes())
