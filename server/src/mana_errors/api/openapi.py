"""The OpenAPI 3.1 document, made from the route table and the types that the routes use."""

import re
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import msgspec

from mana_errors import __version__
from mana_errors.api.listing import ALL_ROUTES
from mana_errors.api.problems import MEDIA_TYPE, Problem
from mana_errors.api.table import NoBody, Route
from mana_errors.web.guard import SESSION_COOKIE

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_SCHEMES: Final = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "Made with `mana-errors token create`. The scope that an operation needs "
        "is listed with it; `admin` has all.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "Of a member who signed in. Unsafe methods must come from our own pages.",
    },
}
_ABOUT: Final = (
    "Lists answer `{items, next}`; pass `next` as `cursor` for the next page. Times are ISO 8601 "
    "in UTC. Errors are problem details (RFC 9457), but for reports, whose answer is the "
    "contract's `{success, error}`."
)


@cache
def document() -> Json:
    """The whole document, as JSON values."""
    queries = {route.query for route in ALL_ROUTES}
    answers = {route.answer for route in ALL_ROUTES} - {None}
    others = answers | {route.refusal for route in ALL_ROUTES}
    bodies = {route.body for route in ALL_ROUTES} - {NoBody}
    _, components = msgspec.json.schema_components(
        sorted({*queries, *others, *bodies, Problem}, key=str), ref_template=_REF
    )
    paths: dict[str, Json] = {}
    for route in ALL_ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, components)
    for query in queries:
        del components[query.__name__]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Mana Errors", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SCHEMES},
    }


def _operation(route: Route[Any, Any], components: Json) -> Json:
    operation: Json = {
        "operationId": route.operation,
        "summary": route.summary,
        "parameters": [
            *_path_parameters(route.path),
            *_query_parameters(components[route.query.__name__]),
            *(_header(name, meaning) for name, meaning in route.headers),
        ],
        "responses": _responses(route),
    }
    if route.body is not NoBody:
        content = {"application/json": {"schema": _schema(route.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.scope is not None:
        # An empty requirement: none is needed, under the condition that the description tells.
        free: list[Json] = [{}] if route.open_here else []
        scopes = [route.scope]
        operation["security"] = [{"token": scopes}, {"session": scopes}, *free]
        operation["description"] = _needs(route)
    return operation


def _needs(route: Route[Any, Any]) -> str:
    return "".join(
        (
            f"Needs a token or a member with the scope `{route.scope}`",
            " for all apps" if route.all_apps else "",
            ", but not from this machine." if route.open_here else ".",
        )
    )


def _schema(kind: Any) -> Json:
    schemas, _ = msgspec.json.schema_components([kind], ref_template=_REF)
    return schemas[0]


def _path_parameters(path: str) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", **({"format": "uuid"} if name == "id" else {})},
        }
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(schema: Json) -> list[Json]:
    needed = schema.get("required", ())
    return [
        _query_parameter(name, field, required=name in needed)
        for name, field in schema["properties"].items()
    ]


def _query_parameter(name: str, field: Json, *, required: bool) -> Json:
    # Null cannot be sent in a query: what may be null may be left out.
    options = [option for option in field.get("anyOf", ()) if option != {"type": "null"}]
    schema = {**(options[0] if options else field)}
    if "anyOf" not in field and "default" in field and not isinstance(field["default"], list):
        schema["default"] = field["default"]
    else:
        schema.pop("default", None)
    parameter: Json = {"name": name, "in": "query", "required": required, "schema": schema}
    if "description" in schema:
        parameter["description"] = schema.pop("description")
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter


def _header(name: str, meaning: str) -> Json:
    return {"name": name, "in": "header", "description": meaning, "schema": {"type": "string"}}


def _responses(route: Route[Any, Any]) -> Json:
    empty = route.answer is None
    schema = None if empty else _schema(route.answer)
    answer = {} if empty else {"content": {media: {"schema": schema} for media in route.media}}
    # Of an issue that is part of another one.
    moved = {307} if "/issues/{id}" in route.path else set[int]()
    token = {401, 403, 503} if route.scope is not None else set[int]()
    refusal_media = MEDIA_TYPE if issubclass(route.refusal, Problem) else "application/json"
    refusal = {"content": {refusal_media: {"schema": _schema(route.refusal)}}}
    return {
        str(route.status): {"description": HTTPStatus(route.status).phrase, **answer},
        **{
            str(status): {"description": HTTPStatus(status).phrase, **refusal}
            for status in sorted({*route.errors, *token, *moved})
        },
    }
