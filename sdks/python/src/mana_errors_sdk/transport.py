"""Bytes -> the server's answer: one kept connection, through a proxy where there is one."""

from __future__ import annotations

import http.client
import ssl
from base64 import b64encode
from typing import Dict, Final, NamedTuple, Optional
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from mana_errors_sdk.options import Options
from mana_errors_sdk.version import __version__

PATH: Final = "/api/v1/errors/batch"
# An answer to a batch of 100 is some 8 KB.
MAX_ANSWER: Final = 1024 * 1024


class Answer(NamedTuple):
    """What came back."""

    status: int
    retry_after: Optional[str]
    body: bytes


class NotDelivered(Exception):
    """Nobody answered, or not whole. Whether the server has the reports is not known."""


class Transport:
    """Posts batches. Used by one thread at a time."""

    def __init__(self, options: Options) -> None:
        self._timeout = options.timeout
        self._target = urlsplit(options.url)
        self._proxy = _proxy(options, self._target)
        self._ca_certs = options.ca_certs
        self._headers = _headers(options)
        self._connection: Optional[http.client.HTTPConnection] = None
        self._prefix = self._target.path
        if self._proxy and self._target.scheme == "http":
            # A proxy wants to know the whole address.
            self._prefix = options.url
            self._headers.update(_authorization(self._proxy))

    def post(self, body: bytes, timeout: Optional[float] = None) -> Answer:
        """The answer to a gzipped batch. Raises NotDelivered."""
        kept = self._connection is not None
        limit = min(timeout or self._timeout, self._timeout)
        try:
            return self._post(body, limit)
        except (http.client.HTTPException, OSError, ValueError) as error:
            self.close()
            # A kept connection may have been closed at the other end meanwhile: that says nothing
            # about the server, and ids make a second copy harmless.
            if kept and isinstance(error, (ConnectionError, http.client.RemoteDisconnected)):
                return self._post_again(body, limit)
            raise NotDelivered(str(error)) from error

    def _post_again(self, body: bytes, timeout: float) -> Answer:
        try:
            return self._post(body, timeout)
        except (http.client.HTTPException, OSError, ValueError) as error:
            self.close()
            raise NotDelivered(str(error)) from error

    def _post(self, body: bytes, timeout: float) -> Answer:
        connection = self._connect(timeout)
        connection.request("POST", self._prefix + PATH, body, self._headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers.get("Retry-After"), _read(response))
        if response.will_close:
            self.close()
        return answer

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = self._open()
        self._connection.timeout = timeout
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout)
        return self._connection

    def _open(self) -> http.client.HTTPConnection:
        peer = self._proxy or self._target
        host = peer.hostname or ""
        if self._target.scheme == "http":
            return http.client.HTTPConnection(host, peer.port or _port(peer))
        context = ssl.create_default_context(cafile=self._ca_certs)
        connection = http.client.HTTPSConnection(host, peer.port or _port(peer), context=context)
        if self._proxy:
            target = self._target
            connection.set_tunnel(
                target.hostname or "", target.port or 443, _authorization(self._proxy)
            )
        return connection

    def close(self) -> None:
        """Close the connection; the next post opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80


def _headers(options: Options) -> Dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
        "User-Agent": f"mana-errors-sdk/{__version__}",
    }
    if options.key:
        headers["X-App-Key"] = options.key
    return {**headers, **options.headers}


def _proxy(options: Options, target: SplitResult) -> Optional[SplitResult]:
    """The proxy of the options, else of the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY)."""
    address = options.proxy
    if address is None and not proxy_bypass(target.netloc):
        address = getproxies().get(target.scheme)
    if not address:
        return None
    return urlsplit(address if "://" in address else f"http://{address}")


def _authorization(proxy: SplitResult) -> Dict[str, str]:
    if proxy.username is None:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(login.encode()).decode("ascii")}


def _read(response: http.client.HTTPResponse) -> bytes:
    body = response.read(MAX_ANSWER + 1)
    if len(body) > MAX_ANSWER:
        raise http.client.HTTPException("the answer does not end")
    if response.length:
        raise http.client.IncompleteRead(body, response.length)
    return body
