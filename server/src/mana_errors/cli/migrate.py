"""`mana-errors migrate`: brings the database's schema to this release."""

import json

import typer

from mana_errors.cli.options import DataDir, Json
from mana_errors.config import load_settings


def migrate(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Apply the migrations that the database lacks. `serve` does it by itself."""
    import asyncio

    from mana_errors.cli.database import database
    from mana_errors.store import migrate as store

    with database(load_settings(data_dir=data_dir)) as dsn:
        applied = asyncio.run(store.migrate(dsn))
    if as_json:
        typer.echo(json.dumps({"applied": applied}))
    else:
        typer.echo("\n".join(f"applied {name}" for name in applied) or "Nothing to do.")
