"""Logs on stderr: one JSON object a line, or coloured lines on a terminal.

Fields travel through `extra`: log.info("digested", extra={"events": 500}). The standard library's
own names (name, args, process, module …) cannot be fields; logging raises KeyError for them.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TextIO

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_SECRET_NAME: Final = re.compile(
    r"password|passwd|token|secret|api_?key|authorization|cookie", re.IGNORECASE
)
_URL_PASSWORD: Final = re.compile(r"(://[^\s:/@]*:)[^\s/@]+@")
_COLOURS: Final = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


def setup(level: str, log_format: str, process_name: str, stream: TextIO | None = None) -> None:
    """Send every logger of this process to the stream (stderr); replaces an earlier setup.

    log_format is auto, pretty or json; process_name tells serve's children apart.
    """
    target = sys.stderr if stream is None else stream
    pretty = log_format == "pretty" or (log_format == "auto" and target.isatty())
    handler = logging.StreamHandler(target)
    handler.setFormatter(Pretty(process_name, target.isatty()) if pretty else Json(process_name))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)


class Json(logging.Formatter):
    """{"ts", "level", "process", "logger", "event", …fields, "exception"?}."""

    def __init__(self, process_name: str) -> None:
        super().__init__()
        self._process_name = process_name

    def format(self, record: logging.LogRecord) -> str:
        """One line without a line break in it."""
        entry = {
            "ts": _time(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process_name,
            "logger": record.name,
            "event": _hide(record.getMessage()),
        }
        entry.update(fields(record))
        if trace := _trace(self, record):
            entry["exception"] = trace
        return json.dumps(entry, ensure_ascii=False, default=str)


class Pretty(logging.Formatter):
    """12:34:56.789 info worker-0 event field=value …."""

    def __init__(self, process_name: str, colours: bool) -> None:  # noqa: FBT001 the one thing it can be told
        super().__init__()
        self._process_name = process_name
        self._colours = colours

    def format(self, record: logging.LogRecord) -> str:
        """One line, a traceback below it."""
        when = _time(record).astimezone().strftime("%H:%M:%S.%f")[:-3]
        level = self._paint(_COLOURS.get(record.levelname, "0"), f"{record.levelname.lower():7}")
        rest = "".join(
            f" {self._paint('2', name)}={value}" for name, value in fields(record).items()
        )
        trace = _trace(self, record)
        event = _hide(record.getMessage())
        line = f"{self._paint('2', when)} {level} {self._process_name:10} {event}{rest}"
        return f"{line}\n{trace}" if trace else line

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours else text


class Limited:
    """Logs an event that may repeat at most once in `every_s` seconds, and then says how many
    were left out. Events are fixed sentences, so there are few. Of its first `quiet_s` seconds it
    says nothing."""

    def __init__(
        self,
        log: logging.Logger,
        every_s: float = 10.0,
        quiet_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._every_s = every_s
        self._clock = clock
        self._begins = clock() + quiet_s
        # event -> (when it was last logged, how many were left out since)
        self._seen: dict[str, tuple[float, int]] = {}

    def warning(self, event: str, **extra: object) -> None:
        """Log the event, unless it was logged just now."""
        now = self._clock()
        if now < self._begins:
            return
        last, left_out = self._seen.get(event, (-self._every_s, 0))
        if now - last < self._every_s:
            self._seen[event] = (last, left_out + 1)
            return
        self._seen[event] = (now, 0)
        more = {"left_out": left_out} if left_out else {}
        self._log.warning(event, extra=extra | more)


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What `extra` brought, without secrets."""
    return {
        name: "***" if _SECRET_NAME.search(name) else _safe(value)
        for name, value in vars(record).items()
        if name not in _OWN
    }


def _safe(value: object) -> object:
    return _hide(value) if isinstance(value, str) else value


def _hide(text: str) -> str:
    """Without the passwords of URLs: a DSN gets into error messages easily."""
    return _URL_PASSWORD.sub(r"\1***@", text) if "://" in text else text


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return _hide(formatter.formatException(record.exc_info)) if record.exc_info else ""
