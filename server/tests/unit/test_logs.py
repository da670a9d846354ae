"""Logs: a line that machines and people can read, and nothing secret in it."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from mana_errors import logs


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """Put logging back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def stream() -> io.StringIO:
    """Where the lines go."""
    written = io.StringIO()
    logs.setup("info", "json", "worker-0", written)
    return written


def entries(stream: io.StringIO) -> list[dict[str, Any]]:
    """Every line is one JSON object."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_with_its_fields(stream: io.StringIO) -> None:
    logging.getLogger("mana_errors.digest").info("digested", extra={"events": 500})
    (entry,) = entries(stream)
    assert entry.pop("ts").endswith("+00:00")
    assert entry == {
        "level": "info",
        "process": "worker-0",
        "logger": "mana_errors.digest",
        "event": "digested",
        "events": 500,
    }


def test_a_line_break_in_an_event_makes_no_second_line(stream: io.StringIO) -> None:
    """Nobody can forge a line by what they send us."""
    logging.getLogger("x").info("first\nsecond %s", "\r\nthird")
    (entry,) = entries(stream)
    assert entry["event"] == "first\nsecond \r\nthird"


def test_a_value_that_json_does_not_know_is_written_as_text(stream: io.StringIO) -> None:
    logging.getLogger("x").info("odd", extra={"value": {1, 2}, "number": float("inf")})
    (entry,) = entries(stream)
    assert entry["value"] == "{1, 2}"


def test_an_exception_travels_inside_its_line(stream: io.StringIO) -> None:
    try:
        int("at postgresql://u:hunter2@db/x")
    except ValueError:
        logging.getLogger("x").exception("failed")
    (entry,) = entries(stream)
    assert "postgresql://u:***@db/x" in entry["exception"]
    assert "hunter2" not in stream.getvalue()


@pytest.mark.parametrize("name", ["password", "auth_token", "apiKey", "client_secret", "Cookie"])
def test_fields_with_secret_names_are_hidden(stream: io.StringIO, name: str) -> None:
    logging.getLogger("x").info("sent", extra={name: "hunter2"})
    (entry,) = entries(stream)
    assert entry[name] == "***"


@pytest.mark.parametrize("log_format", ["json", "pretty"])
def test_passwords_in_urls_are_hidden(log_format: str) -> None:
    stream = io.StringIO()
    logs.setup("info", log_format, "serve", stream)
    dsn = "postgresql://mana:hunter2@db.example.com/errors"
    logging.getLogger("x").info("connecting to %s", dsn, extra={"dsn": dsn})
    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count("mana:***@db.example.com") == 2


def test_levels_below_the_least_are_left_out(stream: io.StringIO) -> None:
    logging.getLogger("x").debug("too much")
    assert entries(stream) == []


def test_auto_is_pretty_on_a_terminal_and_json_elsewhere() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        logs.setup("info", "auto", "serve", stream)
        logging.getLogger("x").info("ready", extra={"port": 3001})
    assert "\x1b[" in terminal.getvalue()
    assert "ready" in terminal.getvalue()
    assert entries(pipe)[0]["port"] == 3001


def test_pretty_without_a_terminal_has_no_colours() -> None:
    stream = io.StringIO()
    logs.setup("info", "pretty", "serve", stream)
    logging.getLogger("x").warning("slow", extra={"took_s": 3})
    assert "\x1b[" not in stream.getvalue()
    assert "warning" in stream.getvalue()
    assert "took_s=3" in stream.getvalue()


def test_pythons_warnings_are_logged(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    (entry,) = entries(stream)
    assert entry["level"] == "warning"
    assert "old" in entry["event"]


def test_a_repeating_event_is_logged_once_in_a_while(stream: io.StringIO) -> None:
    """And then says how often it was left out; other events are not held back by it."""
    now = 100.0
    limited = logs.Limited(logging.getLogger("x"), every_s=10, clock=lambda: now)
    for _ in range(4):
        limited.warning("away", host="db")
    limited.warning("other")
    now = 110.0
    limited.warning("away", host="db")
    limited.warning("away", host="db")
    told = [(entry["event"], entry.get("left_out")) for entry in entries(stream)]
    assert told == [("away", None), ("other", None), ("away", 3)]


def test_what_is_no_news_at_a_start_is_not_logged_then(stream: io.StringIO) -> None:
    now = 100.0
    limited = logs.Limited(logging.getLogger("x"), quiet_s=10, clock=lambda: now)
    limited.warning("away")
    now = 110.0
    limited.warning("away")
    told = [(entry["event"], entry.get("left_out")) for entry in entries(stream)]
    assert told == [("away", None)]
