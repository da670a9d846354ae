"""Who changed what."""

from typing import Any, Final

from mana_errors.api.table import Call, NoBody, Route
from mana_errors.model.audit import AuditEntry, AuditQuery
from mana_errors.model.reading import Page
from mana_errors.store import audit


async def _list_audit(call: Call[AuditQuery, NoBody]) -> Page[AuditEntry]:
    async with call.reader.connection() as connection:
        return await audit.listed(connection, call.query, call.apps)


AUDIT_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="GET",
        path="/api/v1/audit",
        operation="listAudit",
        summary="List changes and who made them, newest first",
        scope="admin",
        query=AuditQuery,
        body=NoBody,
        answer=Page[AuditEntry],
        errors=(400,),
        handler=_list_audit,
    ),
)
