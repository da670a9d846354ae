"""Who may call what: every route, by whoever may ask, on what is theirs and on what is not.

The routes are those of the table that is served, so that a new one is tested by being in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from calls import CALLS, FOREIGN, NEEDS_A_MEMBER, OWN, Sent, Things, make_things, sent
from harness import Server
from mana_errors.api.listing import ALL_ROUTES
from mana_errors.api.table import Route
from mana_errors.model.principal import SCOPES, SCOPES_OF, Role
from mana_errors.store.db import Connection

ROUTES = [pytest.param(route, id=route.operation) for route in ALL_ROUTES]
# From this machine without a proxy, metrics are open.
ELSEWHERE = {"X-Forwarded-For": "203.0.113.7"}
UNSAFE = [route for route in ALL_ROUTES if route.scope and route.method not in {"GET", "HEAD"}]
# Lists hold rows of both apps, so that a leak would show.
LISTS = {
    *("listIssues", "listEvents", "listApps", "listAudit", "listSearchValues", "countIssues"),
    *("countEvents", "exportEvents", "getOverview", "listReleases", "getUser"),
    *("listRules", "listAlerts"),
}


@dataclass(frozen=True)
class Caller:
    """Somebody who asks."""

    name: str
    headers: dict[str, str]
    scopes: frozenset[str] | None = frozenset()
    is_bound: bool = False
    is_member: bool = False

    def may(self, scope: str) -> bool:
        return self.scopes is not None and bool(self.scopes & {scope, "admin"})


@dataclass(frozen=True)
class World:
    """A server with two apps, and everybody who may ask it."""

    client: httpx.Client
    own: Things
    foreign: Things
    callers: list[Caller]

    def caller(self, name: str) -> Caller:
        return next(caller for caller in self.callers if caller.name == name)


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def everybody(server: Server) -> Iterator[Caller]:
    yield Caller("nobody", {}, None)
    yield Caller("invented token", bearing("mana_invented"), None)
    yield Caller("password", {"Authorization": "Basic YTpi"}, None)
    invented = {"Cookie": "mana_session=invented", "Sec-Fetch-Site": "same-origin"}
    yield Caller("invented session", invented, None)
    for scope in SCOPES:
        yield Caller(f"token {scope}", bearing(server.token(scope)), frozenset({scope}))
    for role in Role:
        yield Caller(role, server.session(role), SCOPES_OF[role], is_member=True)
    bound = bearing(server.token("admin", apps=OWN))
    yield Caller("bound token", bound, frozenset({"admin"}), is_bound=True)
    for role in (Role.ADMIN, Role.VIEWER):
        headers = server.session(role, (OWN,))
        yield Caller(f"bound {role}", headers, SCOPES_OF[role], is_bound=True, is_member=True)
    nothing = server.session(Role.ADMIN, ())
    yield Caller("sees nothing", nothing, SCOPES_OF[Role.ADMIN], is_bound=True, is_member=True)


@pytest.fixture(scope="module")
def world(server: Server) -> Iterator[World]:
    async def make(connection: Connection) -> tuple[Things, Things]:
        return await make_things(connection, OWN), await make_things(connection, FOREIGN)

    own, foreign = server.in_database(make)
    with httpx.Client(base_url=server.base_url, timeout=30) as client:
        yield World(client, own, foreign, list(everybody(server)))


def ask(
    world: World, route: Route[Any, Any], call: Sent, headers: dict[str, str]
) -> httpx.Response:
    return world.client.request(
        route.method, call.path, json=call.body, headers=ELSEWHERE | headers
    )


def expected(route: Route[Any, Any], caller: Caller, call: Sent, *, is_theirs: bool) -> int:
    """The rules, said once more."""
    if route.scope is None:
        return call.status
    if caller.scopes is None:
        return 401
    if not caller.may(route.scope) or (route.all_apps and caller.is_bound):
        return 403
    if route.operation in NEEDS_A_MEMBER and not caller.is_member:
        return 403
    if call.of_app and not is_theirs:
        return 404
    return call.status


@pytest.mark.parametrize("route", ROUTES)
def test_everybody_gets_what_is_theirs(world: World, route: Route[Any, Any]) -> None:
    for caller in world.callers:
        for things in (world.own, world.foreign):
            sees_it = not caller.is_bound or (things is world.own and caller.name != "sees nothing")
            call = sent(route.operation, things)
            answer = ask(world, route, call, caller.headers)
            wanted = expected(route, caller, call, is_theirs=sees_it)
            assert answer.status_code == wanted, (caller.name, things.app, answer.text)
            if route.scope is not None and (caller.is_bound or answer.status_code >= 400):
                assert FOREIGN not in answer.text, caller.name
            if route.operation in LISTS and answer.status_code == 200:
                assert (OWN in answer.text) == (caller.name != "sees nothing"), caller.name
                assert (FOREIGN in answer.text) == (not caller.is_bound), caller.name


def test_every_call_is_of_a_route() -> None:
    assert CALLS.keys() == {route.operation for route in ALL_ROUTES}


@pytest.mark.parametrize(
    "route",
    [pytest.param(route, id=route.operation) for route in ALL_ROUTES if route.method == "GET"],
)
def test_asking_for_the_head_alone_opens_nothing(world: World, route: Route[Any, Any]) -> None:
    call = sent(route.operation, world.own)
    answer = world.client.head(call.path, headers=ELSEWHERE)
    assert answer.status_code == (401 if route.scope else call.status)


@pytest.mark.parametrize("route", [pytest.param(r, id=r.operation) for r in UNSAFE])
@pytest.mark.parametrize(
    "sender",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_another_site_s_requests_change_nothing(
    world: World, route: Route[Any, Any], sender: dict[str, str]
) -> None:
    cookie = world.caller("owner").headers["Cookie"]
    answer = ask(world, route, sent(route.operation, world.own), {"Cookie": cookie, **sender})
    assert answer.status_code == 403
    assert "page of this server" in answer.json()["detail"]


@pytest.mark.parametrize("route", [pytest.param(r, id=r.operation) for r in ALL_ROUTES if r.scope])
def test_a_session_does_not_count_under_a_foreign_name(
    world: World, route: Route[Any, Any]
) -> None:
    """DNS rebinding: a hostile site points its own name here."""
    headers = {**world.caller("owner").headers, "Host": "evil.example:3001"}
    answer = ask(world, route, sent(route.operation, world.own), headers)
    assert answer.status_code == 403
    assert "Host" in answer.json()["detail"]


def test_tokens_work_under_any_name(world: World) -> None:
    """A proxy may use a name that we do not know; no browser adds a token."""
    headers = {**world.caller("token read").headers, "Host": "errors.internal"}
    answer = world.client.get("/api/v1/me", headers=headers)
    assert answer.status_code == 200


def test_a_bad_token_is_not_helped_by_a_good_session(world: World) -> None:
    headers = {**world.caller("owner").headers, **bearing("mana_invented")}
    answer = world.client.get("/api/v1/me", headers=headers)
    assert answer.status_code == 401
