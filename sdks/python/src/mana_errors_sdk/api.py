"""The public functions. Before init(), and where it turned everything off, they do nothing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Mapping, Optional

from mana_errors_sdk.scope import User, current_scope

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from mana_errors_sdk.client import Client
    from mana_errors_sdk.fields import Fields
    from mana_errors_sdk.options import Given

_client: Optional[Client] = None


def init(url: Optional[str] = None, app_id: Optional[str] = None, **options: Unpack[Given]) -> None:
    """Begin to report. `url` is the server's address or a DSN, by default MANA_ERRORS_URL, else
    MANA_CORE_AUTH_URL, else http://localhost:3001. A second call replaces the first."""
    # Loaded now, not by the import: programs that only mention the SDK should start fast, and a
    # fork must not happen while the worker imports.
    from mana_errors_sdk import integrations
    from mana_errors_sdk.client import Client
    from mana_errors_sdk.options import read_options

    global _client  # noqa: PLW0603 - one client a process is the point of this module
    close()
    resolved = read_options(url, app_id, options, os.environ)
    if resolved.enabled:
        _client = Client(resolved)
        integrations.install(resolved.disabled_integrations)


def current_client() -> Optional[Client]:
    """The client of init(). For integrations."""
    return _client


def capture_exception(
    error: Optional[BaseException] = None, **fields: Unpack[Fields]
) -> Optional[str]:
    """Report an exception, by default the one that is being handled. The report's id; None when
    there will be none."""
    if _client is None:
        return None
    error = error if error is not None else sys.exc_info()[1]
    return None if error is None else _client.capture_exception(error, fields)


def capture_message(
    message: str,
    severity: str = "info",
    **fields: Unpack[Fields],  # pyright: ignore[reportGeneralTypeIssues] - two have a place above
) -> Optional[str]:
    """Report something that is no exception."""
    if _client is None:
        return None
    said: Mapping[str, object] = {
        "error_type": "Message", **fields, "message": message, "severity": severity
    }  # fmt: skip
    return _client.capture(said)


def report_error(**fields: Unpack[Fields]) -> Optional[str]:
    """Report an error by the contract's fields, e.g. error_code, error_type, message."""
    return None if _client is None else _client.capture(fields)


def set_user(user: Optional[User]) -> None:
    """Who met the errors of this scope: an id, or an object with id, email, username, name."""
    current_scope().set_user(user)


def set_tag(name: str, value: object) -> None:
    """A short text to search the errors of this scope by."""
    current_scope().set_tag(name, value)


def set_context(name: str, value: object) -> None:
    """An object that helps to understand the errors of this scope."""
    current_scope().set_context(name, value)


def add_breadcrumb(
    message: str = "",
    *,
    category: str = "",
    level: str = "",
    type: str = "",  # noqa: A002 - the field's name in every SDK
    data: Optional[Mapping[str, object]] = None,
) -> None:
    """What happened before an error of this scope; the last 100 are kept."""
    current_scope().add_breadcrumb(message, category, level, type, data or {})


def flush(timeout: Optional[float] = None) -> bool:
    """Wait until all that was captured is delivered, by default for shutdown_timeout seconds.
    False if that takes longer."""
    return _client is None or _client.flush(timeout)


def close(timeout: Optional[float] = None) -> bool:
    """Deliver what can be delivered in time, then do nothing more until the next init()."""
    global _client
    client, _client = _client, None
    if client is None:
        return True
    from mana_errors_sdk import integrations

    integrations.uninstall()
    return client.close(timeout)


def _after_fork() -> None:
    if _client is not None:
        _client.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
