"""`mana-errors demo`: fills a server with what a family of apps reports in a month."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from mana_errors.cli.options import DataDir

DEFAULT_COUNT: Final = 100_000
# A quarter of an hour, and some gigabytes.
MAX_COUNT: Final = 2_000_000


def demo(
    count: Annotated[
        int, typer.Option(min=1, max=MAX_COUNT, help="Errors in all.")
    ] = DEFAULT_COUNT,
    seed: Annotated[int, typer.Option(help="Another one makes other errors.")] = 1,
    data_dir: DataDir = None,
) -> None:
    """Fill a running server with errors of twelve apps, demo-chat and others, over thirty days."""
    import asyncio

    from mana_errors.cli import datadir
    from mana_errors.cli.database import database
    from mana_errors.cli.demo.apps import APPS
    from mana_errors.cli.demo.events import make_demo
    from mana_errors.cli.demo.load import load
    from mana_errors.cli.progress import progress
    from mana_errors.config import load_settings
    from mana_errors.errors import OperatorError

    settings = load_settings(data_dir=data_dir)
    if not datadir.owned(settings.data_dir):
        raise OperatorError(
            f"No server runs on {settings.data_dir}: start one with `mana-errors serve`."
        )
    # A minute ago: nothing lies in the future of a clock that is a little behind.
    made = make_demo(seed, count, datetime.now(UTC) - timedelta(minutes=1))
    with database(settings) as dsn, progress("errors", count) as on_stored:
        asyncio.run(load(dsn, settings, made, on_stored))
    typer.echo(f"{count} errors of {len(APPS)} apps are reported.")
    typer.echo(f"Look at them: {settings.local_address}/")
