"""Comments in Markdown, on a page."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mana_errors.web.markdown import render_markdown

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=1">',
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<base href='https://evil.example/'>",
    "<style>*{background:url(https://evil.example/)}</style>",
    "<form action=https://evil.example/><input name=x>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x](file:///etc/passwd)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "![x](https://evil.example/pixel.png)",
    '![x](x "onerror=alert(1)")',
    "[x](https://a.example \"' onmouseover='alert(1)\")",
    '[x](https://a.example/"onmouseover=alert(1)//)',
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "`<script>alert(1)</script>`",
    "| <img src=x onerror=1> |\n| --- |\n| <script>x</script> |",
    "<!--<script>alert(1)</script>-->",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<x onclick=alert(1)>",
    "> " * 500 + "<script>",
    "[" * 3000 + "](javascript:alert(1))",
    "*a_" * 3000,
]  # fmt: skip


class Harmless(HTMLParser):
    """Fails for a tag, attribute or address that a comment has no need of."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in {"href", "title", "rel", "start"}, name
            if name == "href":
                scheme, colon, _ = (value or "").partition(":")
                assert not colon or scheme in {"http", "https", "mailto"} or "/" in scheme, value


def check(text: str) -> None:
    html = render_markdown(text)
    Harmless().feed(html)
    assert html.count("<a ") == html.count('rel="noopener noreferrer nofollow"')


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_in_a_comment_runs_or_loads(text: str) -> None:
    check(text)


@given(st.lists(st.one_of(st.sampled_from(ATTACKS[:32]), st.text(max_size=20)), max_size=5))
def test_nothing_in_any_text_runs_or_loads(parts: list[str]) -> None:
    check("".join(parts))


def test_a_comment_looks_like_markdown() -> None:
    text = "# Seen\n**twice** by `cart.ts`\n~~never~~\n\n1. a\n\n- [x](https://a.example/?b=1&c)\n"
    html = render_markdown(text)
    assert "<h1>Seen</h1>" in html
    assert "<strong>twice</strong> by <code>cart.ts</code><br>" in html
    assert "<s>never</s>" in html
    link = '<a href="https://a.example/?b=1&amp;c" rel="noopener noreferrer nofollow">x</a>'
    assert link in html


def test_html_is_shown_as_it_was_written() -> None:
    assert "&lt;b&gt;bold&lt;/b&gt;" in render_markdown("<b>bold</b>")
