"""Source lines -> HTML. Pygments only splits the text; what becomes HTML is escaped here, piece by
piece, so that no lexer can let markup through."""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import (
    get_lexer_by_name,  # pyright: ignore[reportUnknownVariableType] - its options are untyped
)
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    String,
    _TokenType,  # pyright: ignore[reportPrivateUsage] - what all of the others are
)

# Lexers are regular expressions over a stranger's text: a frame's lines have a few hundred
# characters, and beyond this one is shown plain rather than worked on.
MAX_SOURCE: Final = 4_000
# Frames repeat from event to event. An entry is some 3 KB.
_REMEMBERED: Final = 500

# As Pygments names them. The set is closed: each is one more thing that reads strangers' text.
_LEXERS: Final = frozenset(
    {
        *("python", "javascript", "typescript", "java", "kotlin", "csharp", "go"),
        *("ruby", "php", "rust", "swift", "dart", "elixir"),
    }
)
_BY_ENDING: Final = {
    **dict.fromkeys(("py", "pyx", "pyi"), "python"),
    **dict.fromkeys(("js", "mjs", "cjs", "jsx", "vue", "svelte"), "javascript"),
    **dict.fromkeys(("ts", "mts", "cts", "tsx"), "typescript"),
    **dict.fromkeys(("kt", "kts"), "kotlin"),
    **dict.fromkeys(("ex", "exs"), "elixir"),
    "cs": "csharp",
    "rb": "ruby",
    "rs": "rust",
}
# Kinds of tokens -> classes of code.css; the first that fits.
_CLASSES: Final[tuple[tuple[_TokenType, str], ...]] = (
    (Comment, "c"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (String, "s"),
    (Number, "n"),
    (Name.Function, "f"),
    (Name.Class, "t"),
    (Name.Exception, "t"),
    (Name.Builtin, "b"),
    (Name.Decorator, "d"),
)


def language_of(file: str, platform: str) -> str:
    """Of a source file, by its ending, else by what the event runs on; empty if unknown."""
    ending = file.rpartition(".")[2].lower()
    named = _BY_ENDING.get(ending, ending)
    runs_on = "javascript" if platform == "node" else platform
    return next((language for language in (named, runs_on) if language in _LEXERS), "")


@lru_cache(_REMEMBERED)
def highlight(language: str, lines: tuple[str, ...]) -> tuple[Markup, ...]:
    """Each line as HTML."""
    source = "\n".join(lines)
    if language and len(source) <= MAX_SOURCE:
        marked = tuple(Markup("").join(line) for line in _marked_lines(language, source))
        if len(marked) == len(lines):
            return marked
    return tuple(escape(line) for line in lines)


def _marked_lines(language: str, source: str) -> Iterator[list[Markup]]:
    line: list[Markup] = []
    for kind, piece in _lexer(language).get_tokens(source):
        name = _class_of(kind)
        for index, part in enumerate(piece.split("\n")):
            if index:
                yield line
                line = []
            if part:
                line.append(
                    Markup('<i class="{}">{}</i>').format(name, part) if name else escape(part)
                )
    yield line


@cache
def _class_of(kind: _TokenType) -> str:
    return next((name for wanted, name in _CLASSES if kind in wanted), "")


@cache
def _lexer(language: str) -> Lexer:
    # a PHP frame shows code, not the page around it
    return get_lexer_by_name(language, stripnl=False, ensurenl=False, startinline=True)
