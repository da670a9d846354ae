"""Markdown of comments as HTML. Strangers may have written it: nothing in it runs, loads or styles.

Two fences: markdown-it shows HTML as text and refuses dangerous addresses, and ammonia (nh3) lets
only the tags through that Markdown makes. Images are links: loading one tells its host who reads.
"""

from functools import cache
from typing import Final

import nh3
from markdown_it import MarkdownIt

_TAGS: Final = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES: Final = {"http", "https", "mailto"}
# Readers need to know no referrer and give no rank; a new window must not reach this one.
_REL: Final = "noopener noreferrer nofollow"


@cache
def _parser() -> MarkdownIt:
    # "js-default" with limits on nesting; a line break is one, as people expect of a comment
    options = {"html": False, "linkify": False, "breaks": True, "maxNesting": 20}
    return MarkdownIt("js-default", options).disable("image")


def render_markdown(text: str) -> str:
    """HTML that is safe to put into a page as it is."""
    return nh3.clean(
        _parser().render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel=_REL,
    )
