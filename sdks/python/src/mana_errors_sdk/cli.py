"""The command `mana-errors-sdk`: is everything set up, and run a script that does not report."""

from __future__ import annotations

import argparse
import os
import sys
from typing import List, Optional

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
        if not given.module and not given.program:
            parser.error("run: which script?")
        return _run(given)
    parser.print_help()
    return WRONG_USAGE


_SETTINGS = ("app_id", "key", "service_name", "environment", "release")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("mana-errors-sdk", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="command")
    test = commands.add_parser("test", help="send one event and say what came back")
    run = commands.add_parser("run", help="run a script and report what ends it")
    for command in (test, run):
        command.add_argument("--url", help="address of the server, or a DSN")
        for name in _SETTINGS:
            command.add_argument("--" + name.replace("_", "-"))
    run.add_argument("-m", dest="module", help="a module instead of a script")
    run.add_argument("program", nargs=argparse.REMAINDER, help="the script, and its arguments")
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


def _run(given: argparse.Namespace) -> int:
    from mana_errors_sdk import api

    settings = {name: getattr(given, name) for name in _SETTINGS}
    api.init(given.url, **settings)
    arguments: List[str] = given.program
    if given.module:
        sys.argv = [given.module, *arguments]
        return run_module(given.module)
    sys.argv = arguments
    return run_script(arguments[0])
