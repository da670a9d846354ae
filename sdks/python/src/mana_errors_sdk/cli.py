"""The command `mana-errors-sdk`: is everything set up, and run a script that does not report."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Dict, List, Optional

from mana_errors_sdk.options import Options, read_options
from mana_errors_sdk.run import run_module, run_script
from mana_errors_sdk.version import __version__

# Exit status: failed, and wrong usage.
FAILED = 1
WRONG_USAGE = 2


def main(arguments: Optional[List[str]] = None) -> int:
    """Do what the command line says; its exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command == "test":
        return _test(_options(given))
    if given.command == "run":
        words: List[str] = given.program
        if words[:1] == ["--"]:
            del words[0]
        if not words or words == ["-m"]:
            parser.error("run: which script?")
        settings = {name: getattr(given, name) for name in _SETTINGS if getattr(given, name)}
        return _run(words, given.url, settings)
    parser.print_help()
    return WRONG_USAGE


_SETTINGS = ("app_id", "key", "service_name", "environment", "release")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("mana-errors-sdk", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="command")
    test = commands.add_parser("test", help="send one event and say what came back")
    run = commands.add_parser("run", help="run a script (or -m module) and report what ends it")
    for command in (test, run):
        command.add_argument("--url", help="address of the server, or a DSN")
        for name in _SETTINGS:
            command.add_argument("--" + name.replace("_", "-"))
    run.add_argument("program", nargs=argparse.REMAINDER, help="script.py, or -m module, arguments")
    return parser


def _options(given: argparse.Namespace) -> Options:
    settings = {name: getattr(given, name) for name in _SETTINGS if name != "app_id"}
    return read_options(given.url, given.app_id, settings, os.environ)


def _test(options: Options) -> int:
    from mana_errors_sdk.probe import probe

    if not options.enabled:
        return _say("nothing is reported: it is turned off, or the address makes no sense", FAILED)
    outcome = probe(options)
    return _say(outcome.said, 0 if outcome.succeeded else FAILED)


def _say(text: str, status: int) -> int:
    sys.stdout.write(text + "\n")
    return status


def _run(words: List[str], url: Optional[str], settings: Dict[str, str]) -> int:
    from mana_errors_sdk import api

    api.init(url, **settings)  # pyright: ignore[reportArgumentType] - names of _SETTINGS
    if words[0] == "-m":
        sys.argv = words[1:]
        return run_module(words[1])
    sys.argv = words
    return run_script(words[0])
