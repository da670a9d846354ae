"""What a server says once it can be used."""

import logging
import socket
import sys
import threading
import time
from typing import Final

from mana_errors.config import Settings

POLL_S: Final = 0.02
TRY_S: Final = 5.0
# Every address of the machine is reached by this one, too.
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 compared, not bound

_TEXT: Final = """
  Mana Errors listens on {address}

  Report an error:
    curl -X POST {address}/api/v1/errors -H 'content-type: application/json' \
-d '{{"errorCode":"HELLO","errorType":"Error","message":"Hello, Mana Errors","appId":"hello"}}'

  Look at it:
    {address}/

"""

_log: Final = logging.getLogger(__name__)


def when_live(settings: Settings) -> None:
    """Greet once the first worker answers, without making anybody wait."""
    threading.Thread(target=_greet, args=(settings, time.monotonic()), daemon=True).start()


def _greet(settings: Settings, began: float) -> None:
    while not answers(settings.host, settings.port):
        time.sleep(POLL_S)
    address = settings.local_address
    took = round(time.monotonic() - began, 3)
    _log.info("accepting reports", extra={"address": address, "took_s": took})
    if settings.log_format != "json":
        sys.stdout.write(_TEXT.format(address=address))
        sys.stdout.flush()


def answers(host: str, port: int) -> bool:
    """Whether a server of ours is alive there."""
    request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((_ANY.get(host, host), port), TRY_S) as connection:
            connection.sendall(request)
            return connection.recv(12).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
