"""`mana-errors issue`: find issues, look at one, and say what became of them."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from mana_errors.cli.options import DataDir, Json, address

if TYPE_CHECKING:
    from mana_errors.model.action import Acted, Action
    from mana_errors.model.reading import Issue, IssueDetail, ListedIssue, Page
    from mana_errors.store.db import Connection

app = typer.Typer(
    help="Find issues, resolve, ignore, reopen and assign them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Ids = Annotated[list[UUID], typer.Argument(metavar="ID", help="Ids of issues.")]
# As the API writes them.
_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


@app.command("list")
def list_(  # noqa: PLR0913 - options
    search: Annotated[
        str, typer.Argument(help="As in the dashboard: `is:unresolved app:chat count:>100`.")
    ] = "is:unresolved",
    *,
    sort: Annotated[
        str, typer.Option(help="lastSeen, firstSeen, count, users or trend.")
    ] = "lastSeen",
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 25,
    cursor: Annotated[str | None, typer.Option(help="`next` of the list before.")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Show issues that a search finds: id, status, count, users, last seen (UTC), app, title."""
    import msgspec

    from mana_errors.cli.app_ import checked
    from mana_errors.cli.database import with_connection
    from mana_errors.model.query import IssueQuery
    from mana_errors.store import read_issues

    query = checked(IssueQuery, {"q": search, "sort": sort, "limit": limit, "cursor": cursor})

    async def work(connection: "Connection") -> "Page[ListedIssue]":
        return await read_issues.list_issues(connection, query, None)

    page = with_connection(data_dir, work)
    if as_json:
        typer.echo(msgspec.json.encode(page))
        return
    for issue in page.items:
        typer.echo(_line(issue))


@app.command()
def show(
    id_: Annotated[UUID, typer.Argument(metavar="ID", help="The issue's id.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Show an issue, and where its page is."""
    import msgspec

    from mana_errors.cli.database import with_connection
    from mana_errors.store import read_issues

    async def work(connection: "Connection") -> "IssueDetail":
        return await read_issues.describe_issue(connection, id_, None)

    issue = with_connection(data_dir, work)
    if as_json:
        typer.echo(msgspec.json.encode(issue))
        return
    for name, value in _facts(issue):
        typer.echo(f"{name:11}{_plain(str(value))}")
    typer.echo(f"{'page':11}{address(data_dir)}/issues/{issue.id}")


@app.command()
def resolve(
    ids: Ids,
    *,
    release: Annotated[
        str | None, typer.Option(help="It is fixed in this release, not now.")
    ] = None,
    next_release: Annotated[
        bool, typer.Option("--next-release", help="It is fixed in the next release, not now.")
    ] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Say that issues are fixed."""
    if release is not None and next_release:
        raise typer.BadParameter("give --release or --next-release, not both")
    given = {"do": "resolve", "inRelease": release, "inNextRelease": next_release}
    _act(data_dir, ids, given, as_json=as_json)


@app.command()
def ignore(  # noqa: PLR0913 - options
    ids: Ids,
    *,
    until: Annotated[
        datetime | None, typer.Option(formats=_TIMES, help="A time; without a zone UTC.")
    ] = None,
    events: Annotated[int | None, typer.Option(min=1, help="Until so many more came.")] = None,
    per_hour: Annotated[
        int | None, typer.Option(min=1, help="Until an hour has so many events.")
    ] = None,
    users: Annotated[int | None, typer.Option(min=1, help="Until so many users met it.")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Say that issues are no problem: for ever, or until one thing."""
    from datetime import UTC

    time = until and (until if until.tzinfo else until.replace(tzinfo=UTC)).isoformat()
    given = {"do": "ignore", "until": time, "events": events, "perHour": per_hour, "users": users}
    _act(data_dir, ids, given, as_json=as_json)


@app.command()
def reopen(ids: Ids, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Say that issues are a problem again."""
    _act(data_dir, ids, {"do": "reopen"}, as_json=as_json)


@app.command()
def assign(
    ids: Ids,
    to: Annotated[
        str | None, typer.Option("--to", help="A member's e-mail address; left out: nobody.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Say who takes care of issues."""
    member = None
    if to is not None:
        from mana_errors.cli.member import id_of

        member = str(id_of(data_dir, to))
    _act(data_dir, ids, {"do": "assign", "member": member}, as_json=as_json)


def _act(
    data_dir: Path | None, ids: list[UUID], given: Mapping[str, object], *, as_json: bool
) -> None:
    import msgspec

    from mana_errors.cli.app_ import checked
    from mana_errors.cli.database import with_connection
    from mana_errors.model.action import Actions
    from mana_errors.store import workflow
    from mana_errors.store.audit import COMMAND

    wanted = checked(Actions, {"ids": [str(id_) for id_ in ids], "action": given})
    action: Action = wanted.action

    async def work(connection: "Connection") -> "Acted":
        return await workflow.act(connection, wanted.ids, action, None, COMMAND)

    acted = with_connection(data_dir, work)
    if as_json:
        typer.echo(msgspec.json.encode(acted))
    else:
        typer.echo(f"changed {len(acted.changed)} of {len(set(ids))}")


def _line(issue: "Issue") -> str:
    seen = f"{issue.last_seen:%Y-%m-%d %H:%M}"
    numbers = f"{issue.status:10}  {issue.count:>8}  {issue.users:>6}  {seen}"
    return f"{issue.id}  {numbers}  {_plain(issue.app)}  {_plain(issue.title)}"


def _facts(issue: "Issue") -> list[tuple[str, object]]:
    assignee = issue.assignee.email if issue.assignee else "nobody"
    return [
        ("title", issue.title),
        ("where", issue.culprit),
        ("app", issue.app),
        ("status", issue.status),
        ("priority", issue.priority),
        ("severity", issue.severity),
        ("events", issue.count),
        ("users", issue.users),
        (
            "first seen",
            f"{issue.first_seen:%Y-%m-%d %H:%M:%S} UTC, {issue.first_release or 'no release'}",
        ),
        ("last seen", f"{issue.last_seen:%Y-%m-%d %H:%M:%S} UTC, {issue.release or 'no release'}"),
        ("assignee", assignee),
    ]


def _plain(text: str) -> str:
    """What a stranger wrote, without what would steer the terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
