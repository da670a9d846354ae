"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from mana_errors.cli import datadir
from mana_errors.config import load_settings

DataDir = Annotated[
    Path | None, typer.Option(help="The server's data directory [env: MANA_ERRORS_DATA_DIR].")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def address(data_dir: Path | None) -> str:
    """URL by which browsers and SDKs reach the server, for links and DSNs: of the one that runs on
    the data directory, whatever its --host and --port are; else by the settings."""
    settings = load_settings(data_dir=data_dir)
    return settings.public_url or datadir.address_of(settings.data_dir) or settings.address
