"""The OpenAPI document says what the server does."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from mana_errors.api.app import build
from mana_errors.api.listing import ALL_ROUTES
from mana_errors.config import load_settings
from mana_errors.ingest.accept import BATCH_PATH, REPORT_PATH
from mana_errors.model.health import Check
from mana_errors.store import db, tokens
from rows import add_event, add_issue


@pytest.fixture
async def api(migrated_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may do everything, on a server with one issue."""
    connection = await db.connect(migrated_dsn)
    token = await tokens.create(connection, "test", ["admin"])
    issue_id = await add_issue(connection, environment="production")
    await add_event(connection, issue_id, context={"a": 1})
    await connection.close()
    app = build(load_settings({}), migrated_dsn, lambda: Check("spool", ok=True, detail=""))
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers=headers
    ) as client:
        yield client
    await app.close()


@pytest.fixture
async def document() -> dict[str, Any]:
    """As served; it needs neither token nor database."""
    nowhere = "postgresql://nobody@/none?host=/nonexistent"
    app = build(load_settings({}), nowhere, lambda: Check("spool", ok=True, detail=""))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (ref for ref in [value.get("$ref")] if isinstance(ref, str))
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from references(item)


def check(document: dict[str, Any], answer: httpx.Response, operation: dict[str, Any]) -> None:
    """The answer is one of those that the operation lists, and has its form."""
    described = operation["responses"][str(answer.status_code)]["content"]
    media = answer.headers["content-type"].partition(";")[0]
    schema = {**described[media]["schema"], "components": document["components"]}
    if media.endswith("json"):
        jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(answer.json())


async def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    jsonschema_rs.validator_for(OPENAPI_31).validate(document)
    assert document["openapi"].startswith("3.1")


async def test_its_references_lead_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    found = set(references(document))
    assert found
    assert {ref.removeprefix("#/components/schemas/") for ref in found} <= set(schemas)


async def test_it_holds_every_route_and_the_contract_s_two(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, of in document["paths"].items() for method in of}
    assert described == {(route.method, route.path) for route in ALL_ROUTES}
    assert {("POST", REPORT_PATH), ("POST", BATCH_PATH)} <= described
    report = document["components"]["schemas"]["Report"]
    assert set(report["required"]) == {"errorCode", "errorType", "message"}


async def test_answers_have_the_form_that_it_promises(
    api: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    issue = (await api.get("/api/v1/issues")).json()["items"][0]["id"]
    event = (await api.get("/api/v1/events")).json()["items"][0]["id"]
    for path, methods in document["paths"].items():
        if path in {REPORT_PATH, BATCH_PATH}:
            continue
        actual = path.replace("{id}", event if "/events/" in path else issue)
        for method, operation in methods.items():
            body = b'{"status": "ignored"}' if method == "patch" else None
            answer = await api.request(method, actual, content=body)
            assert answer.status_code == 200
            check(document, answer, operation)
            unknown = await api.request(method, actual + "?nonsense=1", content=body)
            check(document, unknown, operation)


async def test_a_parameter_that_it_names_is_one_that_the_server_takes(
    api: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    for path, methods in document["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", []):
            if parameter["in"] == "query" and parameter["name"] not in {"cursor", "from", "to"}:
                schema = parameter["schema"]
                schema = schema.get("items", schema)
                if "$ref" in schema:
                    name = schema["$ref"].rpartition("/")[2]
                    value = document["components"]["schemas"][name]["enum"][0]
                else:
                    value = "1"
                issue = (await api.get("/api/v1/issues")).json()["items"][0]["id"]
                address = path.replace("{id}", issue)
                answer = await api.get(address, params={parameter["name"]: value})
                assert answer.status_code == 200, (path, parameter, answer.text)


async def test_the_docs_page_shows_every_operation_and_type(
    api: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    page = (await api.get("/docs")).text
    for route in ALL_ROUTES:
        assert f'id="{route.operation}"' in page
        assert route.path in page
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in page


async def test_scopes_are_told(document: dict[str, Any]) -> None:
    for route in ALL_ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        scopes = [route.scope]
        expected = [{"token": scopes}, {"session": scopes}] if route.scope else []
        found = [needed for needed in operation.get("security", []) if needed]
        assert found == expected
        assert ({} in operation.get("security", [])) == route.open_here
        assert ("401" in operation["responses"]) == bool(route.scope)
