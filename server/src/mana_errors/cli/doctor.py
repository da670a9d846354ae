"""`mana-errors doctor`: checks everything and says what to do."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import typer

from mana_errors.cli.options import DataDir, Json
from mana_errors.config import Settings, load_settings

if TYPE_CHECKING:
    from mana_errors.cli.findings import Finding

_COLOURS: Final = {
    "ok": typer.colors.GREEN,
    "warn": typer.colors.YELLOW,
    "fail": typer.colors.RED,
}


def doctor(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Check everything and say what to do. Exit status 1 if something does not work."""
    from mana_errors.cli.checks import local_findings

    settings = load_settings(data_dir=data_dir)
    found = local_findings(settings)
    if not any(finding.check == "data directory" and finding.advice for finding in found):
        found += _ask_database(settings)
    if as_json:
        typer.echo(json.dumps({"items": [asdict(finding) for finding in found]}))
    else:
        _show(found)
    raise typer.Exit(any(finding.verdict == "fail" for finding in found))


def _ask_database(settings: Settings) -> list["Finding"]:
    import asyncio

    from mana_errors.cli.checks_database import database_findings, unreachable
    from mana_errors.cli.database import database
    from mana_errors.cli.findings import ok
    from mana_errors.errors import ManaError
    from mana_errors.store.db import connect
    from mana_errors.store.embedded.layout import layout_of

    if not settings.database_url and not layout_of(settings.data_dir).cluster.exists():
        return [ok("PostgreSQL", "embedded; made on first start")]

    async def ask(dsn: str) -> list["Finding"]:
        connection = await connect(dsn, application="mana-errors-doctor")
        try:
            return await database_findings(connection, settings)
        finally:
            await connection.close()

    try:
        with database(settings) as dsn:
            return asyncio.run(ask(dsn))
    except ManaError as error:
        return [unreachable(error)]


def _show(found: list["Finding"]) -> None:
    width = max(len(finding.check) for finding in found)
    for finding in found:
        mark = typer.style(f"{finding.verdict:4}", fg=_COLOURS[finding.verdict])
        typer.echo(f"{mark}  {finding.check:{width}}  {finding.detail}")
        if finding.advice:
            typer.echo(f"      {'':{width}}  → {finding.advice}")
