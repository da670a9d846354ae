"""IP addresses of clients: in the headers that proxies add, in CGI's environment, in users and in
OpenTelemetry's attributes. Other addresses in messages stay: those are mostly servers'."""

from typing import Final, cast

from mana_errors.ingest.scrub.effort import Effort
from mana_errors.ingest.scrub.marker import MARKER
from mana_errors.model.event import JsonObject

# With "-" for every separator, and without the "HTTP_" of CGI.
_NAMES: Final = frozenset(
    {
        *("x-forwarded-for", "x-forwarded", "forwarded", "forwarded-for", "x-real-ip"),
        *("x-client-ip", "x-cluster-client-ip", "client-ip", "true-client-ip", "remote-addr"),
        *("cf-connecting-ip", "cf-connecting-ipv6", "fastly-client-ip", "fly-client-ip"),
        *(
            "x-appengine-user-ip",
            "x-azure-clientip",
            "x-azure-socketip",
            "x-original-forwarded-for",
        ),
        *("client-address", "net-peer-ip", "net-sock-peer-addr", "http-client-ip", "ip-address"),
        *("network-peer-address", "x-envoy-external-address", "remote-host"),
    }
)
_SEPARATORS: Final = str.maketrans("_.", "--")


def without_addresses(value: JsonObject, effort: Effort) -> JsonObject:
    """The object with the marker for each of its own fields that holds a client's address."""
    found = [name for name, item in value.items() if item and _is_address(name)]
    for name in found:
        effort.remember_addresses(str(value[name]))
    return {**value, **dict.fromkeys(found, MARKER)} if found else value


def without_user_address(payload: JsonObject, effort: Effort) -> JsonObject:
    """A payload whose user, request and spans do not tell the client's address."""
    user, request = _object(payload, "user"), _object(payload, "request")
    env, contexts = _object(request, "env"), _object(payload, "contexts")
    changes: JsonObject = {}
    if ip := user.get("ip"):
        effort.remember_addresses(str(ip))
        changes["user"] = {**user, "ip": MARKER}
    if (clean := without_addresses(env, effort)) is not env:
        changes["request"] = {**request, "env": clean}
    told = {
        name: clean
        for name in contexts
        if (clean := without_addresses(said := _object(contexts, name), effort)) is not said
    }
    if told:
        changes["contexts"] = {**contexts, **told}
    return {**payload, **changes} if changes else payload


def _object(value: JsonObject, name: str) -> JsonObject:
    found = value.get(name)
    return cast("JsonObject", found) if isinstance(found, dict) else {}


def _is_address(name: str) -> bool:
    return name.lower().translate(_SEPARATORS).removeprefix("http-") in _NAMES
