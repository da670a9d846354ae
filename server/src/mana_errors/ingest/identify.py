"""Who sends: address, key, app and user of a request and its reports."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from mana_errors.config import Settings
from mana_errors.errors import Forbidden, ForeignOrigin, InvalidReport, Unauthorized, UnknownApp
from mana_errors.ingest.address import NO_ADDRESS, Address, Addresses
from mana_errors.ingest.origins import is_allowed
from mana_errors.ingest.receive import Headers
from mana_errors.ingest.report import Report
from mana_errors.ingest.routes import REPORT, Route, Wire
from mana_errors.ingest.sentry.credentials import dsn_parts, key_in
from mana_errors.model.app import DEFAULT_SETTINGS, EMPTY_DIRECTORY, Directory, KnownApp
from mana_errors.model.event import Protocol

UNKNOWN_APP: Final = "unknown"
MAX_APP_ID: Final = 50
# As long as a client could reasonably make one; Stripe's limit for the same header.
MAX_IDEMPOTENCY_KEY: Final = 255
_KEY_PARAMETER: Final = b"key="


class Sender(msgspec.Struct, gc=False):
    """What a request says about all its reports."""

    headers: Headers = {}
    address: Address = NO_ADDRESS
    # of the web page that sends; None for other programs
    origin: bytes | None = None
    key: str | None = None
    # the key's; None without a key or with an unknown one
    key_app: KnownApp | None = None
    # X-App-Id
    app_id: str | None = None
    user_agent: str | None = None
    idempotency_key: str | None = None
    # what a bearer token proved; beats the body's
    user_id: str | None = None
    route: Route = REPORT
    query: bytes = b""

    @property
    def named(self) -> str:
        """The app as far as the head tells; empty = not known."""
        return self.key_app.id if self.key_app else self.app_id or ""


def _nobody(_authorization: bytes) -> str | None:
    return None


def _ignore(_key: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Known:
    """Whom ingest asks about apps, keys and users. By default nobody is known."""

    directory: Callable[[], Directory] = lambda: EMPTY_DIRECTORY
    # hears of every request with a key that is known
    key_used: Callable[[str], None] = _ignore
    # Authorization header -> user
    user: Callable[[bytes], str | None] = _nobody


class Identify:
    """Finds out who sends, by the directory of this moment."""

    def __init__(self, known: Known, settings: Settings) -> None:
        self._known = known
        self._registers = settings.register_apps
        self._max_apps = settings.max_apps
        self._addresses = Addresses(settings.trusted_proxies)
        # let in since this directory came: the next one has them
        self._directory = known.directory()
        self._new: dict[str, KnownApp] = {}

    def meet(
        self, headers: Headers, query: bytes, host: str | None, route: Route = REPORT
    ) -> Sender:
        """The sender of a request as its head tells. Never raises: check() does."""
        get = headers.get
        key = get(b"x-app-key") or (_key_in(query) if _KEY_PARAMETER in query else None)
        sender = Sender(
            headers,
            self._addresses.of(host, get(b"x-forwarded-for")),
            get(b"origin"),
            app_id=_text(get(b"x-app-id")),
            user_agent=_text(get(b"user-agent")),
            idempotency_key=_text(get(b"idempotency-key")),
            route=route,
            query=query,
        )
        if key:
            self._use_key(sender, key.decode("latin-1"))
        return sender

    def check(self, sender: Sender) -> None:
        """Refuse by the head. Raises InvalidReport, Unauthorized, Forbidden."""
        if sender.app_id is not None:
            _check_length(sender.app_id, "X-App-Id", MAX_APP_ID)
        if sender.idempotency_key is not None:
            _check_length(sender.idempotency_key, "Idempotency-Key", MAX_IDEMPOTENCY_KEY)
        if sender.route.protocol is not Protocol.NATIVE:
            self._find_key(sender)
        if sender.key is not None:
            self._check_key(sender)
        elif sender.route.number is not None and sender.route.wire is not Wire.ENVELOPE:
            raise Unauthorized("no key: neither query nor X-Sentry-Auth has one")

    def check_dsn(self, sender: Sender, dsn: str | None) -> None:
        """Refuse by what the body says of its app. Raises Unauthorized, Forbidden."""
        if sender.route.protocol is not Protocol.SENTRY:
            return
        parts = dsn_parts(dsn) if dsn is not None else None
        if parts is None:
            if sender.key is None:
                raise Unauthorized("no key: neither query, nor X-Sentry-Auth, nor dsn has one")
        elif sender.key is None:
            self._use_key(sender, parts.key)
            self._check_key(sender)
        elif parts.key != sender.key:
            raise Forbidden("conflicting keys: the envelope's dsn has another than the request")

    def _find_key(self, sender: Sender) -> None:
        """What other protocols say in the head. An envelope may have its key in the body."""
        key = key_in(sender.headers, sender.query)
        if key is not None:
            if sender.key not in {None, key}:
                raise Forbidden("conflicting keys: X-App-Key and X-Sentry-Auth")
            self._use_key(sender, key)

    def _use_key(self, sender: Sender, key: str) -> None:
        directory = self._known.directory()
        sender.key = key
        sender.key_app = directory.apps.get(directory.keys.get(key, ""))

    def _check_key(self, sender: Sender) -> None:
        app, number = sender.key_app, sender.route.number
        if sender.key is None or app is None:
            raise Forbidden("the key is unknown or revoked")
        if number is not None and app.number != number:
            sender.key_app = None
            raise Forbidden(f"the key is not one of the app with the number {number}")
        _check_origin(sender, app)
        self._known.key_used(sender.key)

    def find_user(self, sender: Sender) -> None:
        """Ask who a bearer token stands for; a bad one stands for nobody. Collectors have tokens of
        their own, which are no users'."""
        if sender.route.protocol is not Protocol.NATIVE:
            return
        if authorization := sender.headers.get(b"authorization"):
            sender.user_id = self._known.user(authorization)

    def app_of(self, report: Report, sender: Sender) -> KnownApp:
        """The app of a report. Raises Unauthorized, Forbidden, UnknownApp."""
        named = report.app_id or sender.app_id
        if (app := sender.key_app) is not None:
            if named and named != app.id:
                raise Forbidden(f"appId: the key is not one of the app {named!r}")
            return app
        app_id = named or UNKNOWN_APP
        app = self._known.directory().apps.get(app_id) or self._first_sight(app_id)
        if app.settings.require_key:
            raise Unauthorized("the app takes no report without a key: send X-App-Key")
        _check_origin(sender, app)
        return app

    def _first_sight(self, app_id: str) -> KnownApp:
        if not self._registers:
            raise UnknownApp(f"appId: there is no app {app_id!r}")
        directory = self._known.directory()
        if directory is not self._directory:
            self._directory = directory
            self._new.clear()
        if (app := self._new.get(app_id)) is None:
            if len(directory.apps) + len(self._new) >= self._max_apps:
                raise UnknownApp(f"appId: there is no app {app_id!r}, and no room for another")
            app = self._new[app_id] = KnownApp(app_id, 0, DEFAULT_SETTINGS)
        return app


def _check_origin(sender: Sender, app: KnownApp) -> None:
    origin = sender.origin
    if origin is not None and not is_allowed(origin, app.settings.allowed_origins):
        raise ForeignOrigin("origin: the app takes no reports from this web page")


def _check_length(value: str, name: str, limit: int) -> None:
    if len(value) > limit:
        raise InvalidReport(f"{name}: expected at most {limit} characters")


def _key_in(query: bytes) -> bytes | None:
    for part in query.split(b"&"):
        if part.startswith(_KEY_PARAMETER):
            return part[len(_KEY_PARAMETER) :]
    return None


def _text(value: bytes | None) -> str | None:
    # HTTP says Latin-1; people send UTF-8. A NUL cannot be stored.
    return value.decode("utf-8", "replace").replace("\0", "\ufffd") if value else None
