# ruff: noqa: SIM905 - the lists of words read as text
"""Which field names hold a secret.

A name is split into words at `-`, `_`, other punctuation and camelCase humps, in any letter case.
It is secret when

1. it is, as a whole and without separators, a secret word (`pAsSwOrD`, `API-KEY`), or
2. it contains a secret word or pair of words (`accessToken`, `client_secret`, `user-password`,
   `passwordConfirm`, `X-Api-Key`), unless a word behind it says that the value is about the secret
   and not the secret (`tokenCount`, `password_expires_at`, `TokenExpiredError`) or the word
   is a number of language-model tokens (`max_tokens`, `prompt_tokens`).

Words are whole: `secretary`, `tokenizer`, `passwordless` and `author` are harmless.

The server decides in the same way; a test compares the two.
"""

from __future__ import annotations

import re
from typing import Dict, Final, List

_WORDS: Final = frozenset(
    # The contract's: password, token, secret, apikey; authorization, cookie. Then common ones.
    "password passwords passwd pwd passphrase passcode token tokens secret secrets apikey apikeys "
    "authorization cookie cookies credential credentials creds bearer jwt csrf xsrf otp totp "
    "cvv cvc cvv2 cvc2 ssn iban sid sessid sessionid phpsessid jsessionid privatekey secretkey "
    "accesskey cardnumber creditcard connectionstring".split()
)
_PAIRS: Final = frozenset(
    # api_key is the contract's.
    "api-key api-keys access-key private-key private-keys secret-key signing-key encryption-key "
    "master-key service-key account-key auth-key ssh-key pass-phrase pass-code session-id "
    "card-number card-no credit-card security-code connection-string amz-signature "
    "amz-credential".split()
)
# Secret as a whole name only; as a part they are everyday words ("pass rate", "auth provider").
_WHOLE: Final = _WORDS | {"auth", "xauth", "pass", "pin", "pincode", "sig", "pan"}
# "dbpassword", "authtoken", "appsecret": run together in front, and no English word ends so.
_ENDINGS: Final = ("password", "passwd", "token", "secret", "apikey", "sessionid")
# "passwordconfirmation", "password2".
_BEGINNING: Final = "password"
_NOT_BEGINNING: Final = "passwordless"
# What a value behind a secret word is, when it is about the secret.
_ABOUT: Final = frozenset(
    "age at attempt attempts budget changed count created delay disabled enabled endpoint error "
    "errors exception exist exists expired expires expiration expire expiry failed failure field "
    "format found invalid in is kind lacks length limit limits location manager max min mismatch "
    "missing name not only policy position present provider ratio required requirements rule rules "
    "service size source state status strength total ttl type types updated uri url usage used "
    "valid validation validator validity version".split()
)
# What stands in front of a number of tokens.
_AMOUNTS: Final = frozenset(
    "avg cache cached completion generated input max min num output prompt reasoning remaining "
    "thinking total used".split()
)

# One hump: an acronym, a capitalised or lower-case word, or a number.
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# Longer than any name that a person gave a field; such a key is not worth a place in the memory.
_REMEMBERED_LENGTH: Final = 64
# The names in use are few thousand in any family of apps.
_REMEMBERED_NAMES: Final = 8192


class Verdicts(Dict[str, bool]):
    """Remembered decisions: every key of every event is looked up, so nothing slower will do."""

    def __missing__(self, name: str) -> bool:
        verdict = self.judge(name)
        if len(name) <= _REMEMBERED_LENGTH:
            if len(self) >= _REMEMBERED_NAMES:
                self.clear()
            self[name] = verdict
        return verdict

    def judge(self, name: str) -> bool:
        """A decision that is not remembered yet."""
        return is_secret_name(name)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    if "".join(words) in _WHOLE:
        return True
    # "user_pAsSwOrD": humps mean nothing where they cut a word that the separators leave whole
    if any(part in _WORDS for part in re.split("[^a-z0-9]+", name.lower())):
        words = [part for part in re.split("[^a-z0-9]+", name.lower()) if part]
    end = _end_of_last_secret(words)
    return end > 0 and _ABOUT.isdisjoint(words[end:]) and not _counts_tokens(words, end)


def _end_of_last_secret(words: List[str]) -> int:
    """Index behind the last secret word or pair; 0 for none."""
    for index in range(len(words), 0, -1):
        word = words[index - 1]
        if _is_secret_word(word) or "-".join(words[max(index - 2, 0) : index]) in _PAIRS:
            return index
    # "db_pass", "smtpPass"
    return len(words) if len(words) > 1 and words[-1] == "pass" else 0


def _is_secret_word(word: str) -> bool:
    return (
        word in _WORDS
        or word.endswith(_ENDINGS)
        or (word.startswith(_BEGINNING) and not word.startswith(_NOT_BEGINNING))
    )


def _counts_tokens(words: List[str], end: int) -> bool:
    return words[end - 1] == "tokens" and not _AMOUNTS.isdisjoint(words)


# name -> whether it is secret
VERDICTS: Final = Verdicts()
