"""Who sends: addresses behind proxies, keys, apps at first sight, web pages."""

from typing import Any

import pytest

from mana_errors.config import Settings
from mana_errors.errors import Forbidden, ForeignOrigin, InvalidReport, Unauthorized, UnknownApp
from mana_errors.ingest.address import Addresses
from mana_errors.ingest.identify import Identify, Known, Sender
from mana_errors.ingest.origins import cors_headers, is_allowed
from mana_errors.ingest.report import Report
from mana_errors.model.app import AppSettings, Directory, KnownApp

KEY = "0123456789abcdef0123456789abcdef"
PROXIES = ("127.0.0.0/8", "::1/128", "10.0.0.0/8")


def directory(**settings: Any) -> Directory:
    apps = {
        "chat": KnownApp("chat", 1, AppSettings(**settings)),
        "closed": KnownApp("closed", 2, AppSettings(require_key=True)),
    }
    return Directory(1, apps, {KEY: "chat"})


def report(app_id: str | None = None) -> Report:
    return Report(error_code="C", error_type="T", message="m", app_id=app_id)


def identify(known: Directory | None = None, **settings: Any) -> Identify:
    found = known or directory()
    return Identify(Known(directory=lambda: found), Settings(**settings))


def meet(who: Identify, query: bytes = b"", **headers: str) -> Sender:
    raw = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    sender = who.meet(raw, query, "203.0.113.7")
    who.check(sender)
    return sender


@pytest.mark.parametrize(
    ("host", "forwarded", "bucket"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        # not a proxy of ours: whatever it says
        ("203.0.113.7", b"198.51.100.1", "203.0.113.7"),
        # programs on this machine
        ("127.0.0.1", None, ""),
        ("::1", None, ""),
        ("::ffff:127.0.0.1", None, ""),
        (None, None, ""),
        # a proxy on this machine
        ("127.0.0.1", b"198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", b"6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", b"6.6.6.6, 198.51.100.1, 10.1.2.3,10.1.2.4", "198.51.100.1"),
        ("10.0.0.9", b"198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.9", b"[2001:db8:1:2:3::4]:4711", "2001:db8:1:2::/64"),
        ("10.0.0.9", b"10.0.0.1", "10.0.0.1"),
        # what is no address is not believed, nor what stands before it
        ("10.0.0.9", b"6.6.6.6, unknown", "10.0.0.9"),
        ("10.0.0.9", b"6.6.6.6, junk, 10.0.0.3", "10.0.0.3"),
        ("127.0.0.1", b"", "127.0.0.1"),
        ("127.0.0.1", b"\xff" * 9000 + b", 198.51.100.1", "198.51.100.1"),
        # one client of version 6 has at least a /64
        ("2001:db8:1:2:aaaa::1", None, "2001:db8:1:2::/64"),
        ("fe80::1%eth0", None, "fe80::/64"),
        ("::ffff:203.0.113.9", None, "203.0.113.9"),
    ],
)
def test_the_clients_address(host: str | None, forwarded: bytes | None, bucket: str) -> None:
    """The last one that no trusted proxy has."""
    assert Addresses(PROXIES).of(host, forwarded).bucket == bucket


def test_a_proxys_word_counts_only_if_it_is_trusted() -> None:
    """A header from a program on this machine takes its exemption, where it is no proxy."""
    assert Addresses(("10.0.0.0/8",)).of("127.0.0.1", b"6.6.6.6").bucket == "127.0.0.1"


def test_a_key_names_the_app() -> None:
    """As header or in the query; a report may name the same app, and no other."""
    who = identify()
    for sender in (meet(who, x_app_key=KEY), meet(who, f"a=b&key={KEY}".encode())):
        assert who.app_of(report(), sender).id == "chat"
        assert who.app_of(report("chat"), sender).id == "chat"
        with pytest.raises(Forbidden, match="closed"):
            who.app_of(report("closed"), sender)
    with pytest.raises(Forbidden):
        who.app_of(report(), meet(who, x_app_key=KEY, x_app_id="closed"))


@pytest.mark.parametrize("key", ["", "f" * 32, "ä", KEY.upper()])
def test_an_unknown_key_is_refused_before_the_body(key: str) -> None:
    """Revoked ones are not in the directory either. An empty one is none."""
    who = identify()
    if not key:
        assert meet(who, x_app_key=key).key is None
        return
    with pytest.raises(Forbidden, match="unknown or revoked"):
        meet(who, x_app_key=key)


def test_the_use_of_a_key_is_told() -> None:
    used: list[str] = []
    who = Identify(Known(directory=directory, key_used=used.append), Settings())
    meet(who, x_app_key=KEY)
    meet(who)
    assert used == [KEY]


