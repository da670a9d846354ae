"""Check of `doctor` about e-mail."""

from mana_errors.cli.findings import Finding, fail, ok
from mana_errors.config import Settings


def mail_server(settings: Settings) -> list[Finding]:
    """Whether the SMTP server lets us in; nothing where none is given."""
    if not settings.smtp_url:
        return []
    from mana_errors.alerts.channels.email import FAILURES, connect, reason_of

    try:
        with connect(settings) as connection:
            connection.noop()
    except FAILURES as error:
        advice = (
            "Correct MANA_ERRORS_SMTP_URL: e-mail of alerts waits, and is given up after a day."
        )
        return [fail("e-mail", reason_of(error), advice)]
    return [ok("e-mail", "the SMTP server lets us in")]
