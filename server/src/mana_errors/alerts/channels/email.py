"""E-mail, by the server's SMTP setting. One message a recipient: nobody sees another's address.

smtplib speaks in a thread: what it does takes as long as its server likes, so its connection is
ended when the time of a try is over.
"""

import asyncio
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Final
from urllib.parse import unquote, urlsplit

from mana_errors.alerts.channels.email_text import render
from mana_errors.alerts.client import Client
from mana_errors.alerts.links import Links
from mana_errors.alerts.mail import Rendered
from mana_errors.alerts.message import Message, Receipt, Send
from mana_errors.config import SMTP_PORTS, Settings
from mana_errors.errors import Refused, Unreachable
from mana_errors.model.channel import Email, Target
from mana_errors.store.secrets import link_key

# Of one step of the conversation; a try as a whole has its own limit.
STEP_S: Final = 8.0
# RFC 5321: 4xx may work later, 5xx never.
_PERMANENT: Final = 500
# What smtplib raises; ValueError is of a name or a password that it cannot write.
FAILURES: Final = (OSError, smtplib.SMTPException, ValueError)
# The local part may be anything that needs no quotes; the domain a name or an address.
ADDRESS: Final = re.compile(
    r"[^\s@<>\"(),:;\\\[\]\x00-\x1f\x7f]{1,64}@[^\s@<>\"(),:;\\\x00-\x1f\x7f]{1,253}"
)


def make(target: Target, _secret: str, _client: Client, settings: Settings) -> Send:
    """Raises Refused for what is no address."""
    assert isinstance(target, Email)  # noqa: S101 - the registry picks by kind
    checked_address(target.to[0])

    async def send(message: Message) -> Receipt:
        links = Links(link_key(settings), settings.address)
        mute_url = links.mute(target.to[0])
        rendered = render(message, target.language, mute_url)
        mail = compose(rendered, target.to[0], mute_url, settings)
        mail["Message-ID"] = message_id(str(message.id), settings)
        if message.issue is not None:
            # Nobody ever got a mail of this name; programs group by it all the same.
            root = message_id(f"issue-{message.issue}", settings)
            mail["In-Reply-To"] = mail["References"] = root
        mail["Date"] = format_datetime(message.created_at)
        return Receipt(await transmit(mail, settings))

    return send


def checked_address(text: str) -> str:
    """An address that can stand in a header. Raises Refused."""
    if not ADDRESS.fullmatch(text):
        raise Refused(f"{text[:100]!r} is no e-mail address")
    return text


def compose(mail: Rendered, recipient: str, mute_url: str, settings: Settings) -> EmailMessage:
    """An e-mail with all but its Message-ID and Date; `mute_url` as Links.mute makes it;
    empty: somebody asked for this one mail. What would break a header raises Refused."""
    made = EmailMessage(policy=SMTP)
    try:
        made["From"] = f"Mana Errors <{settings.smtp_from}>"
        made["To"] = recipient
        made["Subject"] = mail.subject
        made["Auto-Submitted"] = "auto-generated"
        if mute_url:
            made["List-Unsubscribe"] = f"<{mute_url}>"
            made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    except ValueError as error:
        raise Refused("a header would have a line break in it") from error
    made.set_content(mail.text)
    made.add_alternative(mail.html, subtype="html")
    if (html := made.get_body(("html",))) is not None:
        for image in mail.images:
            html.add_related(image.png, "image", "png", cid=f"<{image.name}>", disposition="inline")
    return made


async def transmit(mail: EmailMessage, settings: Settings) -> str:
    """Hand a mail to the server; what it answers. Raises Refused or Unreachable."""
    opened: list[smtplib.SMTP] = []
    try:
        return await asyncio.to_thread(_transmit, mail, settings, opened.append)
    except asyncio.CancelledError:
        for connection in opened:
            _end(connection)
        raise


def _transmit(
    mail: EmailMessage, settings: Settings, on_open: Callable[[smtplib.SMTP], None]
) -> str:
    recipient = str(mail["To"])
    try:
        connection = connect(settings)
    except FAILURES as error:
        # the setting's fault or the server's, never this mail's: it waits for who mends that
        raise Unreachable(reason_of(error)) from None
    try:
        with connection:
            on_open(connection)
            connection.send_message(mail, settings.smtp_from, [recipient])
    except smtplib.SMTPRecipientsRefused as error:
        code, said = error.recipients[recipient]
        raise _error(code, said) from None
    except smtplib.SMTPResponseException as error:
        raise _error(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError as error:
        raise Refused(reason_of(error)) from None
    except FAILURES as error:
        raise Unreachable(reason_of(error)) from None
    return "SMTP: taken"


def _end(connection: smtplib.SMTP) -> None:
    """End the wait of the thread that speaks. To close it would wait for that thread."""
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def connect(settings: Settings) -> smtplib.SMTP:
    """A connection that is ready to send: TLS and log-in as the setting says. Raises FAILURES,
    none of them with the password."""
    address = urlsplit(settings.smtp_url)
    host, port = str(address.hostname), address.port or SMTP_PORTS[address.scheme]
    if address.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, timeout=STEP_S, context=ssl.create_default_context()
        )
    else:
        connection = smtplib.SMTP(host, port, timeout=STEP_S)
    try:
        if address.scheme == "smtp+starttls":
            connection.starttls(context=ssl.create_default_context())
        if address.username:
            connection.login(unquote(address.username), unquote(address.password or ""))
    except BaseException:
        connection.close()
        raise
    return connection


def message_id(name: str, settings: Settings) -> str:
    """The Message-ID of what is called so on this server."""
    return f"<{name}@{_domain(settings)}>"


def new_message_id(settings: Settings) -> str:
    """For a mail that is no alert's."""
    return make_msgid(domain=_domain(settings))


def _error(code: int, said: bytes | str) -> Refused | Unreachable:
    reason = _said(code, said)
    return Refused(reason) if code >= _PERMANENT else Unreachable(reason)


def reason_of(error: Exception) -> str:
    """What the server said, or what else one of FAILURES says."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    return f"SMTP: {str(error) or type(error).__name__}"


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"SMTP {code}: {' '.join(text.split())}"


def _domain(settings: Settings) -> str:
    return settings.smtp_from.rpartition("@")[2]
