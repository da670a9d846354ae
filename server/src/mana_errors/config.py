"""Settings: read once from the environment into one frozen value; loud on a bad one.

Every setting is MANA_ERRORS_<NAME>, except DATABASE_URL, which the contract names. A secret can
come from a file: DATABASE_URL_FILE=/run/secrets/db. docs/settings.md is checked against this file
by a test.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from mana_errors.errors import BadSetting

T = TypeVar("T")

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE
# A worker allocates 32 MiB at once, and the segment before that may still be waiting.
SPOOL_BYTES_PER_WORKER = 64 * MEBIBYTE


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
    least = settings.workers * SPOOL_BYTES_PER_WORKER
    if settings.spool_max_bytes < least:
        raise BadSetting(
            f"MANA_ERRORS_SPOOL_MAX_BYTES: {settings.spool_max_bytes} is too little for "
            f"{settings.workers} workers, which need {least}"
        )


def to_environ(settings: Settings) -> dict[str, str]:
    """The environment from which load_settings makes these settings: for child processes."""
    return {
        variable_of(item.name, item.metadata): str(getattr(settings, item.name))
        for item in fields(Settings)
    }


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
