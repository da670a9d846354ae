"""Secrets by their look, and which of them can occur in a text.

For each cleaner there is a cheap test that says whether it may find something; it is asked about
all texts of a report at once, and mostly says no.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Callable, Final, Tuple

from mana_errors_sdk.scrub.cards import has_cards, scrub_cards
from mana_errors_sdk.scrub.hidden import MARKER, Hidden
from mana_errors_sdk.scrub.pairs import has_pairs, scrub_pairs

Clean = Callable[[str, Hidden], str]

_KEY_LABEL: Final = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
# A block whose end was cut off goes to the end of the text.
_private_key: Final = re.compile(
    rf"-----BEGIN {_KEY_LABEL}.*?(?:-----END {_KEY_LABEL}|\Z)", re.DOTALL
)

# user:password@ in front of a host. User names, ports and paths hold no "@".
_url_login: Final = re.compile(
    r"(?<=[A-Za-z0-9+.-]://)([^\s/?#\"'<>:@]*:)([^\s/?#\"'<>]+)@", re.ASCII
)
_credentials: Final = re.compile(
    r"(\b(?:bearer|basic)\s+)([a-z0-9._~+/=-]{6,})", re.IGNORECASE | re.ASCII
)
# A token as a whole: what begins with "eyJ" in it is looked for by hand, in one go.
_token: Final = re.compile(r"[A-Za-z0-9_.-]{10,}")
_LEAST_JWT_HEAD: Final = len("eyJ") + 5

# Formats that their makers document, so that scanners find leaked keys; with a part of each that
# is quickly looked for.
_KEY_FORMATS: Final[Tuple[Tuple[str, str], ...]] = (
    ("AKIA", r"AKIA[A-Z0-9]{16,}"),  # AWS
    ("ASIA", r"ASIA[A-Z0-9]{16,}"),
    ("ABIA", r"ABIA[A-Z0-9]{16,}"),
    ("ACCA", r"ACCA[A-Z0-9]{16,}"),
    ("gh", r"gh[opsur]_[A-Za-z0-9]{20,}"),  # GitHub
    ("github_pat_", r"github_pat_[A-Za-z0-9_]{20,}"),
    ("glpat-", r"glpat-[A-Za-z0-9_-]{16,}"),  # GitLab
    ("xox", r"xox[a-z]-[A-Za-z0-9-]{10,}"),  # Slack
    ("xapp-", r"xapp-[A-Za-z0-9-]{10,}"),
    ("sk_", r"sk_(?:live|test)_[A-Za-z0-9]{10,}"),  # Stripe
    ("rk_", r"rk_(?:live|test)_[A-Za-z0-9]{10,}"),
    ("whsec_", r"whsec_[A-Za-z0-9+/=]{16,}"),
    ("AIza", r"AIza[A-Za-z0-9_-]{30,}"),  # Google
    ("ya29.", r"ya29\.[A-Za-z0-9_-]{20,}"),
    ("GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{20,}"),
    ("npm_", r"npm_[A-Za-z0-9]{30,}"),
    ("pypi-", r"pypi-[A-Za-z0-9_-]{50,}"),
    ("hf_", r"hf_[A-Za-z0-9]{30,}"),  # Hugging Face
    ("sk-", r"sk-[A-Za-z0-9_-]{20,}"),  # OpenAI, Anthropic and those who follow them
    ("SG.", r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),  # SendGrid
    ("key-", r"key-[0-9a-f]{32}"),  # Mailgun
    ("shp", r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32,}"),  # Shopify
    ("_v1_", r"do[opr]_v1_[a-f0-9]{64}"),  # DigitalOcean
    ("AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    (":AA", r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),  # Telegram
)
_KEY_PARTS: Final = tuple(part for part, _ in _KEY_FORMATS)
# What is grown to a key goes with it: left over, it could look like the next one.
_key: Final = re.compile(
    rf"\b(?:{'|'.join(pattern for _, pattern in _KEY_FORMATS)})[A-Za-z0-9_-]*", re.ASCII
)

# What English puts behind "bearer" and "basic".
_WORDS_BEHIND: Final = frozenset(
    {
        *("access", "account", "accounts", "algorithm", "authentication", "authorization"),
        *("authorisation", "challenge", "check", "checks", "credential", "credentials"),
        *("example", "features", "format", "functionality", "header", "headers", "information"),
        *("instance", "invalid", "middleware", "missing", "realm", "requests", "required"),
        *("response", "scheme", "schema", "security", "setup", "strategy", "support", "syntax"),
        *("tests", "token", "tokens", "types", "understanding", "usage", "validation", "version"),
    }
)


def _scrub_private_keys(text: str, _hidden: Hidden) -> str:
    return _private_key.sub(MARKER, text)


def _scrub_url_logins(text: str, hidden: Hidden) -> str:
    def hide(match: re.Match[str]) -> str:
        hidden.remember(match[2])
        return f"{match[1]}{MARKER}@"

    return _url_login.sub(hide, text)


def _scrub_credentials(text: str, hidden: Hidden) -> str:
    def hide(match: re.Match[str]) -> str:
        is_basic = match[1][1:2].lower() == "a"
        if not (_is_basic(match[2]) if is_basic else _is_bearer(match[2])):
            return match[0]
        hidden.remember(match[2])
        return match[1] + MARKER

    return _credentials.sub(hide, text)


def _is_bearer(credentials: str) -> bool:
    word = credentials.lower().rstrip(".")
    return word not in _WORDS_BEHIND and not word.startswith(("realm=", "error=", "scope="))


def _is_basic(credentials: str) -> bool:
    """RFC 7617: base64 of user:password; "basic" is an English word, so the look alone is not."""
    if credentials.lower().rstrip(".") in _WORDS_BEHIND:
        return False
    if any(letter in "0123456789=+/" for letter in credentials):
        return True
    try:
        return b":" in b64decode(credentials + "==")
    except NotBase64:
        return False


def _scrub_jwts(text: str, _hidden: Hidden) -> str:
    return _token.sub(_hide_jwt, text)


def _hide_jwt(match: re.Match[str]) -> str:
    """eyJ…, a dot, more: from there to the end of the token."""
    token = match[0]
    parts = token.split(".")
    start = 0
    for index, part in enumerate(parts[:-1]):
        head = part.find("eyJ")
        if head != -1 and len(part) - head >= _LEAST_JWT_HEAD and parts[index + 1]:
            return token[: start + head] + MARKER
        start += len(part) + 1
    return token


def _scrub_keys(text: str, _hidden: Hidden) -> str:
    return _key.sub(MARKER, text)


def _scrub_cards(text: str, _hidden: Hidden) -> str:
    return scrub_cards(text)


# In this order: whole blocks first, then what names a secret, then looks alone.
CLEANERS: Final[Tuple[Clean, ...]] = (
    _scrub_private_keys,
    _scrub_url_logins,
    scrub_pairs,
    _scrub_credentials,
    _scrub_jwts,
    _scrub_keys,
    _scrub_cards,
)


def possible_cleaners(text: str) -> Tuple[Clean, ...]:
    """Those that may find something in a text, by tests that cost next to nothing."""
    lowered = text.lower()
    possible = (
        "-----BEGIN " in text,
        "://" in text and "@" in text,
        has_pairs(lowered),
        "bearer" in lowered or "basic" in lowered,
        "eyJ" in text,
        any(part in text for part in _KEY_PARTS),
        has_cards(text),
    )
    return tuple([cleaner for cleaner, may_find in zip(CLEANERS, possible) if may_find])