def test_an_app_may_ask_for_a_key() -> None:
    who = identify()
    with pytest.raises(Unauthorized, match="X-App-Key"):
        who.app_of(report("closed"), meet(who))
    keyed = Directory(1, directory(require_key=True).apps, {KEY: "chat"})
    assert identify(keyed).app_of(report(), meet(identify(keyed), x_app_key=KEY)).id == "chat"


def test_the_body_names_the_app_before_the_header() -> None:
    """And "unknown" is the app of those who name none."""
    who = identify()
    assert who.app_of(report("body"), meet(who, x_app_id="head")).id == "body"
    assert who.app_of(report(), meet(who, x_app_id="head")).id == "head"
    assert who.app_of(report(), meet(who)).id == "unknown"


def test_apps_are_registered_at_first_sight_up_to_a_number() -> None:
    """Those let in count until a new directory has them."""
    known = directory()
    who = Identify(Known(directory=lambda: known), Settings(max_apps=4))
    for app_id in ("a", "b", "a", "chat"):
        assert who.app_of(report(app_id), Sender()).id == app_id
    with pytest.raises(UnknownApp, match="no room"):
        who.app_of(report("c"), Sender())
    assert who.app_of(report("b"), Sender()).id == "b"
    known = Directory(2, directory().apps, {})
    assert who.app_of(report("c"), Sender()).id == "c"


def test_first_sight_can_be_turned_off() -> None:
    who = identify(register_apps=False)
    assert who.app_of(report("chat"), Sender()).id == "chat"
    with pytest.raises(UnknownApp, match="there is no app 'new'"):
        who.app_of(report("new"), Sender())


@pytest.mark.parametrize("headers", [{"x_app_id": "a" * 51}, {"idempotency_key": "k" * 256}])
def test_too_long_headers(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidReport, match=r"^(X-App-Id|Idempotency-Key): expected at most"):
        meet(identify(), **headers)


@pytest.mark.parametrize(
    ("origin", "allowed", "expected"),
    [
        (b"https://shop.example", ("*",), True),
        (b"https://shop.example", ("https://shop.example",), True),
        (b"HTTPS://Shop.Example", ("https://shop.example",), True),
        (b"http://shop.example", ("https://shop.example",), False),
        (b"https://shop.example:8443", ("https://shop.example",), False),
        (b"https://a.shop.example", ("https://*.shop.example",), True),
        (b"https://a.b.shop.example", ("https://*.shop.example",), True),
        (b"https://shop.example", ("https://*.shop.example",), False),
        (b"https://.shop.example", ("https://*.shop.example",), False),
        (b"https://evilshop.example", ("https://*.shop.example",), False),
        (b"https://evil.example/.shop.example", ("https://*.shop.example",), False),
        (b"https://a.shop.example.evil", ("https://*.shop.example",), False),
        (b"https://a.shop.example:81", ("https://*.shop.example:81",), True),
        (b"null", ("https://shop.example",), False),
        (b"https://" + b"a" * 400 + b".shop.example", ("https://*.shop.example",), False),
        (b"https://shop.example", (), False),
    ],
)
def test_origins(origin: bytes, allowed: tuple[str, ...], expected: bool) -> None:  # noqa: FBT001
    assert is_allowed(origin, allowed) is expected
    names = dict(cors_headers(origin, allowed))
    if "*" in allowed:
        assert names[b"access-control-allow-origin"] == b"*"
    else:
        assert names.get(b"access-control-allow-origin") == (origin if expected else None)
        assert names[b"vary"] == b"origin"


def test_a_page_of_another_origin_is_refused() -> None:
    """By the head when a key names the app, else with the report; programs send no Origin."""
    who = identify(directory(allowed_origins=("https://shop.example",)))
    with pytest.raises(ForeignOrigin):
        meet(who, x_app_key=KEY, origin="https://evil.example")
    with pytest.raises(ForeignOrigin):
        who.app_of(report("chat"), meet(who, origin="https://evil.example"))
    for headers in ({}, {"origin": "https://shop.example"}):
        assert who.app_of(report("chat"), meet(who, **headers)).id == "chat"
    assert who.app_of(report("new"), meet(who, origin="https://evil.example")).id == "new"


def test_a_user_is_asked_for_once_a_request() -> None:
    """And only where there is a token."""
    asked: list[bytes] = []

    def user(authorization: bytes) -> str | None:
        asked.append(authorization)
        return "u1"

    who = Identify(Known(user=user), Settings())
    for headers, expected in (({}, None), ({"authorization": "Bearer x"}, "u1")):
        sender = meet(who, **headers)
        who.find_user(sender)
        assert sender.user_id == expected
    assert asked == [b"Bearer x"]
