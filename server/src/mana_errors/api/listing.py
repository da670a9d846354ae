"""All operations of the API, in the order of its document. Serving, documenting and testing walk
this list."""

from typing import Any, Final

from mana_errors.api.app_routes import APP_ROUTES
from mana_errors.api.audit_routes import AUDIT_ROUTES
from mana_errors.api.channel_routes import CHANNEL_ROUTES
from mana_errors.api.explore_routes import EXPLORE_ROUTES
from mana_errors.api.ingest_routes import INGEST_ROUTES
from mana_errors.api.member_routes import MEMBER_ROUTES
from mana_errors.api.outcome_routes import OUTCOME_ROUTES
from mana_errors.api.routes import ROUTES
from mana_errors.api.rule_routes import RULE_ROUTES
from mana_errors.api.system import SYSTEM_ROUTES
from mana_errors.api.table import Route
from mana_errors.api.token_routes import TOKEN_ROUTES
from mana_errors.api.view_routes import VIEW_ROUTES
from mana_errors.api.workflow_routes import WORKFLOW_ROUTES

ALL_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    *INGEST_ROUTES,
    # before ROUTES: of two paths that fit, the first one answers
    *EXPLORE_ROUTES,
    *WORKFLOW_ROUTES,
    *ROUTES,
    *VIEW_ROUTES,
    *RULE_ROUTES,
    *APP_ROUTES,
    *CHANNEL_ROUTES,
    *OUTCOME_ROUTES,
    *MEMBER_ROUTES,
    *TOKEN_ROUTES,
    *AUDIT_ROUTES,
    *SYSTEM_ROUTES,
)
