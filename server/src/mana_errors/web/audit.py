"""The audit log, newest first."""

from starlette.responses import Response

from mana_errors.model.audit import AuditQuery
from mana_errors.model.query import parse_query
from mana_errors.store import audit
from mana_errors.web.visit import Visit


async def show(visit: Visit) -> Response:
    """One page of what concerns the visitor's apps."""
    query = parse_query(AuditQuery, visit.request.query_params.multi_items())
    async with visit.reader.connection() as connection:
        page = await audit.listed(connection, query, visit.principal.apps)
    return visit.page("audit.html", {"page": page, "query": query})
