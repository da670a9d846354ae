"""`mana-errors key`: the public keys by which apps report."""

from typing import TYPE_CHECKING, Annotated

import typer

from mana_errors.cli.app_ import AppName, checked, detail_of
from mana_errors.cli.options import DataDir, Json, address

if TYPE_CHECKING:
    from mana_errors.model.app import App, Key
    from mana_errors.model.app_reading import KeyDetail
    from mana_errors.store.db import Connection

app = typer.Typer(
    help="Make, list and revoke an app's ingest keys.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def create(
    id_: AppName,
    name: Annotated[str, typer.Option(help="Who uses it.")] = "",
    key: Annotated[
        str | None, typer.Option(help="32 hex digits, to keep another tracker's DSN valid.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Make another key for an app, and print its DSN."""
    import msgspec

    from mana_errors.cli.database import with_connection
    from mana_errors.model.app_change import NewKey
    from mana_errors.model.app_reading import with_dsn
    from mana_errors.store import apps
    from mana_errors.store.audit import COMMAND

    new = checked(NewKey, {"name": name, "key": key})

    async def work(connection: "Connection") -> tuple["App", "Key"]:
        made = await apps.add_key(connection, id_, new, COMMAND)
        return await apps.find(connection, id_), made

    shown = with_dsn(*with_connection(data_dir, work), address(data_dir))
    typer.echo(msgspec.json.encode(shown) if as_json else shown.dsn)


@app.command("list")
def list_(id_: AppName, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Show an app's keys, the revoked ones too."""
    import msgspec

    keys = detail_of(id_, data_dir).keys
    if as_json:
        typer.echo(msgspec.json.encode({"items": keys}))
    else:
        _table(keys)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's 32 hex digits.")], data_dir: DataDir = None
) -> None:
    """Make a key useless, for good. Workers know within about a second."""
    from mana_errors.cli.database import with_connection
    from mana_errors.store import apps
    from mana_errors.store.audit import COMMAND

    async def work(connection: "Connection") -> None:
        found = await apps.find_key(connection, key)
        await apps.revoke_key(connection, found.app, found.id, COMMAND)

    with_connection(data_dir, work)
    typer.echo(f"revoked {key}")


def _table(keys: list["KeyDetail"]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("key", "name", "created", "last used", "revoked", box=None)
    for key in keys:
        times = ((key.created_at, ""), (key.last_used_at, "never"), (key.revoked_at, ""))
        shown = (f"{when:%Y-%m-%d %H:%M}" if when else none for when, none in times)
        table.add_row(key.key, key.name, *shown)
    Console().print(table)
