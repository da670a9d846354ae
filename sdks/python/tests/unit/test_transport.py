"""The way to the server: proxies, certificates, answers that break off."""

import socket
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mana_errors_sdk.options import Options
from mana_errors_sdk.transport import NotDelivered, Transport
from stand_in import StandIn, close_mid_body, hang_up


class Proxy(ThreadingHTTPServer):
    """Keeps what it was asked for, and answers for the server."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _ProxyHandler)
        self.asked = []

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_error):
        self.shutdown()
        self.server_close()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"


class _ProxyHandler(BaseHTTPRequestHandler):
    server: Proxy

    def _note(self):
        self.server.asked.append((self.command, self.path, self.headers["Proxy-Authorization"]))

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self._note()
        self.send_response(201)
        self.end_headers()

    def do_CONNECT(self):
        self._note()
        self.send_response(403)
        self.end_headers()

    def log_message(self, *_args):
        pass


def test_a_proxy_is_asked_with_the_whole_address():
    """And told who asks."""
    with Proxy() as proxy:
        options = Options(
            url="http://errors.example.org/prefix", proxy=f"http://me:p%40ss@{proxy.address}"
        )
        assert Transport(options).post(b"{}").status == 201
        ((_, path, login),) = proxy.asked
    assert path == "http://errors.example.org/prefix/api/v1/errors/batch"
    assert login == "Basic bWU6cEBzcw=="


def test_https_goes_through_a_tunnel():
    """The proxy sees the host only."""
    with Proxy() as proxy:
        options = Options(url="https://errors.example.org", proxy=f"http://me:x@{proxy.address}")
        with pytest.raises(NotDelivered):
            Transport(options).post(b"{}")
        ((method, path, login),) = proxy.asked
    assert (method, path, login) == ("CONNECT", "errors.example.org:443", "Basic bWU6eA==")


def test_the_environments_proxy_is_used_unless_it_is_excepted(monkeypatch):
    """HTTP_PROXY and NO_PROXY, as everywhere."""
    with Proxy() as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
        assert Transport(Options(url="http://errors.example.org")).post(b"{}").status == 201
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with StandIn() as server:
            server.behaviours = [hang_up]
            with pytest.raises(NotDelivered):
                Transport(Options(url=server.url)).post(b"{}")
        assert len(proxy.asked) == 1


def test_nobody_there():
    """A refused connection is a failed delivery, no exception of another kind."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(NotDelivered):
        Transport(Options(url=url)).post(b"{}")


@pytest.mark.parametrize("url", ["http://errors.invalid", "http://" + "x" * 300, "http://a\x00b"])
def test_hosts_that_cannot_be_found(url):
    """Whatever the resolver says of them."""
    with pytest.raises(NotDelivered):
        Transport(Options(url=url)).post(b"{}")


def test_a_silent_server_is_given_up():
    """After the time-out."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(NotDelivered):
            Transport(Options(url=url, timeout=0.2)).post(b"{}")


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"rubbish\r\n\r\n", b"HTTP/1.1 201 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"\xff" * 100,
        b"HTTP/1.1 201 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n", b"HTTP/1.1 20",
        b"HTTP/1.1 201 OK\r\n\r\n" + b"x" * 2_000_000,
    ],
    ids=range(8),
)  # fmt: skip
def test_answers_that_are_none(answer):
    """Torn, endless, or no HTTP at all."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve():
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(65536)
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(NotDelivered):
            Transport(Options(url=url, timeout=5)).post(b"{}")


def test_a_connection_that_was_closed_meanwhile_is_opened_again():
    """A server may end an idle one: that is no failure."""
    with StandIn() as server:
        body = _empty()
        with closing(Transport(Options(url=server.url))) as transport:
            assert transport.post(body).status == 201
            server.behaviours = [hang_up]
            assert transport.post(body).status == 201
            server.behaviours = [close_mid_body]
            with pytest.raises(NotDelivered):
                transport.post(body)
            assert transport.post(body).status == 201


def _empty():
    import gzip

    return gzip.compress(b'{"errors":[]}')
