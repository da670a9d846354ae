"""A server in front of the real one that misbehaves as it is told."""

import json
import urllib.request
from typing import Any

from harness import PATIENCE_S, Server, wait_until
from stand_in import StandIn


class Between(StandIn):
    """Stands in front of the real server: what it stores, that one stores."""

    def __init__(self, real: Server) -> None:
        super().__init__()
        self._real = real

    def store(self, body: dict[str, Any]) -> Any:
        """The real server's own answer."""
        self.batches.append(body)
        request = urllib.request.Request(
            self._real.base_url + "/api/v1/errors/batch", json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def stored(self, app: str, count: int) -> list[str]:
        """Ids in the database, each as often as it is there, once there are so many."""

        def ids() -> Any:
            query = "SELECT id FROM error_logs.error_logs WHERE app_id = $1"
            rows = self._real.in_database(lambda connection: connection.fetch(query, app))
            return [str(row["id"]) for row in rows] if len(rows) >= count else None

        return wait_until(ids, f"{count} events of {app}")

    def lost(self) -> int:
        """Events that clients said they had lost, by the server's ledger. Of all apps: an app that
        the server has just met counts as unknown for a moment."""
        query = """SELECT COALESCE(sum(count), 0) FROM error_logs.outcomes
                   WHERE outcome = 'client_lost'"""
        return self._real.in_database(lambda connection: connection.fetchval(query))
