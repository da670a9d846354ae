"""Where settings come from, and that a wrong one never stops a program."""

import logging

import pytest

from mana_errors_sdk.options import DEFAULT_URL, Options, read_options


def read(url=None, app_id=None, environ=None, **given):
    return read_options(url, app_id, given, environ or {})


def test_defaults():
    """The contract's address; production; everything is reported."""
    assert read() == Options(url=DEFAULT_URL)


def test_the_order_of_addresses():
    """Argument, MANA_ERRORS_URL, MANA_CORE_AUTH_URL."""
    core = {"MANA_CORE_AUTH_URL": "http://core:3001"}
    both = {**core, "MANA_ERRORS_URL": "http://errors:1/"}
    assert read(environ=core).url == "http://core:3001"
    assert read(environ=both).url == "http://errors:1"
    assert read("https://given", environ=both).url == "https://given"


@pytest.mark.parametrize(
    ("text", "url", "key"),
    [
        ("https://k1@errors.example.org/7", "https://errors.example.org", "k1"),
        ("http://k1@localhost:3001/prefix/7/", "http://localhost:3001/prefix", "k1"),
        ("https://k1:secret@errors.example.org/a/b/12", "https://errors.example.org/a/b", "k1"),
        ("https://errors.example.org/prefix/", "https://errors.example.org/prefix", None),
        ("http://[::1]:3001", "http://[::1]:3001", None),
    ],
)
def test_addresses_and_dsns(text, url, key):
    """A DSN is address and key in one; a path in front of the number is kept."""
    options = read(text)
    assert (options.url, options.key) == (url, key)


@pytest.mark.parametrize("text", ["errors.example.org", "ftp://x", "http://", "http://a:b:c", "::"])
def test_an_address_that_is_none_turns_reporting_off(text, caplog):
    """With a warning, not with an exception."""
    assert read(text).enabled is False
    assert "no http(s) address" in caplog.text


def test_every_option_by_environment():
    """MANA_ERRORS_ and the option's name; arguments win."""
    environ = {
        "MANA_ERRORS_APP_ID": "chat",
        "MANA_ERRORS_RELEASE": "1.2",
        "MANA_ERRORS_SAMPLE_RATE": "0.5",
        "MANA_ERRORS_SPOOL_FSYNC": "true",
        "MANA_ERRORS_ENABLED": "0",
        "MANA_ERRORS_IGNORE_ERRORS": "ValueError, app.Quiet",
        "MANA_ERRORS_MAX_QUEUE": "7",
    }
    options = read(environ=environ, release="2.0")
    assert options.app_id == "chat"
    assert options.release == "2.0"
    assert options.sample_rate == 0.5
    assert options.spool_fsync is True
    assert options.enabled is False
    assert options.ignore_errors == ("ValueError", "app.Quiet")
    assert options.max_queue == 7


@pytest.mark.parametrize("word", ["1", "true", "Yes", "ON", "0", "false", "No", "OFF"])
def test_words_for_yes_and_no(word):
    """As people write them."""
    options = read(environ={"MANA_ERRORS_ENABLED": word, "MANA_ERRORS_SPOOL_FSYNC": word})
    assert options.enabled is options.spool_fsync is (word in {"1", "true", "Yes", "ON"})


def test_the_stage_of_the_environment():
    """ENVIRONMENT, which many deployments set; ours first."""
    assert read(environ={"ENVIRONMENT": "staging"}).environment == "staging"
    own = {"ENVIRONMENT": "staging", "MANA_ERRORS_ENVIRONMENT": "development"}
    assert read(environ=own).environment == "development"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_rate", 2), ("sample_rate", "often"), ("max_queue", 0), ("timeout", -1),
        ("before_send", "no function"), ("headers", 7), ("spool_dir", 3.5), ("ignore_errors", 5),
        ("enabled", "ture"), ("spool_fsync", "maybe"),
    ],
)  # fmt: skip
def test_a_senseless_value_is_warned_of_and_left_out(name, value, caplog):
    """The default is used instead."""
    options = read(**{name: value})
    assert getattr(options, name) == getattr(Options(), name)
    assert name in caplog.text


def test_an_unknown_option_is_warned_of(caplog):
    """A slip of the pen is seen, and costs nothing."""
    caplog.set_level(logging.WARNING)
    assert read(sampel_rate=1) == Options()
    assert "sampel_rate" in caplog.text
