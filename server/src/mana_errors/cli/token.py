"""`mana-errors token`: secrets for scripts that use the API."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mana_errors.cli.member import AppIds, apps_of
from mana_errors.cli.options import DataDir, Json

if TYPE_CHECKING:
    from mana_errors.model.principal import Scope
    from mana_errors.store.db import Connection
    from mana_errors.store.tokens import TokenRow

app = typer.Typer(
    help="Make, list and revoke API tokens.", no_args_is_help=True, rich_markup_mode=None
)


def _scopes(text: str) -> list["Scope"]:
    from mana_errors.model.principal import SCOPES

    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in SCOPES]
    if unknown or not names:
        raise typer.BadParameter(f"{text!r}: give some of {', '.join(SCOPES)}")
    return cast("list[Scope]", names)


@app.command()
def create(  # noqa: PLR0913 - options
    *,
    name: Annotated[str, typer.Option(help="What it is for; unique.")],
    scope: Annotated[str, typer.Option(help="What it may do, comma-separated.")] = "read",
    expires_days: Annotated[int | None, typer.Option(min=1, help="Days until it expires.")] = None,
    apps: AppIds = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Make a token and print it. It is shown only once."""
    from mana_errors.cli.database import with_connection
    from mana_errors.store import tokens

    scopes = _scopes(scope)
    ttl = timedelta(days=expires_days) if expires_days else None
    bound = apps_of(apps)

    async def work(connection: "Connection") -> str:
        return await tokens.create(connection, name, scopes, ttl, apps=bound)

    made = with_connection(data_dir, work)
    typer.echo(json.dumps({"token": made, "name": name, "scopes": scopes}) if as_json else made)


@app.command("list")
def list_(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Show all tokens, without their secrets."""
    from mana_errors.cli.database import with_connection
    from mana_errors.store import tokens

    rows = with_connection(data_dir, tokens.listed)
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode({"items": rows}))
    else:
        _table(rows)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="The token's name.")], data_dir: DataDir = None
) -> None:
    """Make a token useless, from now on."""
    from mana_errors.cli.database import with_connection
    from mana_errors.store import tokens

    async def work(connection: "Connection") -> None:
        await tokens.revoke(connection, (await tokens.named(connection, name)).id)

    with_connection(data_dir, work)
    typer.echo(f"revoked {name}")


def _table(rows: list["TokenRow"]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "scopes", "apps", "created", "last used", "expires", box=None)
    for row in rows:
        times = (row.created_at, row.last_used_at, row.expires_at)
        shown = (f"{when:%Y-%m-%d %H:%M}" if when else "never" for when in times)
        seen = "all" if row.apps is None else ",".join(row.apps)
        table.add_row(row.name, ",".join(row.scopes), seen, *shown)
    Console().print(table)
