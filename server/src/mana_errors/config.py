"""Settings: read once from the environment into one frozen value; loud on a bad one.

Every setting is MANA_ERRORS_<NAME>, except DATABASE_URL, which the contract names. A secret can
come from a file: DATABASE_URL_FILE=/run/secrets/db. docs/settings.md is checked against this file
by a test.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mana_errors.errors import BadSetting

T = TypeVar("T")

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE
# A worker allocates 32 MiB at once, and the segment before that may still be waiting.
SPOOL_BYTES_PER_WORKER = 64 * MEBIBYTE
# A name of PostgreSQL that needs no escapes; 63 bytes is where PostgreSQL cuts names.
_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_$]{0,62}"
_LOOPBACK = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::"})  # noqa: S104 compared, not bound
# 128 bits, if somebody writes it in hex.
MIN_SECRET_KEY = 32
# What each way to reach an SMTP server has as its usual port.
SMTP_PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}
# RFC 7518, section 3.2: as long as the hash.
MIN_JWT_SECRET_BYTES = 32


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(f"must be between {low} and {high}")
        return number

    return parse


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return text

    return parse


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _text(text: str) -> str:
    return text


def _web_address(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        raise ValueError("must begin with https:// or http:// and name a host")
    return text


def _table(text: str) -> str:
    if text and not re.fullmatch(rf"({_IDENTIFIER}\.)?{_IDENTIFIER}", text):
        raise ValueError("must be a table's name, or schema.table")
    return text


def _origin(text: str) -> str:
    address = urlsplit(text)
    bare = address.scheme in {"http", "https"} and address.netloc and not address.query
    if text and (not bare or address.path.strip("/") or address.fragment or address.username):
        raise ValueError("must look like https://errors.example.org")
    return text.rstrip("/").lower()


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in text.split(",") if name.strip())


def _boolean(text: str) -> bool:
    return _choice("true", "false")(text.lower()) == "true"


def _networks(text: str) -> tuple[str, ...]:
    if not (names := _names(text)):
        raise ValueError("must name a network")
    return tuple(str(ip_network(name, strict=False)) for name in names)


def _networks_or_none(text: str) -> tuple[str, ...]:
    return _networks(text) if text else ()


def _sender(text: str) -> str:
    if text and not re.fullmatch(r"[^\s@<>\"]+@[^\s@<>\"]+", text):
        raise ValueError("must be an e-mail address, as errors@example.org")
    return text


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError("must be a time zone, as Europe/Berlin") from error


def _setting(default: T, parse: Callable[[str], T], doc: str, variable: str | None = None) -> T:
    metadata = {"parse": parse, "doc": doc, "variable": variable}
    return field(default=default, metadata=metadata)


# ruff: noqa: RUF009 - _setting returns dataclasses.field, which ruff cannot see
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of a server. Field metadata carries parser and documentation."""

    host: str = _setting(
        "localhost", _text, "Name or address to listen on; 0.0.0.0 for every IPv4 interface."
    )
    port: int = _setting(3001, _integer(0, 65535), "Port to listen on; 0 picks a free one.")
    data_dir: Path = _setting(
        Path(".data").absolute(),
        _path,
        "Directory of the spool, the embedded PostgreSQL and run-time files, on a local disk.",
    )
    workers: int = _setting(1, _integer(1, 64), "HTTP worker processes. One serves two cores best.")
    database_url: str = _setting(
        "",
        _text,
        "PostgreSQL 15 to 18 to use, as postgresql://user:password@host/database. "
        "Empty: an embedded PostgreSQL 18 below the data directory.",
        "DATABASE_URL",
    )
    retention_days: int = _setting(
        30, _integer(1, 3650), "Days that events are kept; whole UTC days are dropped."
    )
    issue_retention_days: int = _setting(
        90,
        _integer(1, 3650),
        "Days that an issue and its counts are kept after its last event, but not less than events "
        "are. Issues that are ignored, assigned, commented on or linked stay.",
    )
    sample_after: int = _setting(
        100,
        _integer(0, 1_000_000),
        "Events of one problem and minute that are stored before a storm is sampled; all are "
        "counted. 0: never sample. An app's own setting wins.",
    )
    spool_max_bytes: int = _setting(
        4 * GIBIBYTE,
        _integer(64 * MEBIBYTE, 1024 * GIBIBYTE),
        "Bytes of reports that may wait on disk while PostgreSQL is away; above it reports are "
        "answered with 503.",
    )
    min_free_bytes: int = _setting(
        256 * MEBIBYTE,
        _integer(0, 1024 * GIBIBYTE),
        "Free disk space below which reports are answered with 503. On a file system smaller than "
        "twenty times this, 5 % of its size.",
    )
    register_apps: bool = _setting(
        True,  # noqa: FBT003
        _boolean,
        "Whether an app registers itself with its first report; else reports of apps that nobody "
        "made are answered with 403.",
    )
    max_apps: int = _setting(
        1000,
        _integer(1, 100_000),
        "Apps from which none registers itself any more.",
    )
    rate_per_address: int = _setting(
        50,
        _integer(0, 1_000_000),
        "Requests a second that one client address may send to the ingest routes; 0: any number. "
        "An IPv6 /64 counts as one address. Each worker allows its share of it. Programs on this "
        "machine are exempt.",
    )
    rate_burst_per_address: int = _setting(
        1000,
        _integer(1, 1_000_000),
        "Requests that one client address may send at once; divided by the workers.",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        ("127.0.0.0/8", "::1/128"),
        _networks,
        "Networks, comma-separated, whose X-Forwarded-For is believed: the client is the last "
        "address in it that is none of these.",
    )
    max_connections: int = _setting(
        8192,
        _integer(16, 1_000_000),
        "Connections of one worker; beyond it the ones that were silent for longest are closed, "
        "or the new one is answered with 503.",
    )
    max_memory_bytes: int = _setting(
        512 * MEBIBYTE,
        _integer(128 * MEBIBYTE, 1024 * GIBIBYTE),
        "Resident memory of one worker above which reports are answered with 503. A quarter of it "
        "is for bodies that are still coming in.",
    )
    public_url: str = _setting(
        "",
        _origin,
        "Address by which browsers reach the server, as https://errors.example.org. It goes into "
        "links and DSNs, and https makes cookies secure. Empty: the address it listens on.",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        _names,
        "More names, comma-separated, by which browsers reach pages and API. The public URL's, "
        "localhost and addresses always do; other names are refused (DNS rebinding).",
    )
    secret_key: str = _setting(
        "",
        _text,
        "Encrypts what is stored and must be read again: at least 32 random characters, the same "
        "on every node. Empty: one is made in the data directory, in secret.key.",
    )
    jwks_url: str = _setting(
        "",
        _web_address,
        "Address of the JWKS whose keys sign bearer tokens of users. Empty: such tokens are not "
        "read.",
    )
    jwt_secret: str = _setting(
        "",
        _text,
        "Shared secret of bearer tokens signed by HS256 (32 bytes or more), HS384 (48) or HS512 "
        "(64). Empty: such tokens are not read.",
    )
    jwt_issuer: str = _setting(
        "", _text, "The `iss` that a bearer token must have. Empty: not checked."
    )
    jwt_audience: str = _setting(
        "", _text, "The `aud` that a bearer token must have. Empty: not checked."
    )
    users_table: str = _setting(
        "",
        _table,
        "Table of the users that reports name, as schema.table, with a column `id`, in the same "
        "database. Empty: every user id is kept.",
    )
    smtp_url: str = _setting(
        "",
        _text,
        "Server that sends e-mail, as smtps://user:password@host:465, or smtp+starttls://…:587, or "
        "smtp://…:25 without TLS. Empty: no e-mail is sent.",
    )
    smtp_from: str = _setting(
        "", _sender, "Address that e-mail comes from. Needed with the setting above."
    )
    alert_networks: tuple[str, ...] = _setting(
        (),
        _networks_or_none,
        "Networks, comma-separated, that alerts may be sent to though they are not public, as "
        "10.1.0.0/16 for a chat server of your own. E-mail goes to its server wherever that is.",
    )
    language: str = _setting(
        "en",
        _choice("en", "de"),
        "Language of e-mails to members who chose none: en or de. Channels have their own.",
    )
    time_zone: str = _setting(
        "UTC",
        _zone,
        "Time zone of the weekly report, as Europe/Berlin: its week begins on Monday at 00:00 "
        "there, and it is sent at 08:00 of the next Monday.",
    )
    log_level: str = _setting(
        "info", _choice("debug", "info", "warning", "error"), "Least level that is logged."
    )
    log_format: str = _setting(
        "auto",
        _choice("auto", "pretty", "json"),
        "pretty or json; auto is pretty on a terminal, json elsewhere.",
    )

    @property
    def retention(self) -> timedelta:
        """How long events are kept."""
        return timedelta(days=self.retention_days)

    @property
    def local_address(self) -> str:
        """URL for a person on this machine; no slash at its end."""
        host = "localhost" if self.host in _LOOPBACK else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def address(self) -> str:
        """URL by which browsers and SDKs reach the server; no slash at its end."""
        return self.public_url or self.local_address


