"""The HTTP client of all channels: POST, once, to an address that was checked.

A name is resolved once, and what was checked is what is connected to: a name that points elsewhere
a moment later gains nothing. TLS is checked against the name. Redirects are not followed.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

import httptools

from mana_errors.alerts.network import Networks
from mana_errors.errors import Refused, Unreachable

# Headers and body together; receivers answer in a few hundred.
MAX_ANSWER_BYTES: Final = 64 * 1024
_READ_BYTES: Final = 16 * 1024
# A name has few; the time of a try is limited anyway.
MAX_ADDRESSES: Final = 4
MAX_URL: Final = 2_000
# What a receiver says of a message, in the ledger.
MAX_SAID: Final = 200
# Whoever asks for more is asked again after it.
MAX_RETRY_AFTER_S: Final = 3600.0
_PORTS: Final = {"http": 80, "https": 443}
# Later may be better: timeout, conflict, too early, too many.
_PASSING: Final = frozenset({408, 409, 425, 429})
# The last is of one that would speak something else from here on.
_NO_ANSWER: Final = (OSError, EOFError, httptools.HttpParserError, httptools.HttpParserUpgrade)
_OWN: Final = {"user-agent": "mana-errors", "accept": "*/*", "connection": "close"}


class Answer(NamedTuple):
    """What a receiver answered."""

    status: int
    # names in lower case
    headers: dict[str, str]
    # at most MAX_ANSWER_BYTES; the rest is not read
    body: bytes


class Client:
    """Posts. Holds no connections."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request and read its answer; whoever calls limits the time.

        Raises Refused for an address that may not be, Unreachable where there is no answer.
        Neither tells the URL: it may be the channel's secret.
        """
        target = checked(url)
        request = _request(target, body, headers)
        reader, writer = await self._connect(target)
        try:
            writer.write(request)
            return await _read(reader)
        except _NO_ANSWER as error:
            raise Unreachable(f"{target.hostname}: no answer ({_reason(error)})") from error
        finally:
            # abort, not close: whoever still sends is not waited for
            writer.transport.abort()

    async def _connect(
        self, target: SplitResult
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, secure = str(target.hostname), target.scheme == "https"
        port = target.port or _PORTS[target.scheme]
        last: OSError | None = None
        for address in await self._resolve(host, port):
            try:
                return await asyncio.open_connection(
                    address,
                    port,
                    ssl=self._tls if secure else None,
                    server_hostname=host if secure else None,
                )
            except OSError as error:
                last = error
        raise Unreachable(f"{host}: no connection ({_reason(last)})") from last

    async def _resolve(self, host: str, port: int) -> list[str]:
        """Its addresses that may be connected to, at most MAX_ADDRESSES."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"{host}: no such name ({_reason(error)})") from error
        addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
        allowed = [address for address in addresses if self._networks.permit(address)]
        if not allowed:
            raise Refused(f"{host}: its address is not public: see MANA_ERRORS_ALERT_NETWORKS")
        return allowed[:MAX_ADDRESSES]

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The system's certificates, or those that SSL_CERT_FILE names."""
        return ssl.create_default_context()


def checked(url: str) -> SplitResult:
    """A URL's parts. Raises Refused for what is no web address, or has a password in it."""
    sound = url.isascii() and url.isprintable() and " " not in url and len(url) <= MAX_URL
    try:
        parts = urlsplit(url if sound else "")
        sound = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise Refused("the address has no sound host or port") from error
    if not sound:
        raise Refused("the address must begin with https:// or http://, in ASCII without spaces")
    if "@" in parts.netloc:
        raise Refused("the address may not have a user name or a password in it")
    return parts


def taken(answer: Answer, secrets: tuple[str, ...] = ()) -> str:
    """What the ledger says of an answer that took the message. Raises Refused or Unreachable.
    The receiver may echo what was sent: these texts are not repeated."""
    said = _said(answer, secrets)
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return said
    if passing(answer.status):
        raise Unreachable(said, retry_after_s=_retry_after(answer.headers.get("retry-after", "")))
    if answer.status < HTTPStatus.BAD_REQUEST:
        raise Refused(f"HTTP {answer.status}: redirects are not followed")
    raise Refused(said)


def passing(status: int) -> bool:
    """Whether what failed so may work later."""
    return status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _said(answer: Answer, secrets: tuple[str, ...]) -> str:
    text = " ".join(answer.body.decode("utf-8", "replace").split())
    for secret in secrets:
        text = text.replace(secret, "***")
    text = "".join(letter for letter in text if letter.isprintable())[:MAX_SAID]
    return f"HTTP {answer.status}: {text}" if text else f"HTTP {answer.status}"


def _retry_after(text: str) -> float | None:
    """Seconds; the header has them, or a date."""
    if text.isdecimal():
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        wait = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), MAX_RETRY_AFTER_S)


def _request(target: SplitResult, body: bytes, headers: Mapping[str, str]) -> bytes:
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    own = {"host": target.netloc, "content-length": str(len(body)), **_OWN}
    lines = [f"{name}: {value}" for name, value in {**own, **headers}.items()]
    head = "\r\n".join([f"POST {path} HTTP/1.1", *lines, "", ""])
    # one line break of a secret's would make two headers of one
    breaks = len(lines) + 2
    if not head.isascii() or head.count("\r") != breaks or head.count("\n") != breaks:
        raise Refused("a header has a line break or a letter beyond ASCII in it")
    return head.encode("ascii") + body


class _Parsing:
    """Collects an answer: httptools calls by these names."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.headed = False
        self.done = False

    def on_message_begin(self) -> None:
        # an interim answer (1xx) came before
        self.headers.clear()
        self.body.clear()
        self.headed = self.done = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.headed = True

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.done = True


async def _read(reader: asyncio.StreamReader) -> Answer:
    """Until it is whole, or has all the bytes that we take, or the connection ends."""
    parsing = _Parsing()
    parser = httptools.HttpResponseParser(parsing)
    left, final = MAX_ANSWER_BYTES, False
    while left > 0 and (data := await reader.read(min(left, _READ_BYTES))):
        left -= len(data)
        parser.feed_data(data)
        final = parsing.headed and parser.get_status_code() >= HTTPStatus.OK
        if final and parsing.done:
            break
    if not final:
        raise EOFError("no whole answer")
    return Answer(parser.get_status_code(), parsing.headers, bytes(parsing.body))


def _reason(error: BaseException | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate: {error.verify_message}"
    return (getattr(error, "strerror", None) or type(error).__name__) if error else "no address"
