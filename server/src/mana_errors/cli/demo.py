"""`mana-errors demo`: sends reports as a small family of apps would."""

import json
import random
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from mana_errors.config import load_settings
from mana_errors.errors import OperatorError

TIMEOUT_S: Final = 10.0
# A family's users: few enough that some meet an error twice.
USERS: Final = 12
# What can go wrong, and how often, of this many in all.
WEIGHTS: Final = (12, 8, 5, 3, 1)

_FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {
        "appId": "chat", "errorCode": "VALIDATION_FAILED", "errorType": "AppError",
        "message": "Message is {n} characters long, 4000 are allowed",
        "sourceType": "backend", "serviceName": "chat-backend", "severity": "warning",
        "requestUrl": "https://chat.example.com/api/rooms/{n}/messages", "requestMethod": "POST",
        "responseStatusCode": 422,
        "stackTrace": "AppError: Message is too long\n"
        "    at checkLength (/srv/chat/src/messages/check.ts:31:11)\n"
        "    at MessagesService.send (/srv/chat/src/messages/messages.service.ts:58:5)\n"
        "    at MessagesController.create (/srv/chat/src/messages/messages.controller.ts:22:12)",
    },
    {
        "appId": "picture", "errorCode": "UNHANDLED", "errorType": "TypeError",
        "message": "Cannot read properties of undefined (reading 'width')",
        "sourceType": "frontend_web", "severity": "error",
        "requestUrl": "https://picture.example.com/albums/{n}", "requestMethod": "GET",
        "browserInfo": {"name": "Firefox", "version": "145.0"},
        "stackTrace": "layout@https://picture.example.com/_app/chunks/grid.js:2:1840\n"
        "update@https://picture.example.com/_app/chunks/grid.js:2:2210",
    },
    {
        "appId": "zitare", "errorCode": "NETWORK_ERROR", "errorType": "TypeError",
        "message": "Network request failed after {n} ms",
        "sourceType": "frontend_mobile", "severity": "error",
        "deviceInfo": {"model": "Pixel 9", "os": "Android 16"},
        "stackTrace": "TypeError: Network request failed\n"
        "    at fetchQuote (src/api/quotes.ts:17:9)\n"
        "    at loadToday (src/screens/Today.tsx:44:20)",
    },
    {
        "appId": "billing", "errorCode": "UNHANDLED", "errorType": "KeyError",
        "message": "'currency'", "sourceType": "backend", "serviceName": "billing-api",
        "severity": "error", "requestUrl": "/invoices/{n}/pdf", "requestMethod": "GET",
        "responseStatusCode": 500,
        "stackTrace": "Traceback (most recent call last):\n"
        '  File "/srv/billing/app/routes.py", line 88, in invoice_pdf\n'
        "    return render(invoice)\n"
        '  File "/srv/billing/app/render.py", line 23, in render\n'
        "    unit = invoice['currency']\nKeyError: 'currency'",
    },
    {
        "appId": "billing", "errorCode": "DATABASE_UNAVAILABLE", "errorType": "OperationalError",
        "message": "connection to 10.0.0.{n} timed out", "sourceType": "backend",
        "serviceName": "billing-worker", "severity": "critical",
    },
)  # fmt: skip


def demo(
    url: Annotated[str | None, typer.Option(help="The server [default: this machine's].")] = None,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Reports to send.")] = 60,
) -> None:
    """Send a few dozen reports of several apps to a running server."""
    from rich.console import Console
    from rich.progress import track

    address = (url or load_settings().local_address).rstrip("/")
    shown = Console(stderr=True)
    for report in track(list(reports(count)), "Reporting errors", console=shown, transient=True):
        send(address, report)
    typer.echo(f"{count} errors of {len({fault['appId'] for fault in _FAULTS})} apps are reported.")
    typer.echo(f"Look at them: {address}/")


def reports(count: int) -> Iterator[dict[str, Any]]:
    """The same ones every time."""
    chance = random.Random(count)  # noqa: S311 no secret is made of it
    for fault in chance.choices(_FAULTS, WEIGHTS, k=count):
        number = str(chance.randrange(2, 250))
        filled = {
            name: value.replace("{n}", number) if isinstance(value, str) else value
            for name, value in fault.items()
        }
        environment = chance.choice(("production", "production", "staging"))
        yield filled | {"environment": environment, "userId": f"user_{chance.randrange(USERS)}"}


def send(address: str, report: dict[str, Any]) -> None:
    """Report one error. Raises OperatorError when nobody takes it."""
    request = urllib.request.Request(  # noqa: S310 the person's own server
        f"{address}/api/v1/errors",
        json.dumps(report).encode(),
        {"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 same
            answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise OperatorError(f"{address} answers {error.code}: {error.read(500)!r}") from error
    except OSError as error:
        raise OperatorError(
            f"No server answers at {address}: start one with `mana-errors serve`, or give --url."
        ) from error
