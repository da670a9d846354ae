"""Which node a data directory is."""

import os
from pathlib import Path
from uuid import UUID

from mana_errors.model.ids import uuid7


def node_id(data_dir: Path) -> UUID:
    """The data directory's id, made on first use."""
    path = data_dir / "node-id"
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(f"{uuid7()}\n", encoding="ascii")
        # Of two first users one wins, and both read the winner's.
        fresh.rename(path) if not path.exists() else fresh.unlink()
    return UUID(path.read_text(encoding="ascii").strip())
