"""Apps, their keys and their settings, as ingest and digest know them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

# As long as the contract's appId.
AppId = Annotated[str, Meta(min_length=1, max_length=50)]
_Count = Annotated[int, Meta(ge=0, le=2**53)]
# PostgreSQL's jsonb holds no NUL.
_Pattern = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
_Patterns = Annotated[tuple[_Pattern, ...], Meta(max_length=100)]


class Filters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Which events an app does not want. Patterns are globs: `*` and `?`, in any letter case,
    over the whole text; `*word*` finds a word anywhere."""

    messages: _Patterns = ()
    types: _Patterns = ()
    # of requestUrl, without query
    paths: _Patterns = ()
    releases: _Patterns = ()
    user_agents: _Patterns = ()
    environments: _Patterns = ()
    # addresses and networks of clients, as 203.0.113.7 or 2001:db8::/32
    addresses: _Patterns = ()
    # what calls itself a crawler
    crawlers: bool = False
    # browsers that no longer get security updates
    legacy_browsers: bool = False
    # stacks from browser extensions
    extensions: bool = False


class AppSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What an owner may set about an app. 0 = no limit, unless said otherwise."""

    # whether reports need a key; the contract says no
    require_key: bool = False
    # origins whose browsers may report; "*" = any, "https://*.example.org" = its subdomains
    allowed_origins: _Patterns = ("*",)
    # token bucket of events: sustained rate, and how many may come at once
    rate_per_second: _Count = 0
    rate_burst: _Count = 0
    # the same for each key, so that one that leaked cannot use up the app's
    key_rate_per_second: _Count = 0
    key_rate_burst: _Count = 0
    # bodies kept per grouping hash and minute before sampling sets in; 0 = never sample, None = as
    # the server's setting says
    sample_after: _Count | None = None
    events_per_hour: _Count = 0
    events_per_day: _Count = 0
    events_per_month: _Count = 0
    # of stored events, as the spool holds them (about what their JSON takes)
    max_bytes: _Count = 0
    # 0 = as long as the server keeps events; more than that makes no difference
    retention_days: _Count = 0
    # fields whose values are hidden, beside those that hold secrets everywhere
    secret_names: _Patterns = ()
    # fields whose names look secret and whose values are not
    safe_names: _Patterns = ()
    # e-mail addresses, wherever they stand
    hide_emails: bool = False
    # IP addresses of clients: of users, and in the headers that proxies add
    hide_addresses: bool = True
    filters: Filters = Filters()


class Quota(StrEnum):
    """Windows of an app's quotas, UTC."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class App(msgspec.Struct, frozen=True, rename="camel"):
    """One application that reports errors."""

    id: str
    # for DSNs; given or counted up, never used twice
    number: int
    name: str
    platform: str
    settings: AppSettings
    created_at: datetime
    # over one of its quotas until then, and which
    over_until: datetime | None = None
    over: Quota | None = None


class Key(msgspec.Struct, frozen=True, rename="camel"):
    """An app's public ingest key. Public: browsers send it, so it is stored as it is."""

    id: UUID
    app: str
    # 32 hex digits
    key: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class KnownApp(msgspec.Struct, frozen=True, gc=False):
    """What ingest must know of an app."""

    id: str
    number: int
    settings: AppSettings
    # over one of its quotas until then, and which
    over_until: datetime | None = None
    over: Quota | None = None


class Directory(msgspec.Struct, frozen=True):
    """All apps and keys at one time: what ingest decides by, without asking the database."""

    version: int
    apps: dict[str, KnownApp]
    # public key -> app id; revoked keys are not in it
    keys: dict[str, str]

    def numbered(self, number: int) -> KnownApp | None:
        """The app of a DSN's number."""
        return next((app for app in self.apps.values() if app.number == number), None)


EMPTY_DIRECTORY = Directory(0, {}, {})
DEFAULT_SETTINGS = AppSettings()
