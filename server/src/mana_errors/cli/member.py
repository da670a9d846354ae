"""`mana-errors member`: who may sign in. Whoever may run it may do all, owners included."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from mana_errors.cli.options import DataDir, Json, address
from mana_errors.errors import NotFound

if TYPE_CHECKING:
    from uuid import UUID

    from mana_errors.model.member import BoundApps, Member, Purpose
    from mana_errors.model.principal import Role
    from mana_errors.store.db import Connection

T = TypeVar("T")

app = typer.Typer(
    help="Make, list and change members.", no_args_is_help=True, rich_markup_mode=None
)

Email = Annotated[str, typer.Argument(help="The member's e-mail address.")]
RoleName = Annotated[str, typer.Option("--role", help="owner, admin, member or viewer.")]
AppIds = Annotated[
    str | None,
    typer.Option("--apps", help="Ids of the apps to see, comma-separated; left out: all."),
]
Stdin = Annotated[
    bool, typer.Option("--password-stdin", help="Make them at once; standard input has it.")
]


@app.command()
def create(  # noqa: PLR0913 - options
    email: Email,
    role: RoleName = "member",
    apps: AppIds = None,
    *,
    password_stdin: Stdin = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Make a member: print the link by which they join, or make them with a password."""
    from mana_errors.model.member import Purpose

    chosen, bound = role_of(role), apps_of(apps)
    if password_stdin:
        _show(_make(data_dir, email, chosen, bound), as_json=as_json)
    else:
        secret = _invite(data_dir, email, chosen, bound)
        _show_link(Purpose.INVITATION, secret, data_dir, as_json=as_json)


def _make(data_dir: Path | None, email: str, role: "Role", apps: "BoundApps") -> "Member":
    import asyncio

    from mana_errors.access.passwords import Passwords, check_strength
    from mana_errors.cli.database import with_connection
    from mana_errors.model.member import normal_email
    from mana_errors.store import members
    from mana_errors.store.audit import COMMAND
    from mana_errors.store.members import NewMember

    address, password = normal_email(email), sys.stdin.readline().rstrip("\r\n")
    check_strength(password, address)
    hashed = asyncio.run(Passwords().hash(password))
    new = NewMember(address, role, apps, hashed)

    async def work(connection: "Connection") -> "Member":
        return await members.create(connection, COMMAND, new)

    return with_connection(data_dir, work)


def _invite(data_dir: Path | None, email: str, role: "Role", apps: "BoundApps") -> str:
    from mana_errors.access import people
    from mana_errors.access.people import Invitation
    from mana_errors.cli.database import with_connection
    from mana_errors.store.audit import COMMAND

    async def work(connection: "Connection") -> str:
        return await people.make_invitation(connection, COMMAND, Invitation(email, role, apps))

    return with_connection(data_dir, work)


@app.command("list")
def list_(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Show all members."""
    import msgspec

    from mana_errors.cli.database import with_connection
    from mana_errors.store import members

    found = with_connection(data_dir, members.listed)
    if as_json:
        typer.echo(msgspec.json.encode({"items": found}))
    else:
        _table(found)


@app.command()
def role(
    email: Email,
    name: Annotated[str, typer.Argument(help="owner, admin, member or viewer.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Change what a member may do. Acts at once."""
    from mana_errors.store import members
    from mana_errors.store.audit import COMMAND

    chosen = role_of(name)

    async def work(connection: "Connection", member: "Member") -> "Member":
        return await members.change_role(connection, COMMAND, member.id, chosen)

    _show(_with_member(data_dir, email, work), as_json=as_json)


@app.command()
def apps(
    email: Email,
    ids: Annotated[
        str | None, typer.Argument(help="Ids, comma-separated; left out: all apps.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Change which apps a member sees. Acts at once."""
    from mana_errors.store import members
    from mana_errors.store.audit import COMMAND

    bound = apps_of(ids)

    async def work(connection: "Connection", member: "Member") -> "Member":
        return await members.set_apps(connection, COMMAND, member.id, bound)

    _show(_with_member(data_dir, email, work), as_json=as_json)


@app.command()
def disable(email: Email, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Let a member sign in no more; ends their sessions."""
    from mana_errors.store import members
    from mana_errors.store.audit import COMMAND

    async def work(connection: "Connection", member: "Member") -> "Member":
        return await members.disable(connection, COMMAND, member.id)

    _show(_with_member(data_dir, email, work), as_json=as_json)


@app.command()
def enable(email: Email, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Let a disabled member sign in again."""
    from mana_errors.store import members
    from mana_errors.store.audit import COMMAND

    async def work(connection: "Connection", member: "Member") -> "Member":
        return await members.enable(connection, COMMAND, member.id)

    _show(_with_member(data_dir, email, work), as_json=as_json)


@app.command()
def link(email: Email, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Print a link by which a member sets a new password. It switches their second factor off."""
    from mana_errors.access import people
    from mana_errors.model.member import Purpose
    from mana_errors.store.audit import COMMAND

    async def work(connection: "Connection", member: "Member") -> str:
        return await people.make_password_link(connection, COMMAND, member)

    secret = _with_member(data_dir, email, work)
    _show_link(Purpose.PASSWORD, secret, data_dir, as_json=as_json)


def role_of(text: str) -> "Role":
    """The role of this name. Raises BadParameter."""
    from mana_errors.model.principal import Role

    try:
        return Role(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: give one of {', '.join(Role)}") from error


def apps_of(text: str | None) -> "BoundApps":
    """Ids of an option; None: all apps."""
    if text is None:
        return None
    return tuple(name.strip() for name in text.split(",") if name.strip())


def id_of(data_dir: Path | None, email: str) -> "UUID":
    """The id of the member with this address. Raises NotFound, BadRequest."""

    async def work(_: "Connection", member: "Member") -> "UUID":
        return member.id

    return _with_member(data_dir, email, work)


def _with_member(
    data_dir: Path | None,
    email: str,
    work: "Callable[[Connection, Member], Awaitable[T]]",
) -> T:
    from mana_errors.cli.database import with_connection
    from mana_errors.model.member import normal_email
    from mana_errors.store import members

    address = normal_email(email)

    async def found(connection: "Connection") -> T:
        member = await members.find_by_email(connection, address)
        if member is None:
            raise NotFound(f"there is no member {address}")
        return await work(connection, member)

    return with_connection(data_dir, found)


def _show(member: "Member", *, as_json: bool) -> None:
    import msgspec

    typer.echo(msgspec.json.encode(member) if as_json else f"{member.email}: {_state(member)}")


def _show_link(purpose: "Purpose", secret: str, data_dir: Path | None, *, as_json: bool) -> None:
    import json

    from mana_errors.access.people import link_path

    link = address(data_dir) + link_path(purpose, secret)
    typer.echo(json.dumps({"link": link}) if as_json else link)


def _state(member: "Member") -> str:
    seen = "all apps" if member.apps is None else ", ".join(member.apps) or "no apps"
    return f"{member.role}, {seen}{', disabled' if member.disabled_at else ''}"


def _table(found: "list[Member]") -> None:
    from rich.console import Console
    from rich.table import Column, Table

    # whole, however narrow the terminal: it is what the other commands take
    email = Column("e-mail", overflow="fold", no_wrap=True)
    table = Table(email, "name", "role", "apps", "two-factor", "disabled", box=None)
    for member in found:
        seen = "all" if member.apps is None else ",".join(member.apps)
        code = "yes" if member.two_factor else "no"
        since = f"{member.disabled_at:%Y-%m-%d}" if member.disabled_at else ""
        table.add_row(member.email, member.name, member.role, seen, code, since)
    Console().print(table)
