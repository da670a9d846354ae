"""What an event ran on: browser, device, kind of app."""

import re
from typing import Any, Final

from mana_errors.ingest.sentry.coerce import as_object, name_of, without_empty
from mana_errors.model.event import JsonObject, SourceType

_MAX_TEXT: Final = 200
_MOBILE_SDKS: Final = (
    "sentry.javascript.react-native",
    "sentry.javascript.capacitor",
    "sentry.javascript.cordova",
    "sentry.java.android",
    "sentry.cocoa",
    "sentry.dart.flutter",
    "sentry.native.android",
)
_BACKEND_SDKS: Final = ("sentry.rust",)
# Of servers whose SDK calls its platform javascript.
_SERVER_RUNTIMES: Final = frozenset(
    {"node", "bun", "deno", "cloudflare", "workerd", "vercel-edge", "edge", "edge-light"}
)
_MOBILE_PLATFORMS: Final = frozenset({"cocoa", "objc", "swift", "android"})
_WEB_PLATFORMS: Final = frozenset({"javascript", "wasm"})
_MOBILE_SYSTEMS: Final = frozenset({"ios", "ipados", "android", "watchos", "tvos"})
# In the order of search: browsers name those before them, too.
_BROWSERS: Final = re.compile(
    r"(?P<Edge>Edg(?:e|A|iOS)?)/([0-9.]{1,20})|(?P<Opera>OPR|Opera)/([0-9.]{1,20})"
    r"|(?P<Samsung>SamsungBrowser)/([0-9.]{1,20})|(?P<Firefox>Firefox|FxiOS)/([0-9.]{1,20})"
)
_CHROME: Final = re.compile(r"(?:Chrome|CriOS|HeadlessChrome)/([0-9.]{1,20})")
_SAFARI: Final = re.compile(r"Version/([0-9.]{1,20}) .{0,40}Safari/")
_SYSTEMS: Final = (
    ("iOS", re.compile(r"(?:iPhone|iPad|iPod).{0,60}? OS ([0-9_]{1,12})")),
    ("Android", re.compile(r"Android ([0-9.]{1,12})")),
    ("Windows", re.compile(r"Windows NT ([0-9.]{1,8})")),
    ("macOS", re.compile(r"Mac OS X ([0-9_.]{1,12})")),
    ("ChromeOS", re.compile(r"CrOS \S{1,20} ([0-9.]{1,20})")),
    ("Linux", re.compile(r"Linux(?: ([0-9.]{1,20}))?")),
)


def source_of(event: JsonObject, contexts: JsonObject) -> SourceType | None:
    """Where the app runs, as far as the SDK tells."""
    platform = name_of(event.get("platform"), _MAX_TEXT)
    sdk = name_of(as_object(event.get("sdk")).get("name"), _MAX_TEXT) or ""
    if sdk.startswith(_MOBILE_SDKS) or platform in _MOBILE_PLATFORMS:
        return SourceType.FRONTEND_MOBILE
    if platform in _WEB_PLATFORMS:
        is_server = _name(contexts, "runtime") in _SERVER_RUNTIMES
        return SourceType.BACKEND if is_server else SourceType.FRONTEND_WEB
    # "Android 14 (API 34)": as Unity says it
    if _name(contexts, "os").partition(" ")[0] in _MOBILE_SYSTEMS:
        return SourceType.FRONTEND_MOBILE
    if platform in {None, "other", "native"} and not sdk.startswith(_BACKEND_SDKS):
        return None
    return SourceType.BACKEND


def _name(contexts: JsonObject, context: str) -> str:
    return (name_of(as_object(contexts.get(context)).get("name"), _MAX_TEXT) or "").lower()


def browser_of(contexts: JsonObject, agent: Any) -> JsonObject | None:
    """The contract's browser_info: what the SDK says, else what the user agent says."""
    said = as_object(contexts.get("browser"))
    if said:
        return {key: value for key, value in said.items() if key != "type"}
    return from_agent(agent) if isinstance(agent, str) else None


def device_of(contexts: JsonObject) -> JsonObject | None:
    """The contract's device_info: device, and its system below `os`."""
    device, system = as_object(contexts.get("device")), as_object(contexts.get("os"))
    found = {key: value for key, value in device.items() if key != "type"}
    if device and system:
        found["os"] = {key: value for key, value in system.items() if key != "type"}
    return found or None


def from_agent(agent: str) -> JsonObject | None:
    """Browser and system of a user agent; None for what is no browser."""
    agent = agent[:_MAX_AGENT]
    name, version = _browser(agent)
    if name is None:
        return None
    found: JsonObject = {"name": name, "version": version}
    for system, pattern in _SYSTEMS:
        if match := pattern.search(agent):
            number = (match[1] or "").replace("_", ".") or None
            found["os"] = without_empty({"name": system, "version": number})
            break
    return without_empty(found)


_MAX_AGENT: Final = 500


def _browser(agent: str) -> tuple[str | None, str | None]:
    if match := _BROWSERS.search(agent):
        name = match.lastgroup
        # The group behind the name's holds the version.
        return name, match[match.re.groupindex[name] + 1] if name else None
    if match := _CHROME.search(agent):
        return "Chrome", match[1]
    if match := _SAFARI.search(agent):
        return "Safari", match[1]
    return None, None
