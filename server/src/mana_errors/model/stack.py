"""Stack frames."""

import msgspec

from mana_errors.model.event import JsonObject


class Frame(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """One call of a stack trace. Frames are ordered oldest call first, the failing one last."""

    # as written by the runtime: a path, URL or pseudo file such as <anonymous>
    file: str | None = None
    function: str | None = None
    # dotted Python module, Java class or npm package, where the stack says so
    module: str | None = None
    line: int | None = None
    column: int | None = None
    # the app's own code, not a library's, the runtime's or a browser extension's; None = not said
    in_app: bool | None = None
    # source of the line, where the stack carries it
    context_line: str | None = None
    pre_context: tuple[str, ...] = ()
    post_context: tuple[str, ...] = ()
    # absolute path or URL, where it says more than file
    path: str | None = None
    # library, binary or image
    package: str | None = None
    # of native code, as hex
    address: str | None = None
    # local variables
    vars: JsonObject | None = None


class Stack(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A parsed stack trace."""

    # python, javascript (V8, JavaScriptCore, Gecko)
    language: str
    frames: tuple[Frame, ...]
    # frames left out of the middle because the stack was longer than the limit
    omitted: int = 0
