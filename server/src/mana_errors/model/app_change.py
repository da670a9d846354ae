"""Making and changing apps, and reading settings that another release has stored."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Final, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType

from mana_errors.errors import BadRequest
from mana_errors.model.app import AppId, AppSettings, Filters
from mana_errors.model.event import JsonObject

# PostgreSQL's text holds no NUL.
_NO_NUL: Final = r"^[^\x00]*$"
_Id = Annotated[AppId, Meta(pattern=_NO_NUL, description="The `appId` of its reports.")]
# Longer ones break every list that shows them.
_Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=_NO_NUL)]
_Platform = Annotated[
    str, Meta(max_length=50, pattern=_NO_NUL, description="What it runs on, as `nestjs`.")
]
# What JavaScript can count to.
_Number = Annotated[
    int, Meta(ge=1, le=2**53 - 1, description="For DSNs; the next free one if not given.")
]
KeyText = Annotated[
    str,
    Meta(
        max_length=32,  # `$` alone lets a line break follow
        pattern="^[0-9a-f]{32}$",
        description="32 hex digits; made up if not given.",
    ),
]
_Change = Annotated[
    JsonObject,
    Meta(
        description="Only the fields to change; those of `filters` one by one too.",
        extra_json_schema={"$ref": "#/components/schemas/AppSettings"},
    ),
]


class NewApp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An app to be made. Number and key may be those of another tracker's DSN, which then stays
    valid."""

    id: _Id
    number: _Number | None = None
    key: KeyText | None = None
    # its id if not given
    name: _Name | None = None
    platform: _Platform = ""


class AppChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change about an app; the rest stays."""

    name: _Name | UnsetType = UNSET
    platform: _Platform | UnsetType = UNSET
    settings: _Change | UnsetType = UNSET


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made for an app."""

    name: Annotated[str, Meta(max_length=100, pattern=_NO_NUL)] = ""
    key: KeyText | None = None


# What browsers send as Origin, in their spelling: scheme and host in lower case, no path. Schemes
# are not only the web's: extensions and apps that wrap a browser have their own.
_ORIGIN: Final = re.compile(
    r"\*|[a-z][a-z0-9+.-]*://(\*\.)?([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?"
)


def merged(settings: AppSettings, change: JsonObject) -> AppSettings:
    """Settings with the changed fields replaced, those inside `filters` one by one.

    Raises BadRequest naming the field that is unknown or makes no sense.
    """
    values: JsonObject = msgspec.to_builtins(settings)
    filters = change.get("filters")
    if isinstance(filters, dict):
        change = {**change, "filters": {**values["filters"], **cast("JsonObject", filters)}}
    try:
        result = msgspec.convert({**values, **change}, AppSettings)
    except msgspec.ValidationError as error:
        raise BadRequest(f"settings: {error}") from error
    _check(result)
    return result


def _check(settings: AppSettings) -> None:
    for origin in settings.allowed_origins:
        if _ORIGIN.fullmatch(origin) is None:
            raise BadRequest(
                f"settings: {origin!r} is no origin: write https://example.org in lower case, "
                "without a path, https://*.example.org or * - at `$.allowedOrigins`"
            )
    for address in settings.filters.addresses:
        try:
            ipaddress.ip_network(address)
        except ValueError as error:
            raise BadRequest(f"settings: {error} - at `$.filters.addresses`") from error


def stored(value: Mapping[str, object]) -> AppSettings:
    """Settings as another release may have written them: fields that are not known are left out.

    Raises msgspec.ValidationError for what no release writes.
    """
    known = _known(AppSettings, value)
    filters = known.get("filters")
    if isinstance(filters, dict):
        known["filters"] = _known(Filters, cast("Mapping[str, object]", filters))
    return msgspec.convert(known, AppSettings)


def _known(kind: type[msgspec.Struct], value: Mapping[str, object]) -> dict[str, object]:
    names = {field.encode_name for field in msgspec.structs.fields(kind)}
    return {name: item for name, item in value.items() if name in names}
