"""Named SQL. A file of store/sql holds blocks that begin with `-- name: the_name`."""

import re
from functools import cache
from importlib.resources import files
from typing import Final

_NAME: Final = re.compile(r"^-- name: ([a-z0-9_]+)$", re.MULTILINE)


@cache
def load(module: str) -> dict[str, str]:
    """Query name -> SQL of store/sql/<module>.sql."""
    text = files("mana_errors.store").joinpath("sql", f"{module}.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    return {name: sql.strip() for name, sql in zip(parts[::2], parts[1::2], strict=True)}
