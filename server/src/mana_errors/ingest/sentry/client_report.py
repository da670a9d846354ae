"""Client reports: what an SDK did not send. https://develop.sentry.dev/sdk/telemetry/client-reports/"""

from typing import Any, Final

import msgspec

from mana_errors.errors import BadRequest
from mana_errors.ingest.decode import loads

# Relay's limit is 4 KiB by the documents and 100 KiB by its settings.
MAX_BYTES: Final = 100 * 1024
MAX_ENTRIES: Final = 200
# Of one entry: an SDK that claims more counts wrong, and sums must fit a bigint.
MAX_QUANTITY: Final = 10**9
_MAX_NAME: Final = 100


class Discarded(msgspec.Struct, frozen=True):
    """How many of one category were not sent, and why."""

    reason: str
    category: str
    quantity: int


def read_client_report(raw: bytes) -> list[Discarded]:
    """What can be read of a report. Raises BadRequest."""
    if len(raw) > MAX_BYTES:
        raise BadRequest(f"longer than {MAX_BYTES} bytes")
    report = loads(raw)
    if not isinstance(report, dict):
        raise BadRequest("no JSON object")
    entries: Any = report.get("discarded_events")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - a stranger's JSON
    if not isinstance(entries, list):
        return []
    found = map(_discarded, entries[:MAX_ENTRIES])  # pyright: ignore[reportUnknownArgumentType]
    return [entry for entry in found if entry is not None]


def _discarded(entry: Any) -> Discarded | None:
    if not isinstance(entry, dict):
        return None
    reason: Any = entry.get("reason")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    category: Any = entry.get("category")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    quantity: Any = entry.get("quantity")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if not isinstance(quantity, int | float) or not 0 < quantity <= MAX_QUANTITY:
        return None
    if not isinstance(reason, str) or not isinstance(category, str):
        return None
    return Discarded(reason[:_MAX_NAME], category[:_MAX_NAME], int(quantity))
