"""Sentry's user interface -> user id and payload."""

from typing import Any, Final

from mana_errors.ingest.sentry.coerce import as_object, as_text, name_of, without_empty
from mana_errors.model.event import JsonObject

# The contract's for userId.
MAX_USER_ID: Final = 100
_MAX_TEXT: Final = 500
_AUTO: Final = "{{auto}}"
_KNOWN: Final = frozenset({"id", "email", "username", "name", "ip_address", "geo", "data"})


def read_user(event: JsonObject, address: str | None) -> tuple[str | None, JsonObject]:
    """Who met the error: an id for counting, and all that is said. `address` stands for
    {{auto}}."""
    said: Any = event.get("user") or event.get("sentry.interfaces.User")
    # Seen in the wild: the id alone.
    user = as_object(said) or ({} if said in (None, "", [], {}) else {"id": as_text(said)})
    ip = as_text(user.get("ip_address"), _MAX_TEXT)
    if ip == _AUTO or (ip is None and _infers_ip(event)):
        ip = address
    found = without_empty(
        {
            **{
                key: name_of(user.get(key), _MAX_TEXT)
                for key in ("id", "email", "username", "name")
            },
            "ip": ip,
            "geo": as_object(user.get("geo")),
            "data": as_object(user.get("data"))
            | {key: value for key, value in user.items() if key not in _KNOWN},
        }
    )
    identifier = found.get("id") or found.get("username") or found.get("email")
    return (identifier[:MAX_USER_ID] if identifier else None), found


def _infers_ip(event: JsonObject) -> bool:
    settings = as_object(as_object(event.get("sdk")).get("settings"))
    return settings.get("infer_ip") == "auto"
