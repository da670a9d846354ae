"""The socket that all workers accept from."""

import errno
import socket
from typing import Final

from mana_errors.errors import OperatorError

# Connections that wait while workers start or are replaced; Linux caps it at net.core.somaxconn.
BACKLOG: Final = 2048
_NO_SUCH_FAMILY: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def listen(host: str, port: int) -> list[socket.socket]:
    """Bind and listen on every address of the host: localhost is 127.0.0.1 and ::1, and clients
    differ in which they try first. The same port on each, also when 0 picks a free one.

    Raises OperatorError that says what is in the way.
    """
    listeners: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        families = {family: address[0] for family, _, _, _, address in found}
        for family in sorted(families):
            try:
                listener = _listen(family, str(families[family]), port)
            except OSError as error:
                # The name may know IPv6 where the machine does not.
                if listeners and error.errno in _NO_SUCH_FAMILY:
                    continue
                raise
            listeners.append(listener)
            port = int(listener.getsockname()[1])
    except OSError as error:
        for listener in listeners:
            listener.close()
        raise OperatorError(_explain(error, host, port)) from error
    return listeners


def _listen(family: int, address: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # a server that was here a moment ago leaves connections in TIME_WAIT
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # 0.0.0.0 has a socket of its own
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken: stop what listens there, or choose another --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs rights that this user lacks: choose a --port above 1023."
    return f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --host."
