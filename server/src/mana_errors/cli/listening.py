"""The socket that all workers accept from."""

import errno
import socket
from typing import Final

from mana_errors.errors import OperatorError

# Connections that wait while workers start or are replaced; Linux caps it at net.core.somaxconn.
BACKLOG: Final = 2048


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen. Raises OperatorError that says what is in the way."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # localhost names both; clients that know one of them know IPv4
        family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        listener = socket.socket(family, socket.SOCK_STREAM)
        # a server that was here a moment ago leaves connections in TIME_WAIT
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        raise OperatorError(_explain(error, host, port)) from error
    return listener


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken: stop what listens there, or choose another --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs rights that this user lacks: choose a --port above 1023."
    return f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --host."
