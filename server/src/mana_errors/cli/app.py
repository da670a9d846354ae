"""The list of commands."""

import sys
from typing import Annotated

import typer

from mana_errors import __version__
from mana_errors.cli import (
    app_,
    doctor,
    issue,
    key,
    member,
    migrate,
    psql,
    report,
    serve,
    token,
    users,
)
from mana_errors.cli.demo.command import demo
from mana_errors.errors import ManaError, OperatorError

app = typer.Typer(
    name="mana-errors",
    help="Self-hosted error tracking: one command starts it, `mana-errors serve`.",
    no_args_is_help=True,
    # boxes and colours would cost --help half a second: importing rich
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:  # noqa: FBT001 typer's callbacks take the value
    if wanted:
        typer.echo(f"mana-errors {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Options before the command."""


app.command()(serve.serve)
app.command()(migrate.migrate)
app.command(context_settings=psql.PASS_THROUGH)(psql.psql)
app.command()(doctor.doctor)
app.command()(demo)
app.command()(report.report)
app.add_typer(app_.app, name="app")
app.add_typer(issue.app, name="issue")
app.add_typer(key.app, name="key")
app.add_typer(member.app, name="member")
app.add_typer(token.app, name="token")
app.add_typer(users.app, name="users")


def run() -> None:
    """Run the command in argv; ends the process."""
    try:
        app()
    except OperatorError as error:
        fail(error, error.exit_status)
    except ManaError as error:
        fail(error, 1)


def fail(error: ManaError, status: int) -> None:
    """Say what is wrong, without a traceback: it is not our bug."""
    sys.stderr.write(f"mana-errors: {error}\n")
    sys.exit(status)
