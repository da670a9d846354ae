"""What an app adds to scrubbing, or takes away."""

from collections.abc import Mapping
from typing import Final

from mana_errors.ingest.globs import Matcher, compile_globs
from mana_errors.ingest.scrub.names import VERDICTS, Verdicts
from mana_errors.model.app import AppSettings, KnownApp

# Apps with rules of their own that are remembered; as many as a server has by default.
MAX_COMPILED: Final = 1000


class Rules:
    """The rules of one app."""

    __slots__ = ("addresses", "emails", "names")

    def __init__(
        self, names: Mapping[str, bool] = VERDICTS, *, emails: bool = False, addresses: bool = True
    ) -> None:
        """names: whether a field of a name is secret. emails, addresses: hide e-mail addresses
        everywhere, and the IP addresses of clients where requests and users have them."""
        self.names = names
        self.emails = emails
        self.addresses = addresses


DEFAULT_RULES: Final = Rules()


class RuleSet:
    """The rules of all apps, each compiled once."""

    def __init__(self) -> None:
        self._compiled: dict[str, tuple[AppSettings, Rules]] = {}

    def of(self, app: KnownApp) -> Rules:
        """The rules of an app."""
        settings = app.settings
        known = self._compiled.get(app.id)
        if known is not None and known[0] is settings:
            return known[1]
        # Every new directory brings new objects, which mostly say the same.
        rules = known[1] if known and _same(known[0], settings) else compile_rules(settings)
        if len(self._compiled) >= MAX_COMPILED:
            self._compiled.clear()
        self._compiled[app.id] = (settings, rules)
        return rules


def _same(one: AppSettings, other: AppSettings) -> bool:
    return _of(one) == _of(other)


def _of(settings: AppSettings) -> tuple[object, ...]:
    return (
        settings.secret_names,
        settings.safe_names,
        settings.hide_emails,
        settings.hide_addresses,
    )


def compile_rules(settings: AppSettings) -> Rules:
    """Rules by an app's settings."""
    secret, safe = compile_globs(settings.secret_names), compile_globs(settings.safe_names)
    names = VERDICTS if secret is None and safe is None else _OwnVerdicts(secret, safe)
    return Rules(names, emails=settings.hide_emails, addresses=settings.hide_addresses)


class _OwnVerdicts(Verdicts):
    """With names that an app knows better. A name that is both is secret."""

    def __init__(self, secret: Matcher | None, safe: Matcher | None) -> None:
        super().__init__()
        self._secret = secret
        self._safe = safe

    def judge(self, name: str) -> bool:
        if self._secret is not None and self._secret(name):
            return True
        if self._safe is not None and self._safe(name):
            return False
        return super().judge(name)
