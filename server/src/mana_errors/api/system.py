"""Routes about the server itself: health and metrics."""

import os
from typing import Any, Final

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.responses import Response

from mana_errors.api.health import Health
from mana_errors.api.problems import MEDIA_TYPE, Problem
from mana_errors.api.table import Call, NoBody, Route
from mana_errors.errors import StoreUnavailable
from mana_errors.model.health import Check
from mana_errors.model.query import AnyQuery


class NotReady(Problem, frozen=True, kw_only=True):
    """Why reports cannot be taken now."""

    checks: list[Check]


async def _live(_: Call[AnyQuery, NoBody]) -> Health:
    return Health("ok", [])


async def _ready(call: Call[AnyQuery, NoBody]) -> Health | Response:
    health = await call.services.readiness.look()
    if health.ready:
        return health
    problem = NotReady(
        title=health.status.capitalize(), status=503, detail=health.complaint, checks=health.checks
    )
    retry = {"Retry-After": str(StoreUnavailable.retry_after_s)}
    return Response(msgspec.json.encode(problem), 503, retry, MEDIA_TYPE)


async def _metrics(_: Call[AnyQuery, NoBody]) -> Response:
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


SYSTEM_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="GET",
        path="/health/live",
        operation="isLive",
        summary="Whether the process runs",
        scope=None,
        query=AnyQuery,
        body=NoBody,
        answer=Health,
        errors=(),
        handler=_live,
    ),
    Route(
        method="GET",
        path="/health/ready",
        operation="isReady",
        summary="Whether reports are made durable, and what is wrong",
        scope=None,
        query=AnyQuery,
        body=NoBody,
        answer=Health,
        errors=(503,),
        handler=_ready,
    ),
    Route(
        method="GET",
        path="/metrics",
        operation="getMetrics",
        summary="Numbers about the server, in Prometheus' text format",
        scope="read",
        all_apps=True,
        open_here=True,
        query=AnyQuery,
        body=NoBody,
        answer=str,
        media=("text/plain",),
        errors=(),
        handler=_metrics,
    ),
)
