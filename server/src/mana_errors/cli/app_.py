"""`mana-errors app`: the apps that report, and what is set about them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from mana_errors.cli.options import DataDir, Json, address

if TYPE_CHECKING:
    from mana_errors.model.app import App, Key
    from mana_errors.model.app_reading import AppDetail
    from mana_errors.model.event import JsonObject
    from mana_errors.store.db import Connection

T = TypeVar("T")

app = typer.Typer(
    help="Make, list and change the apps that report.", no_args_is_help=True, rich_markup_mode=None
)

AppName = Annotated[str, typer.Argument(metavar="ID", help="The app's id: `appId` of reports.")]


@app.command()
def create(  # noqa: PLR0913 - an argument is an option
    id_: AppName,
    *,
    number: Annotated[
        int | None, typer.Option(help="Number in DSNs, to keep another tracker's valid.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Key, 32 hex digits, to keep another tracker's DSN valid.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    platform: Annotated[str, typer.Option(help="What it runs on, as `nestjs`.")] = "",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Make an app with a key, and print its DSN."""
    import msgspec

    from mana_errors.cli.database import with_connection
    from mana_errors.model.app_change import NewApp
    from mana_errors.model.app_reading import made
    from mana_errors.store import apps
    from mana_errors.store.audit import COMMAND

    values = {"id": id_, "number": number, "key": key, "name": name, "platform": platform}
    new = checked(NewApp, values)

    async def work(connection: "Connection") -> tuple["App", "Key"]:
        return await apps.create(connection, new, COMMAND)

    shown = made(*with_connection(data_dir, work), address(data_dir))
    typer.echo(msgspec.json.encode(shown) if as_json else shown.dsn)


@app.command("list")
def list_(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Show all apps."""
    import msgspec

    from mana_errors.cli.database import with_connection
    from mana_errors.store import apps

    async def work(connection: "Connection") -> list["App"]:
        return await apps.listed(connection, None)

    found = with_connection(data_dir, work)
    if as_json:
        typer.echo(msgspec.json.encode({"items": found}))
    else:
        _table(found)


@app.command()
def show(id_: AppName, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Show an app, its DSNs and its settings."""
    import msgspec

    detail = detail_of(id_, data_dir)
    if as_json:
        typer.echo(msgspec.json.encode(detail))
        return
    typer.echo(f"{detail.name} ({detail.id}, number {detail.number}) {detail.platform}".rstrip())
    if detail.over is not None:
        typer.echo(f"over its quota of the {detail.over} until {detail.over_until}")
    for key in detail.keys:
        typer.echo(key.dsn + (" (revoked)" if key.revoked_at else ""))
    typer.echo(msgspec.json.format(msgspec.json.encode(detail.settings)))


@app.command("set")
def set_(  # noqa: PLR0913 - an argument is an option
    id_: AppName,
    *,
    setting: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE, may be repeated: requireKey=true, filters.types=A*,B*."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    platform: Annotated[str | None, typer.Option(help="What it runs on.")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Change an app; what is not named stays."""
    import msgspec

    from mana_errors.cli.database import with_connection
    from mana_errors.errors import BadRequest
    from mana_errors.model.app_change import AppChange
    from mana_errors.store import apps
    from mana_errors.store.audit import COMMAND

    given = {
        "name": name,
        "platform": platform,
        "settings": _settings(setting) if setting else None,
    }
    values = {field: value for field, value in given.items() if value is not None}
    change = checked(AppChange, values)

    async def work(connection: "Connection") -> "App":
        return await apps.change(connection, id_, change, COMMAND)

    try:
        changed = with_connection(data_dir, work)
    except BadRequest as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(msgspec.json.encode(changed) if as_json else f"changed {id_}")


def checked(kind: type[T], values: "JsonObject") -> T:
    """Arguments as a value that the store takes; ends with status 2 for one that makes no sense."""
    import msgspec

    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(str(error)) from error


def detail_of(app_id: str, data_dir: Path | None) -> "AppDetail":
    from mana_errors.cli.database import with_connection
    from mana_errors.model.app_reading import with_keys
    from mana_errors.store import apps

    async def work(connection: "Connection") -> tuple["App", list["Key"]]:
        return await apps.find(connection, app_id), await apps.keys_of(connection, app_id)

    return with_keys(*with_connection(data_dir, work), address(data_dir))


def _settings(pairs: list[str]) -> "JsonObject":
    """Fields of AppSettings; `filters.` before those inside the filters."""
    import msgspec

    from mana_errors.model.app import DEFAULT_SETTINGS

    change: JsonObject = {}
    defaults: JsonObject = msgspec.to_builtins(DEFAULT_SETTINGS)
    for pair in pairs:
        path, equals, text = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r}: write NAME=VALUE")
        first, dot, inner = path.partition(".")
        if dot and first == "filters":
            filters = change.setdefault("filters", {})
            filters[inner] = _value(text, defaults["filters"].get(inner))
        else:
            change[path] = _value(text, defaults.get(path))
    return change


def _value(text: str, default: object) -> object:
    """JSON, or the text as it is; of a list also its items, separated by commas."""
    if isinstance(default, list | tuple) and not text.startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        return json.loads(text)
    except ValueError:
        return text


def _table(found: list["App"]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("number", "id", "name", "platform", "created", box=None)
    for one in found:
        created = f"{one.created_at:%Y-%m-%d %H:%M}"
        table.add_row(str(one.number), one.id, one.name, one.platform, created)
    Console().print(table)
