"""`mana-errors report`: the weekly report, printed or saved."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mana_errors.cli.options import DataDir, address

if TYPE_CHECKING:
    from mana_errors.alerts.mail import Rendered
    from mana_errors.model.weekly import Week
    from mana_errors.store.db import Connection


def report(  # noqa: PLR0913, PLR0917 - options
    week: Annotated[
        str, typer.Option(help="A day of the week to report, as 2026-11-16. Default: last week.")
    ] = "",
    app: Annotated[
        list[str] | None, typer.Option(help="Only of this app; may be repeated.")
    ] = None,
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
    html: Annotated[
        Path | None, typer.Option(help="Write the e-mail's HTML to a file, its pictures in it.")
    ] = None,
    to: Annotated[
        str, typer.Option(help="Send it to an address, by the server's SMTP setting.")
    ] = "",
    data_dir: DataDir = None,
) -> None:
    """Print what happened in a week: new, worse and fixed issues, by app."""
    from mana_errors.alerts.mail import standalone
    from mana_errors.alerts.weekly_text import render_week
    from mana_errors.alerts.words import LANGUAGES

    if language not in LANGUAGES:
        raise typer.BadParameter(f"must be one of {', '.join(LANGUAGES)}", param_hint="--language")
    read = _read(week, frozenset(app) if app else None, data_dir)
    mail = render_week(read, language, address(data_dir))
    if to:
        typer.echo(_send(mail, to, data_dir))
    if html is not None:
        html.write_text(standalone(mail), encoding="utf-8")
    if not to and html is None:
        typer.echo(f"{mail.subject}\n\n{mail.text}", nl=False)


def _send(mail: "Rendered", to: str, data_dir: Path | None) -> str:
    """What the server answered."""
    import asyncio

    from mana_errors.alerts.channels import email
    from mana_errors.config import load_settings
    from mana_errors.errors import BadSetting

    settings = load_settings(data_dir=data_dir)
    if not settings.smtp_url:
        raise BadSetting("MANA_ERRORS_SMTP_URL: is not set, so no e-mail can be sent")
    made = email.compose(mail, email.checked_address(to), "", settings)
    made["Message-ID"] = email.new_message_id(settings)
    made["Date"] = datetime.now(UTC)
    return asyncio.run(email.transmit(made, settings))


def _read(week: str, apps: frozenset[str] | None, data_dir: Path | None) -> "Week":
    from mana_errors.cli.database import with_connection
    from mana_errors.config import load_settings
    from mana_errors.model.weekly import last_week, week_of
    from mana_errors.store.weekly import read_week

    zone = load_settings(data_dir=data_dir).time_zone
    span = week_of(_day(week), zone) if week else last_week(datetime.now(UTC), zone)

    async def work(connection: "Connection") -> "Week":
        return await read_week(connection, span, apps)

    return with_connection(data_dir, work)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("must be a day, as 2026-11-16", param_hint="--week") from error
