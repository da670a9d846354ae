"""The command line: one file a command.

app.py          the list of commands
serve.py        becomes supervisor.py
supervisor.py   owns data directory and socket; starts worker.py, background.py, PostgreSQL
"""


def main() -> None:
    """Entry point of `mana-errors`. Exit status 0, 1 (failed) or 2 (wrong usage)."""
    # the server's processes live in this package too and have no use for a command line
    from mana_errors.cli.app import run

    run()
