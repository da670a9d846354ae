"""`mana-errors users`: the people whom reports name."""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mana_errors.cli.options import DataDir, Json

if TYPE_CHECKING:
    from mana_errors.cli.erase import Report

app = typer.Typer(help="The people whom reports name.", no_args_is_help=True, rich_markup_mode=None)
_WARNING: Final = "This cannot be undone."


@app.callback()
def options() -> None:
    """The people whom reports name."""


@app.command()
def erase(
    user_id: Annotated[str, typer.Argument(metavar="ID", help="As reports name the person.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Remove a person from all events and counts. Exit status 1 if something is left to do."""
    if not user_id.strip():
        raise typer.BadParameter("give the user's id")
    if not yes:
        _confirm(user_id)
    report = _erase(data_dir, user_id)
    typer.echo(json.dumps(report.as_json()) if as_json else _told(report))
    raise typer.Exit(0 if report.complete else 1)


def _confirm(user_id: str) -> None:
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked here: say --yes")
    typer.confirm(f"Erase {user_id} from all events? {_WARNING}", abort=True, err=True)


def _erase(data_dir: Path | None, user_id: str) -> "Report":
    import asyncio

    from mana_errors.cli import datadir
    from mana_errors.cli.database import database
    from mana_errors.cli.erase import Place, erase_person
    from mana_errors.config import load_settings
    from mana_errors.store.db import connect

    settings = load_settings(data_dir=data_dir)
    place = Place(settings.data_dir, served=datadir.owned(settings.data_dir))

    async def work(dsn: str, on_day: Callable[[int, int], None]) -> "Report":
        # without a time limit: a day of millions of events is read as a whole
        connection = await connect(dsn, application="mana-errors-cli", command_timeout_s=None)
        try:
            return await erase_person(connection, place, user_id, on_day)
        finally:
            await connection.close()

    with database(settings) as dsn, _progress() as on_day:
        return asyncio.run(work(dsn, on_day))


@contextmanager
def _progress() -> Generator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("days", total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _told(report: "Report") -> str:
    lines = [
        f"{report.events} events were theirs and name nobody any more",
        f"{report.reported_events} events had the id in their context",
        f"{report.dead_letters} dead letters were removed",
        f"{report.sketches} counts of distinct users lost them, of {report.issues} issues",
    ]
    if report.estimates:
        lines.append(
            f"{report.estimates} counts of more than 512 users are estimates without ids: "
            "they may still count the person"
        )
    if report.waiting_bytes:
        lines.append(
            f"NOT DONE: {report.waiting_bytes} bytes of reports wait in the spool and may name "
            "the person: let a server store them, then run this again"
        )
    if not report.folded:
        lines.append(
            "NOT DONE: counts of the latest events wait to be added up and may bring the person "
            "back: run this again in a minute"
        )
    return "\n".join(lines)
