"""Client reports: what an SDK did not send. https://develop.sentry.dev/sdk/telemetry/client-reports/"""

from typing import Any, Final, cast

from mana_errors.errors import BadRequest
from mana_errors.ingest.decode import loads
from mana_errors.ingest.discarded import Discarded, read_discarded

# Relay's limit is 4 KiB by the documents and 100 KiB by its settings.
MAX_BYTES: Final = 100 * 1024


def read_client_report(raw: bytes) -> list[Discarded]:
    """What can be read of a report about events. Raises BadRequest."""
    if len(raw) > MAX_BYTES:
        raise BadRequest(f"longer than {MAX_BYTES} bytes")
    report: Any = loads(raw)
    if not isinstance(report, dict):
        raise BadRequest("no JSON object")
    return read_discarded(cast("dict[str, Any]", report).get("discarded_events"))
