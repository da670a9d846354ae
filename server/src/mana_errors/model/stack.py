"""Stack frames."""

import msgspec


class Frame(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One call of a stack trace. Frames are ordered oldest call first, the failing one last."""

    # as written by the runtime: a path, URL or pseudo file such as <anonymous>
    file: str | None = None
    function: str | None = None
    # dotted Python module or npm package, where the stack says so
    module: str | None = None
    line: int | None = None
    column: int | None = None
    # the app's own code, not a library's, the runtime's or a browser extension's
    in_app: bool = False
    # source of the line, where the stack carries it (Python)
    context_line: str | None = None


class Stack(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A parsed stack trace."""

    # python, javascript (V8, JavaScriptCore, Gecko), java, csharp, go, ruby, php
    language: str
    frames: tuple[Frame, ...]
    # frames left out of the middle because the stack was longer than the limit
    omitted: int = 0
