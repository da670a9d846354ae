"""E-mail by a real SMTP server."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from alerting import add_alert, add_channel, deliveries_of, delivering, hurry, settings_of, until
from mailing import Mailbox, mailing
from mana_errors.alerts.channels.email import checked_address, compose, transmit
from mana_errors.alerts.links import Links
from mana_errors.alerts.mail import Rendered
from mana_errors.cli.checks_mail import mail_server
from mana_errors.config import Settings, load_settings
from mana_errors.errors import BadSetting, Refused, Unreachable
from mana_errors.model.channel import Email
from mana_errors.model.principal import Role
from mana_errors.store import answers
from mana_errors.store.db import Connection
from mana_errors.store.secrets import link_key
from people import add_member
from receivers import answers as http_answers
from receivers import receiving

PLAIN = Rendered("Subject", "text", "<p>html</p>", ())


def mail_settings(
    tmp_path: Path, mailbox: Mailbox, scheme: str = "smtp", who: str = ""
) -> Settings:
    """Settings that send there."""
    url = f"{scheme}://{who}127.0.0.1:{mailbox.port}"
    return settings_of(
        tmp_path, smtp_url=url, smtp_from="errors@example.org", public_url="https://e.example.org"
    )


async def test_each_owner_gets_a_mail_of_their_own(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    await add_member(connection, "olga@example.org")
    await add_member(connection, "viewer@example.org", Role.VIEWER)
    muted = await add_member(connection, "muted@example.org")
    await answers.mute(connection, muted.email, "", on=True)
    with mailing() as mailbox:
        settings = mail_settings(tmp_path, mailbox)
        async with delivering(migrated_dsn, settings):
            to = ("owners", "Team@example.org", "team@example.org")
            channel = await add_channel(connection, Email(to), "")
            issue = uuid4()
            for count in (1, 2):
                await add_alert(connection, [channel], issue, title="Boom — ☃")
                await until(lambda n=count: _ended(connection, channel, n), "it is sent")
    assert sorted(mailbox.recipients) == sorted(["olga@example.org", "team@example.org"] * 2)
    first, *_, last = mailbox.mails
    assert {mail["To"] for mail in mailbox.mails} == {"olga@example.org", "team@example.org"}
    assert first["From"] == "Mana Errors <errors@example.org>"
    assert "Boom — ☃" in first["Subject"]
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Date"]
    # one thread an issue, whoever got the first mail
    assert first["References"] == last["References"] == f"<issue-{issue}@example.org>"
    assert first["In-Reply-To"] == first["References"]
    assert first["Message-ID"] != last["Message-ID"]
    parts = [part.get_content_type() for part in first.walk()]
    assert parts[0] == "multipart/alternative"
    assert {"text/plain", "text/html"} < set(parts)
    # whoever follows it mutes themselves, and nobody else
    (url,) = re.findall(r"<(https://e\.example\.org/mute/(\S+))>", first["List-Unsubscribe"])
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    links = Links(link_key(settings), settings.address)
    assert links.read_mute(url[1]) == first["To"]


async def test_a_recipient_that_has_it_is_not_told_again(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    with mailing() as mailbox:
        async with delivering(migrated_dsn, mail_settings(tmp_path, mailbox)):
            to = ("a@example.org", "b@example.org", "c@example.org", "d@example.org")
            channel = await add_channel(connection, Email(to), "")
            mailbox.plan = ["", "451 later", "550 no such user", ""]
            await add_alert(connection, [channel])
            await until(lambda: _tried(connection, channel), "a try")
            (row,) = await deliveries_of(connection, channel)
            assert row["state"] == "waiting"
            assert "SMTP 451: later" in row["detail"]
            await hurry(connection)
            await until(lambda: _ended(connection, channel, 1), "it is sent")
    # three have it once; who does not exist was asked once
    assert len(mailbox.recipients) == len(set(mailbox.recipients)) == 3
    (row,) = await deliveries_of(connection, channel)
    assert row["state"] == "sent"
    assert "550" in row["detail"]
    assert not await connection.fetchval("SELECT count(*) FROM error_logs.told")


async def test_tls_and_log_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mailing(tmp_path, login=True) as mailbox:
        settings = mail_settings(tmp_path, mailbox, "smtp+starttls", "me:p%2Fw@")
        mail = compose(PLAIN, "a@example.org", "https://e.example.org/mute/x", settings)
        with pytest.raises(Unreachable, match="certificate"):
            await transmit(mail, settings)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert await transmit(mail, settings) == "SMTP: taken"
        assert mailbox.logins == [(b"me", b"p/w")]
        assert mailbox.secure == [True]
        wrong = mail_settings(tmp_path, mailbox, "smtp+starttls", "me:s3cr3t@")
        with pytest.raises(Unreachable, match="SMTP 535: ") as caught:
            await transmit(mail, wrong)
        assert "s3cr3t" not in str(caught.value)


async def test_a_server_without_tls_gets_nothing(tmp_path: Path) -> None:
    """Who strips STARTTLS on the way learns nothing."""
    with mailing() as mailbox:
        settings = mail_settings(tmp_path, mailbox, "smtp+starttls", "me:s3cr3t@")
        mail = compose(PLAIN, "a@example.org", "https://e.example.org/mute/x", settings)
        with pytest.raises(Unreachable, match="STARTTLS"):
            await transmit(mail, settings)
    assert not mailbox.mails
    assert not mailbox.logins


async def test_no_server_and_one_that_is_none(tmp_path: Path) -> None:
    async with receiving() as receiver:
        receiver.answer = http_answers("200 OK")
        settings = settings_of(
            tmp_path, smtp_url=f"smtp://127.0.0.1:{receiver.port}", smtp_from="e@example.org"
        )
        mail = compose(PLAIN, "a@example.org", "https://e.example.org/mute/x", settings)
        with pytest.raises(Unreachable, match="SMTP"):
            await transmit(mail, settings)
    with pytest.raises(Unreachable, match="SMTP"):
        await transmit(mail, settings)


async def test_a_server_that_takes_nothing_now_may_take_it_later(tmp_path: Path) -> None:
    """Its greeting is of no mail."""

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 not you\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        settings = mail_settings(tmp_path, Mailbox(server.sockets[0].getsockname()[1]))
        mail = compose(PLAIN, "a@example.org", "https://e.example.org/mute/x", settings)
        with pytest.raises(Unreachable, match="SMTP 554: not you"):
            await transmit(mail, settings)


async def test_a_server_that_hangs_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread ends since its connection does, not since a step took too long."""
    ended: list[str] = []
    in_thread, asked = asyncio.to_thread, asyncio.Event()

    async def noted(work: Callable[..., str], *arguments: Any) -> str:
        def noting() -> str:
            try:
                return work(*arguments)
            except Unreachable as error:
                ended.append(str(error))
                raise

        return await in_thread(noting)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        asked.set()
        await reader.read()
        writer.close()

    monkeypatch.setattr(asyncio, "to_thread", noted)
    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = mail_settings(tmp_path, Mailbox(port))
        mail = compose(PLAIN, "a@example.org", "https://e.example.org/mute/x", settings)
        sending = asyncio.create_task(transmit(mail, settings))
        await asked.wait()
        sending.cancel()
        await until(lambda: ended, "the thread ends")
    assert ended == ["SMTP: Connection unexpectedly closed"]


