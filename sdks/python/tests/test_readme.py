"""The README says what there is."""

from pathlib import Path

import mana_errors_sdk
from mana_errors_sdk.options import Given, Options

README = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")


def test_every_option_is_explained() -> None:
    """And every default that is a plain value is the one that holds."""
    rows = {
        name.strip(" `"): cells[1].strip()
        for line in README.splitlines()
        if line.startswith("| `")
        for cells in [line.strip("|").split(" | ")]
        for name in cells[0].split(",")
    }
    assert set(rows) == set(Options._fields)
    assert set(Given.__annotations__) == set(Options._fields) - {"url", "app_id"}
    for name, default in Options()._asdict().items():
        if isinstance(default, (bool, int, float, str)) and name != "spool_max_bytes":
            assert rows[name] in {f"`{default}`", f"`{default!r}`"}


def test_every_public_function_is_mentioned() -> None:
    """Those that a program calls."""
    named = set(mana_errors_sdk.__all__) - {"Scope", "__version__", "close"}
    assert all(f"{name}(" in README for name in named)
