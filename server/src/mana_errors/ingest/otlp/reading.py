"""The reports of one request, each exception once."""

from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import TooLarge
from mana_errors.ingest.report import Report

# Records and spans of one request; the collector's batches have 8,192.
MAX_SEEN: Final = 50_000


class OtlpReading(msgspec.Struct, frozen=True):
    """What a request holds."""

    reports: list[Report]


class Reports:
    """Collects reports; of one exception on several spans it keeps the one that tells most."""

    def __init__(self) -> None:
        self._seen = 0
        self._found: dict[UUID | None, Report] = {}

    def see(self) -> None:
        """Another record or span. Raises TooLarge."""
        self._seen += 1
        if self._seen > MAX_SEEN:
            raise TooLarge(f"more than {MAX_SEEN} records or spans in one request")

    def add(self, report: Report) -> None:
        """Another exception or log record; all have ids."""
        known = self._found.get(report.id)
        # The span of the request itself knows the URL; those within it do not.
        if known is None or (known.request_url is None and report.request_url is not None):
            self._found[report.id] = report

    def reading(self) -> OtlpReading:
        """All of them."""
        return OtlpReading(list(self._found.values()))
