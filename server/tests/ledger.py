"""The ledger of outcomes, as a test asks a server for it."""

from typing import Any

import httpx

from harness import PATIENCE_S, Server
from mana_errors.store.db import Connection


def fetch(server: Server, query: str) -> list[tuple[Any, ...]]:
    async def ask(connection: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await connection.fetch(query)]

    return server.in_database(ask)


def outcomes_of(server: Server, app: str, token: str) -> dict[str, Any]:
    """The ledger of one app by the minute, as the API tells it."""
    answer = httpx.get(
        f"{server.base_url}/api/v1/apps/{app}/outcomes?resolution=minute",
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE_S,
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["received"] == sum(body["totals"].values())
    for item in body["items"]:
        assert item["received"] == sum(item["counts"].values())
    assert body["received"] == sum(item["received"] for item in body["items"])
    return body