def variable_of(name: str, metadata: Mapping[Any, Any]) -> str:
    """Environment variable of a Settings field."""
    return metadata["variable"] or f"MANA_ERRORS_{name.upper()}"


def load_settings(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read settings from the environment; overrides (command-line options, None = not given) win.

    Raises BadSetting naming the variable, the reason and what is allowed.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for item in fields(Settings):
        override = overrides.get(item.name)
        variable = variable_of(item.name, item.metadata)
        raw = str(override) if override is not None else _read(source, variable)
        if raw is None:
            continue
        try:
            values[item.name] = item.metadata["parse"](raw.strip())
        except ValueError as error:
            raise BadSetting(f"{variable}: {raw!r} {_reason(error)}") from error
    settings = Settings(**values)
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    # not in its parser: a refusal quotes the value
    if settings.secret_key and len(settings.secret_key) < MIN_SECRET_KEY:
        raise BadSetting(f"MANA_ERRORS_SECRET_KEY: must have at least {MIN_SECRET_KEY} characters")
    if settings.jwt_secret and len(settings.jwt_secret.encode()) < MIN_JWT_SECRET_BYTES:
        raise BadSetting(f"MANA_ERRORS_JWT_SECRET: must have at least {MIN_JWT_SECRET_BYTES} bytes")
    if settings.smtp_url:
        _check_smtp(settings)
    least = settings.workers * SPOOL_BYTES_PER_WORKER
    if settings.spool_max_bytes < least:
        raise BadSetting(
            f"MANA_ERRORS_SPOOL_MAX_BYTES: {settings.spool_max_bytes} is too little for "
            f"{settings.workers} workers, which need {least}"
        )


def _check_smtp(settings: Settings) -> None:
    """Without quoting it: there may be a password in it."""
    try:
        address = urlsplit(settings.smtp_url)
        sound = address.scheme in SMTP_PORTS and bool(address.hostname) and address.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise BadSetting(
            f"MANA_ERRORS_SMTP_URL: must be {', '.join(f'{scheme}://' for scheme in SMTP_PORTS)} "
            "and a host; letters such as / in a password are percent-encoded"
        )
    if not settings.smtp_from:
        raise BadSetting("MANA_ERRORS_SMTP_FROM: is needed with MANA_ERRORS_SMTP_URL")


def to_environ(settings: Settings) -> dict[str, str]:
    """The environment from which load_settings makes these settings: for child processes."""
    return {
        variable_of(item.name, item.metadata): _as_text(getattr(settings, item.name))
        for item in fields(Settings)
    }


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else str(value)


def _reason(error: ValueError) -> str:
    text = str(error)
    return "is not a number" if text.startswith("invalid literal") else text


def _read(source: Mapping[str, str], variable: str) -> str | None:
    if variable in source:
        return source[variable] or None
    path = source.get(f"{variable}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise BadSetting(f"{variable}_FILE: cannot read {path}: {error.strerror}") from error
