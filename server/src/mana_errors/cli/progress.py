"""A bar that shows how far a command is."""

from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def progress(what: str, total: int) -> Generator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere; called with how many more are done."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as shown:
        bar = shown.add_task(what, total=total)
        yield lambda more: shown.advance(bar, more)
