"""Posting to receivers that misbehave, and to addresses that may not be."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from mailing import certificate
from mana_errors.alerts.client import MAX_ANSWER_BYTES, Client, checked, taken
from mana_errors.alerts.network import Networks
from mana_errors.errors import Refused, Unreachable
from receivers import Receiver, answers, endless, receiving

LOOPBACK = Networks(("127.0.0.0/8",))


async def post(receiver: Receiver) -> str:
    """Send and say what the ledger says."""
    return taken(await Client(LOOPBACK).post(receiver.url, b"{}", {"x-a": "b"}))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1", "168.63.129.16"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:1::1", "::127.0.0.1"),
        *("64:ff9b:1::1", "2001:db8::1", "fec0::1", "localhost", ""),
    ],
)
def test_private_addresses_are_refused(address: str) -> None:
    assert not Networks(()).permit(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]
)
def test_public_addresses_are_permitted(address: str) -> None:
    assert Networks(()).permit(address)


def test_a_network_that_is_allowed_is_permitted_in_each_form() -> None:
    networks = Networks(("10.0.0.0/8",))
    assert all(networks.permit(text) for text in ("10.9.9.9", "::ffff:10.9.9.9"))
    assert not networks.permit("127.0.0.1")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "127.1", "[::ffff:127.0.0.1]"],
)
async def test_no_spelling_of_this_machine_gets_through(host: str) -> None:
    async with receiving() as receiver:
        with pytest.raises((Refused, Unreachable)):
            await Client(Networks(())).post(f"http://{host}:{receiver.port}/", b"", {})
        assert not receiver.got


async def test_a_name_that_changes_after_the_check_gains_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: the first answer is public, all later ones are this machine."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(str(host))
        if host == "rebind.example":
            # TEST-NET stands for a public address: nobody answers there
            host = "192.0.2.1" if len(asked) == 1 else "127.0.0.1"
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    async with receiving() as receiver:
        client = Client(Networks(("192.0.2.0/24",)))
        with pytest.raises((Unreachable, TimeoutError)):
            async with asyncio.timeout(0.5):
                await client.post(f"http://rebind.example:{receiver.port}/", b"", {})
        assert "rebind.example" not in asked[1:]
        assert not receiver.got


async def test_a_request_is_whole() -> None:
    async with receiving() as receiver:
        assert await post(receiver) == "HTTP 200: ok"
        (got,) = receiver.got
    assert got.line == "POST /hook?a=b HTTP/1.1"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert (got.headers["x-a"], got.body) == ("b", b"{}")


async def test_tls_is_checked_against_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not against the address that it is connected to."""
    real = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        return real("127.0.0.1" if host == "other.example" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with receiving(tls=certificate(tmp_path)) as receiver:
        localhost, other = (
            f"https://{name}:{receiver.port}/" for name in ("localhost", "other.example")
        )
        with pytest.raises(Unreachable, match="its certificate"):
            await Client(LOOPBACK).post(localhost, b"", {})
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        with pytest.raises(Unreachable, match=r"other\.example: .*Hostname mismatch"):
            await Client(LOOPBACK).post(other, b"", {})
        assert not receiver.got
        assert (await Client(LOOPBACK).post(localhost, b"", {})).status == 200


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_redirects_are_refused(status: str) -> None:
    async with receiving() as receiver:
        receiver.answer = answers(status, "", "Location: http://169.254.169.254/")
        with pytest.raises(Refused, match="redirects"):
            await post(receiver)
        assert len(receiver.got) == 1


@pytest.mark.parametrize("status", ["400 Bad Request", "401 No", "404 Gone", "410 Gone", "413 Big"])
async def test_what_never_works_is_refused(status: str) -> None:
    async with receiving() as receiver:
        receiver.answer = answers(status, "no\r\n such\x00 thing")
        with pytest.raises(Refused, match="no such thing"):
            await post(receiver)


async def test_what_may_work_later_says_when() -> None:
    async with receiving() as receiver:
        receiver.plan = [
            answers("429 Slow", "", "Retry-After: 7"),
            answers("503 Away", "", "Retry-After: 99999999"),
            answers("503 Away", "", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"),
            answers("500 Oops", "", "Retry-After: soon"),
        ]
        waits: list[float | None] = []
        for _ in range(4):
            with pytest.raises(Unreachable) as caught:
                await post(receiver)
            waits.append(caught.value.retry_after_s)
    assert waits == [7, 3600, 0, None]


async def test_endless_answers_end() -> None:
    async with receiving() as receiver:
        receiver.answer = endless
        answer = await Client(LOOPBACK).post(receiver.url, b"", {})
    assert 0 < len(answer.body) <= MAX_ANSWER_BYTES


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"HTTP/1.1 200", b"nonsense\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ],
)
async def test_what_is_no_answer_is_unreachable(raw: bytes) -> None:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    async with receiving() as receiver:
        receiver.answer = write
        with pytest.raises(Unreachable):
            await post(receiver)


async def test_an_interim_answer_is_not_the_answer() -> None:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 410 Gone\r\n\r\n")

    async with receiving() as receiver:
        receiver.answer = write
        with pytest.raises(Refused, match="410"):
            await post(receiver)


async def test_errors_do_not_tell_the_url() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    with pytest.raises(Unreachable) as caught:
        await Client(LOOPBACK).post(f"http://127.0.0.1:{closed}/services/T0/SECRET", b"", {})
    assert "SECRET" not in f"{caught.value}{caught.value.__cause__}"


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://a/", "file:///etc/passwd", "//a/", "http://", "https://u:p@a/", "http://a:99999/"),
        *("http://a /", "http://a/\r\nX: y", "http://ä.example/", "http://[::1/", "gopher://a", ""),
        "http://a/" + "x" * 2000,
    ],
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(Refused):
        checked(url)


async def test_a_header_is_one_header() -> None:
    async with receiving() as receiver:
        with pytest.raises(Refused):
            await Client(LOOPBACK).post(receiver.url, b"", {"authorization": "a\r\nx: y"})
        assert not receiver.got
