"""`mana-errors serve`: checks the settings, then becomes the supervisor."""

import os
import sys
from typing import Annotated

import typer

from mana_errors.cli.options import DataDir
from mana_errors.config import load_settings, to_environ


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks one.")] = None,
    data_dir: DataDir = None,
    workers: Annotated[int | None, typer.Option(help="HTTP worker processes.")] = None,
) -> None:
    """Run the server, with its PostgreSQL unless DATABASE_URL names one."""
    settings = load_settings(host=host, port=port, data_dir=data_dir, workers=workers)
    # The supervisor outlives everything: a fresh process does not carry what the command line
    # needs (typer: 10 MB).
    command = [sys.executable, "-m", "mana_errors.cli.supervisor"]
    os.execve(sys.executable, command, os.environ | to_environ(settings))  # noqa: S606 ourselves
