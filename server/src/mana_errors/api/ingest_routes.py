"""The contract's two ingest routes, as the OpenAPI document tells them. ingest/ serves them."""

from typing import Any, Final
from uuid import UUID

import msgspec

from mana_errors.api.table import Route
from mana_errors.ingest.answer import BatchAnswer
from mana_errors.ingest.discarded import Discarded
from mana_errors.ingest.report import Report
from mana_errors.ingest.routes import BATCH_PATH, REPORT_PATH
from mana_errors.model.query import NoQuery


class Batch(msgspec.Struct):
    """Up to 1,000 reports; one bad report never costs the others."""

    errors: list[Report]
    discarded: list[Discarded] = []


class ReportAccepted(msgspec.Struct):
    """The report is durable and has this id; or the app's filters do not want it."""

    success: bool
    id: UUID
    filtered: bool = False


class Refused(msgspec.Struct):
    """What is wrong, and where."""

    success: bool
    error: str


_ERRORS: Final = (400, 401, 403, 413, 415, 429, 503)
_HEADERS: Final = (
    ("X-App-Key", "One of the app's keys, if the app wants one. Also as `?key=`."),
    ("X-App-Id", "Names the app where the body does not."),
    ("Idempotency-Key", "A retry with the same key stores nothing twice."),
)

INGEST_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="POST",
        path=REPORT_PATH,
        operation="reportError",
        summary="Report one error",
        scope=None,
        query=NoQuery,
        body=Report,
        answer=ReportAccepted,
        errors=_ERRORS,
        handler=None,
        status=201,
        refusal=Refused,
        headers=_HEADERS,
    ),
    Route(
        method="POST",
        path=BATCH_PATH,
        operation="reportErrors",
        summary="Report many errors",
        scope=None,
        query=NoQuery,
        body=Batch,
        answer=BatchAnswer,
        errors=_ERRORS,
        handler=None,
        status=201,
        refusal=Refused,
        headers=_HEADERS,
    ),
)
