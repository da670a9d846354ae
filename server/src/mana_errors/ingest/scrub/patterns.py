"""Secrets by their look: what they are, and which of them can occur in an encoded event.

Each cleaner has a search pattern for encoded JSON that finds at least what the cleaner finds in
the decoded string. The two differ where JSON escapes: a line break before a word is written `\\n`,
so a word boundary there needs the escape as an alternative. Control characters are written as hex
digits, which could be taken for part of a number or word: if any are there, all cleaners run.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from typing import Final

from mana_errors.ingest.scrub.cards import CARD_IN_JSON, scrub_cards
from mana_errors.ingest.scrub.effort import FINDING, Effort
from mana_errors.ingest.scrub.marker import MARKER_BYTES
from mana_errors.ingest.scrub.pairs import PAIR_IN_JSON, scrub_pairs
from mana_errors.ingest.scrub.rx import Match, compile_pattern, compile_set

# Raises TooMuch.
Cleaner = Callable[[bytes, Effort], bytes]

_BOUNDARY: Final = r"\b"
_BOUNDARY_IN_JSON: Final = r"(?:\b|\\[bfnrt])"

_KEY_LABEL: Final = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_PRIVATE_KEY_IN_JSON: Final = rf"-----BEGIN {_KEY_LABEL}"
# A block whose end was cut off goes to the end of the text.
_PRIVATE_KEY: Final = rf"(?s)-----BEGIN {_KEY_LABEL}.*?(?:-----END {_KEY_LABEL}|\z)"

_JWT: Final = r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*"

# user:password@ in front of a host. User names, ports and paths hold no "@".
_URL_LOGIN: Final = r"([A-Za-z][A-Za-z0-9+.-]*://[^\s/?#\"'<>:@]*:)[^\s/?#\"'<>]+@"

_BEARER: Final = r"(?i)(\b(?:bearer|basic)\s+)([a-z0-9._~+/=-]{6,})"
_BEARER_IN_JSON: Final = r"(?i)(?:\b|\\[bfnrt])(?:bearer|basic)(?: |\\[bfnrt])+[a-z0-9._~+/=-]{6}"

# Formats that their makers document, so that scanners find leaked keys.
_KEY_FORMATS: Final = (
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,}",  # AWS
    r"gh[opsur]_[A-Za-z0-9]{20,}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"glpat-[A-Za-z0-9_-]{16,}",  # GitLab
    r"xox[a-z]-[A-Za-z0-9-]{10,}",  # Slack
    r"xapp-[A-Za-z0-9-]{10,}",
    r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}",  # Stripe
    r"whsec_[A-Za-z0-9+/=]{16,}",
    r"AIza[A-Za-z0-9_-]{30,}",  # Google
    r"ya29\.[A-Za-z0-9_-]{20,}",
    r"GOCSPX-[A-Za-z0-9_-]{20,}",
    r"npm_[A-Za-z0-9]{30,}",
    r"pypi-[A-Za-z0-9_-]{50,}",
    r"hf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"sk-[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic and those who follow them
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # SendGrid
    r"key-[0-9a-f]{32}",  # Mailgun
    r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32,}",  # Shopify
    r"do[opr]_v1_[a-f0-9]{64}",  # DigitalOcean
    r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",  # Telegram
)
_KEYS: Final = "|".join(_KEY_FORMATS)
# What is grown to a key goes with it: left over, it could look like the next one.
_KEY: Final = rf"{_BOUNDARY}(?:{_KEYS})[A-Za-z0-9_-]*"
_KEY_IN_JSON: Final = f"{_BOUNDARY_IN_JSON}(?:{_KEYS})"

# What English puts behind "bearer" and "basic".
_WORDS_BEHIND: Final = frozenset(
    b"access account accounts algorithm authentication authorization authorisation challenge check "
    b"checks credential credentials example features format functionality header headers "
    b"information instance invalid middleware missing realm requests required response "
    b"scheme schema security setup strategy support syntax tests token tokens types "
    b"understanding usage validation version".split()
)


def _replacing(pattern: str, replacement: Callable[[Match, Effort], bytes]) -> Cleaner:
    compiled = compile_pattern(pattern)

    def clean(text: bytes, effort: Effort) -> bytes:
        def replace(match: Match) -> bytes:
            effort.spend(FINDING)
            return replacement(match, effort)

        return compiled.sub(replace, text)

    return clean


def _hide(_match: Match, _effort: Effort) -> bytes:
    return MARKER_BYTES


def _hide_url_password(match: Match, effort: Effort) -> bytes:
    effort.remember(match.group()[len(match.group(1)) : -1].decode("utf-8", "replace"))
    return match.group(1) + MARKER_BYTES + b"@"


def _hide_credentials(match: Match, effort: Effort) -> bytes:
    prefix, credentials = match.group(1), match.group(2)
    is_basic = prefix[1:2].lower() == b"a"
    hide = _is_basic(credentials) if is_basic else _is_bearer(credentials)
    if not hide:
        return match.group()
    effort.remember(credentials.decode("utf-8", "replace"))
    return prefix + MARKER_BYTES


def _is_bearer(credentials: bytes) -> bool:
    word = credentials.lower().rstrip(b".")
    return word not in _WORDS_BEHIND and not word.startswith((b"realm=", b"error=", b"scope="))


def _is_basic(credentials: bytes) -> bool:
    """RFC 7617: base64 of user:password; "basic" is an English word, so the look alone is not."""
    if credentials.lower().rstrip(b".") in _WORDS_BEHIND:
        return False
    if any(byte in b"0123456789=+/" for byte in credentials):
        return True
    try:
        return b":" in b64decode(credentials + b"==")
    except NotBase64:
        return False


# Not in URLs' logins, which go before; hosts without a dot are nobody's mail.
_EMAIL: Final = r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
# For apps that say so.
scrub_emails: Final[Cleaner] = _replacing(_EMAIL, _hide)

# In this order: whole blocks first, then what names a secret, then looks alone.
_CLEANERS: Final[tuple[tuple[str, Cleaner], ...]] = (
    (_PRIVATE_KEY_IN_JSON, _replacing(_PRIVATE_KEY, _hide)),
    (_URL_LOGIN, _replacing(_URL_LOGIN, _hide_url_password)),
    (PAIR_IN_JSON, scrub_pairs),
    (_BEARER_IN_JSON, _replacing(_BEARER, _hide_credentials)),
    (_JWT, _replacing(_JWT, _hide)),
    (_KEY_IN_JSON, _replacing(_KEY, _hide)),
    (CARD_IN_JSON, scrub_cards),
)
ALL_CLEANERS: Final = tuple(clean for _, clean in _CLEANERS)

_search: Final = compile_set([*(pattern for pattern, _ in _CLEANERS), r"\\u00"])
_CONTROL_CHARACTER: Final = len(_CLEANERS)


def possible_cleaners(encoded: bytes) -> tuple[Cleaner, ...]:
    """Those that may find something in a value, seen by its JSON as msgspec writes it (escaped are
    quotes, backslashes and control characters, nothing else)."""
    found = _search(encoded)
    if _CONTROL_CHARACTER in found:
        return ALL_CLEANERS
    return tuple(ALL_CLEANERS[index] for index in sorted(found)) if found else ()
