"""Comments' Markdown -> HTML. Written by members, who are trusted with issues but not with each
other's browsers: no HTML passes, links are of the web, nothing is loaded from elsewhere."""

from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from mana_errors.web.event import safe_link

# Nesting that a person writes; the library's own bound is the same.
_OPTIONS: Final = {"html": False, "linkify": False, "typographer": False, "maxNesting": 20}


def to_html(text: str) -> Markup:
    """A comment as HTML that is safe on a page."""
    return Markup(_parser().render(text))  # noqa: S704 - html is off: the renderer escapes all text


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", _OPTIONS).enable(["table", "strikethrough"])
    # an image would be loaded from anywhere: its text stays
    parser.disable("image")
    parser.validateLink = lambda url: safe_link(url) is not None
    parser.add_render_rule("link_open", _link_open)
    return parser


def _link_open(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: Any,
    _env: MutableMapping[str, Any],
) -> str:
    tokens[index].attrSet("rel", "noopener noreferrer nofollow")
    tokens[index].attrSet("target", "_blank")
    return renderer.renderToken(tokens, index, options, {})
