"""The OpenAPI document says what the server does."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from calls import OWN, Things, make_things, sent
from mana_errors.api.app import build
from mana_errors.api.listing import ALL_ROUTES
from mana_errors.config import load_settings
from mana_errors.ingest.routes import BATCH_PATH, REPORT_PATH
from mana_errors.model.health import Check
from mana_errors.model.query import AnyQuery
from mana_errors.store import db
from people import add_member, session_of


@pytest.fixture
async def things(migrated_dsn: str) -> Things:
    """An app with data of every kind."""
    connection = await db.connect(migrated_dsn)
    made = await make_things(connection, OWN)
    await connection.close()
    return made


@pytest.fixture
async def api(migrated_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may do everything."""
    connection = await db.connect(migrated_dsn)
    cookies = await session_of(connection, await add_member(connection))
    await connection.close()
    app = build(load_settings({}), migrated_dsn, lambda: [Check("spool", ok=True, detail="")])
    transport = httpx.ASGITransport(app)
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers=headers, cookies=cookies
    ) as client:
        yield client
    await app.close()


@pytest.fixture
async def document() -> dict[str, Any]:
    """As served; it needs neither token nor database."""
    nowhere = "postgresql://nobody@/none?host=/nonexistent"
    app = build(load_settings({}), nowhere, lambda: [Check("spool", ok=True, detail="")])
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
    described = operation["responses"][str(answer.status_code)].get("content", {})
    if not described:
        assert answer.content == b""
        return
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
    api: httpx.AsyncClient, document: dict[str, Any], things: Things
) -> None:
    for route in ALL_ROUTES:
        if route.handler is None:
            continue
        operation = document["paths"][route.path][route.method.lower()]
        call = sent(route.operation, things)
        answer = await api.request(route.method, call.path, json=call.body)
        assert answer.status_code == call.status, (route.operation, answer.text)
        check(document, answer, operation)
        path = call.path + ("&" if "?" in call.path else "?")
        unknown = await api.request(route.method, f"{path}nonsense=1", json=call.body)
        assert unknown.status_code == (400 if route.query is not AnyQuery else call.status)
        check(document, unknown, operation)


async def test_a_parameter_that_it_names_is_one_that_the_server_takes(
    api: httpx.AsyncClient, document: dict[str, Any], things: Things
) -> None:
    for route in ALL_ROUTES:
        if route.method != "GET":
            continue
        path = sent(route.operation, things).path.partition("?")[0]
        for parameter in document["paths"][route.path]["get"]["parameters"]:
            if parameter["in"] == "query" and parameter["name"] not in {"cursor", "from", "to"}:
                schema = parameter["schema"]
                schema = schema.get("items", schema)
                if "$ref" in schema:
                    name = schema["$ref"].rpartition("/")[2]
                    value = document["components"]["schemas"][name]["enum"][0]
                elif schema.get("format") == "uuid":
                    value = str(things.issue)
                else:
                    value = schema.get("examples", ["1"])[0]
                answer = await api.get(path, params={parameter["name"]: value})
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
        # reports may need a key, which is no token
        if route.handler is not None:
            assert ("401" in operation["responses"]) == bool(route.scope)