def test_doctor_says_what_the_server_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mailing(tmp_path, login=True) as mailbox:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        found = [
            mail_server(mail_settings(tmp_path, mailbox, "smtp+starttls", who))[0]
            for who in ("me:p%2Fw@", "me:s3cr3t@")
        ]
    assert [one.detail for one in found] == [
        "the SMTP server lets us in", "SMTP 535: 5.7.8 Authentication credentials invalid"
    ]  # fmt: skip
    # no name may be so long
    (none,) = mail_server(settings_of(tmp_path, smtp_url=f"smtp://{'a' * 64}:25"))
    assert "SMTP: " in none.detail


@pytest.mark.parametrize("text", ["Hi\r\nBcc: x@example.org", "Hi\nX: y", "Hi\rX: y"])
def test_a_subject_cannot_make_headers(tmp_path: Path, text: str) -> None:
    settings = settings_of(tmp_path, smtp_from="errors@example.org")
    with pytest.raises(Refused):
        compose(PLAIN._replace(subject=text), "a@example.org", "https://e.example.org/m", settings)


@pytest.mark.parametrize(
    "address",
    [
        *("a@b\r\nBcc: c@d", "a@b, c@d", "<a@b>", "a b@c", "a@b\0", "a", "@b", "a@", "a@b;c@d"),
        *('"a b"@c', "a@b(c)", "a@b:c", "a@" + "b" * 300),
    ],
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(Refused):
        checked_address(address)


@pytest.mark.parametrize(
    "url", ["http://u:hunter2@h", "smtp://", "smtp://u:hunter2/x@h:99999", "u:hunter2@h:25"]
)
def test_settings_of_mail_that_are_none_do_not_tell_the_password(url: str) -> None:
    with pytest.raises(BadSetting, match="MANA_ERRORS_SMTP_URL") as caught:
        load_settings({"MANA_ERRORS_SMTP_URL": url, "MANA_ERRORS_SMTP_FROM": "a@b"})
    assert "hunter2" not in str(caught.value)


async def _ended(connection: Connection, channel_id: object, count: int) -> bool:
    sql = "SELECT count(*) FROM error_logs.deliveries WHERE channel_id = $1 AND state = 'sent'"
    return await connection.fetchval(sql, channel_id) == count


async def _tried(connection: Connection, channel_id: object) -> bool:
    sql = "SELECT failures FROM error_logs.channels WHERE id = $1 AND busy_until IS NULL"
    return await connection.fetchval(sql, channel_id) == 1
