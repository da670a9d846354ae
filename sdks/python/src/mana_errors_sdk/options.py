"""What init() was given and what the environment says -> Options."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Dict, Final, NamedTuple, Optional, Tuple, Type, TypedDict, Union
from urllib.parse import SplitResult, urlsplit

from mana_errors_sdk.diagnostics import warn

DEFAULT_URL: Final = "http://localhost:3001"
PREFIX: Final = "MANA_ERRORS_"

IgnoredError = Union[Type[BaseException], str]
BeforeSend = Callable[[Dict[str, Any]], Optional[Dict[str, Any]]]


class Given(TypedDict, total=False):
    """Keyword arguments of init(); README.md says what each means."""

    key: str | None
    service_name: str | None
    environment: str | None
    release: str | None
    enabled: bool
    sample_rate: float
    ignore_errors: Sequence[IgnoredError]
    before_send: BeforeSend | None
    disabled_integrations: Sequence[str]
    local_variables: bool
    max_queue: int
    spool_dir: str | os.PathLike[str] | None
    spool_fsync: bool
    spool_max_bytes: int
    proxy: str | None
    ca_certs: str | os.PathLike[str] | None
    headers: Mapping[str, str]
    timeout: float
    shutdown_timeout: float


class Options(NamedTuple):
    """Resolved and checked."""

    # of the server, without a slash at its end
    url: str = DEFAULT_URL
    key: Optional[str] = None
    app_id: Optional[str] = None
    service_name: Optional[str] = None
    environment: str = "production"
    release: Optional[str] = None
    enabled: bool = True
    sample_rate: float = 1.0
    ignore_errors: Tuple[IgnoredError, ...] = ()
    before_send: Optional[BeforeSend] = None
    disabled_integrations: Tuple[str, ...] = ()
    local_variables: bool = False
    # Captured errors that wait for the worker; one is about 3 KB.
    max_queue: int = 1000
    spool_dir: Optional[str] = None
    spool_fsync: bool = False
    spool_max_bytes: int = 64 * 1024 * 1024
    proxy: Optional[str] = None
    ca_certs: Optional[str] = None
    headers: Mapping[str, str] = {}
    # seconds that the server may be silent
    timeout: float = 10.0
    # seconds that the end of the program may take for what is still to be sent
    shutdown_timeout: float = 2.0


def read_options(
    url: str | None, app_id: str | None, given: Mapping[str, object], environ: Mapping[str, str]
) -> Options:
    """Arguments first, then the environment, then the defaults. What makes no sense is warned of
    and left out: a slip in a setting must not keep a program from starting."""
    values = {**_from_environment(environ), **_from_arguments(given)}
    if app_id:
        values["app_id"] = str(app_id)
    address = url or environ.get("MANA_ERRORS_URL") or environ.get("MANA_CORE_AUTH_URL")
    values.update(_address(address or DEFAULT_URL, values))
    return Options(**values)


def _from_arguments(given: Mapping[str, object]) -> Dict[str, Any]:
    values: Dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        check = _CHECKS.get(name)
        if check is None:
            warn(f"init() knows no option {name!r}")
            continue
        _keep(values, name, value, check)
    return values


def _from_environment(environ: Mapping[str, str]) -> Dict[str, Any]:
    values: Dict[str, Any] = {}
    if stage := environ.get("ENVIRONMENT"):
        values["environment"] = stage
    for name, check in _CHECKS.items():
        text = environ.get(PREFIX + name.upper())
        if text and name not in _ONLY_ARGUMENTS:
            _keep(values, name, text, check)
    return values


def _keep(values: Dict[str, Any], name: str, value: object, check: Callable[[Any], Any]) -> None:
    try:
        values[name] = check(value)
    except (TypeError, ValueError):
        warn(f"the option {name} makes no sense and is left out")


def _rate(value: Any) -> float:
    rate = float(value)
    if not 0 <= rate <= 1:
        raise ValueError
    return rate


def _positive(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        number = kind(value)
        if not number > 0:
            raise ValueError
        return number

    return check


_FLAGS: Final = {
    "1": True, "true": True, "yes": True, "on": True,
    "0": False, "false": False, "no": False, "off": False,
}  # fmt: skip


def _flag(value: Any) -> bool:
    if not isinstance(value, str):
        return bool(value)
    if value.lower() not in _FLAGS:
        raise ValueError
    return _FLAGS[value.lower()]


def _names(value: Any) -> Tuple[Any, ...]:
    """A list, also as text with commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value)


def _function(value: Any) -> Any:
    if not callable(value):
        raise TypeError
    return value


_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "app_id": str,
    "key": str,
    "service_name": str,
    "environment": str,
    "release": str,
    "enabled": _flag,
    "sample_rate": _rate,
    "ignore_errors": _names,
    "before_send": _function,
    "disabled_integrations": _names,
    "local_variables": _flag,
    "max_queue": _positive(int),
    "spool_dir": os.fspath,
    "spool_fsync": _flag,
    "spool_max_bytes": _positive(int),
    "proxy": str,
    "ca_certs": os.fspath,
    "headers": dict,
    "timeout": _positive(float),
    "shutdown_timeout": _positive(float),
}
_ONLY_ARGUMENTS: Final = frozenset({"before_send", "headers"})


def _address(text: str, values: Mapping[str, Any]) -> Dict[str, Any]:
    """Url and key of `https://errors.example.org` or a DSN `https://key@host/number`."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return _no_address(text)
    if parts.scheme not in {"http", "https"} or not host:
        return _no_address(text)
    named = f"[{host}]" if ":" in host else host
    site = f"{parts.scheme}://{named}" + (f":{port}" if port else "")
    path = parts.path.rstrip("/")
    if not parts.username:
        return {"url": site + path}
    return {"url": site + _prefix(path, parts), "key": values.get("key") or parts.username}


def _prefix(path: str, parts: SplitResult) -> str:
    """A DSN ends with its app's number, behind the path that the server may lie below."""
    prefix, _, number = path.rpartition("/")
    return prefix if number.isdigit() else parts.path.rstrip("/")


def _no_address(text: str) -> Dict[str, Any]:
    warn(f"{text[:100]!r} is no http(s) address: nothing will be reported")
    return {"enabled": False}
