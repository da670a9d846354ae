"""Every event that was received is in the ledger once, while every limit is hit at once."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from conftest import StartServer
from harness import PATIENCE_S, Server, wait_until
from ledger import fetch, outcomes_of
from mana_errors.model.app_change import AppChange, NewApp
from mana_errors.store import apps
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection

ROUNDS = 20
BATCH = 25
# Over the 1 MiB that a report may have.
HUGE = "x" * (1024 * 1024 + 1)
SETTINGS: dict[str, dict[str, Any]] = {
    "busy": {"filters": {"types": ["Noise*"]}},
    "limited": {"ratePerSecond": 5, "rateBurst": 20},
    "small": {"eventsPerHour": 10},
    "locked": {"requireKey": True},
}


def report(app: str, kind: str = "LoopError", **more: Any) -> dict[str, Any]:
    return {"errorCode": "E", "errorType": kind, "message": "again", "appId": app, **more}


@dataclass
class Client:
    """Sends, and remembers how much, by the app whose ledger must have it."""

    server: Server
    sent: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def one(self, body: dict[str, Any], app: str, **headers: str) -> int:
        """Send one report; its status."""
        return self._post("/api/v1/errors", body, app, 1, headers)

    def batch(self, bodies: list[dict[str, Any]], app: str) -> int:
        """Send several of one app."""
        return self._post("/api/v1/errors/batch", {"errors": bodies}, app, len(bodies), {})

    def _post(
        self, path: str, body: dict[str, Any], app: str, count: int, headers: dict[str, str]
    ) -> int:
        own = {"content-type": "application/json"} | ({"x-app-id": app} if app else {})
        url = self.server.base_url + path
        answer = httpx.post(url, content=json.dumps(body), headers=own | headers, timeout=60)
        with self._lock:
            self.sent[app] += count
        return answer.status_code


def make_apps(server: Server) -> None:
    async def make(connection: Connection) -> None:
        for app, settings in SETTINGS.items():
            await apps.create(connection, NewApp(app), COMMAND)
            await apps.change(connection, app, AppChange(settings=settings), COMMAND)

    server.in_database(make)


def loop(client: Client) -> None:
    """A storm of which some is sent twice."""
    for _ in range(ROUNDS):
        bodies = [report("busy", id=str(uuid4())) for _ in range(BATCH)]
        assert client.batch(bodies, "busy") == 201
        assert client.batch(bodies[:5], "busy") == 201


def invalid(client: Client) -> None:
    for _ in range(ROUNDS):
        assert client.batch([report("busy", message=None), report("busy", "NoiseError")], "busy")


def refused(client: Client) -> None:
    """By size, by key, by name."""
    for number in range(ROUNDS):
        assert client.one(report("busy", stackTrace=HUGE), "busy") == 413
        assert client.one(report("busy"), "busy", **{"x-app-key": "0" * 32}) == 403
        assert client.one(report("locked"), "locked") == 401
        assert client.one(report(f"stranger-{number}"), "") == 403


def limited(client: Client) -> None:
    """More at once than the burst, then one by one, as fast as the machine can."""
    assert client.batch([report("limited") for _ in range(BATCH)], "limited") == 201
    statuses = {client.one(report("limited"), "limited") for _ in range(5 * ROUNDS)}
    assert statuses <= {201, 429}


def over_quota(client: Client) -> None:
    """Until the quota is noticed, and then what is new beside what is not."""
    deadline = time.monotonic() + PATIENCE_S
    while client.one(report("small"), "small") == 201:
        assert time.monotonic() < deadline, "the quota is never noticed"
        time.sleep(0.1)
    for number in range(5):
        assert client.one(report("small"), "small") == 429
        # the trickle lets ten a second in
        new = report("small", f"New{'ABCDE'[number]}Error")
        assert client.one(new, "small") == 201


def test_received_is_the_sum_of_all_outcomes(start_server: StartServer, migrated_dsn: str) -> None:
    """Of each app and of all, with all limits hit at once."""
    server = start_server(
        DATABASE_URL=migrated_dsn,
        MANA_ERRORS_SAMPLE_AFTER="10",
        MANA_ERRORS_REGISTER_APPS="false",
    )
    make_apps(server)
    probe = report("busy", "Noise")
    client = Client(server)
    # An app that is not known yet has no lines of its own.
    wait_until(lambda: client.one(probe, "") == 201, "the apps are known")
    work: list[Callable[[Client], None]] = [loop, invalid, refused, limited, over_quota]
    with ThreadPoolExecutor(len(work)) as threads:
        for done in [threads.submit(one, client) for one in work]:
            done.result()
    total = "SELECT sum(count)::bigint FROM error_logs.outcomes"
    received = client.sent.total()
    wait_until(lambda: fetch(server, total) == [(received,)], f"{received} received")
    check(server, client)


def check(server: Server, client: Client) -> None:
    """What each app's ledger says."""
    token = server.token("read")
    totals = {app: outcomes_of(server, app, token)["totals"] for app in SETTINGS}
    busy = totals["busy"]
    probes = client.sent[""] - ROUNDS
    loops = busy.pop("stored") + busy.pop("sampled")
    assert loops == ROUNDS * BATCH
    assert busy == {
        "duplicate": ROUNDS * 5,
        "invalid": ROUNDS,
        "filtered": ROUNDS + 1,
        "too_large": ROUNDS,
        "unauthorized": ROUNDS,
    }
    assert totals["locked"] == {"unauthorized": ROUNDS}
    assert set(totals["limited"]) == {"stored", "sampled", "rate_limited"}
    assert sum(totals["limited"].values()) == client.sent["limited"]
    assert set(totals["small"]) >= {"stored", "quota"}
    assert sum(totals["small"].values()) == client.sent["small"]
    nobody = (
        "SELECT outcome, sum(count)::bigint FROM error_logs.outcomes WHERE app_id = '' GROUP BY 1"
    )
    assert fetch(server, nobody) == [("unknown_app", ROUNDS + probes - 1)]
    bodies = "SELECT count(*) FROM error_logs.error_logs"
    stored = "SELECT sum(count)::bigint FROM error_logs.outcomes WHERE outcome = 'stored'"
    assert fetch(server, bodies) == fetch(server, stored)


def test_clients_say_what_they_did_not_send(server: Server) -> None:
    """`discarded` of a batch, also of one without reports; an odd entry costs only itself, and a
    key's app beats the one that an entry names."""
    entries: list[Any] = [
        {"reason": "queue_overflow", "quantity": 7, "appId": "offline"},
        {"reason": "sample_rate", "quantity": 5, "appId": "offline"},
        {"reason": "queue_overflow", "quantity": -1, "appId": "offline"},
        {"reason": 3, "quantity": 9, "appId": "offline"},
        "odd",
    ]
    client = Client(server)
    assert client.one(report("offline"), "offline") == 201
    key = json.loads(server.cli("app", "create", "keyed", "--json").stdout)["key"]
    url = server.base_url + "/api/v1/errors/batch"

    def known() -> bool:
        body = {"errors": [], "discarded": "odd"}
        return httpx.post(url, json=body, headers={"x-app-key": key}).is_success

    wait_until(known, "the key")
    for headers in ({}, {"x-app-key": key}):
        answer = httpx.post(url, json={"errors": [], "discarded": entries}, headers=headers)
        assert answer.json() == {
            "success": True, "total": 0, "succeeded": 0, "failed": 0, "results": [],
        }  # fmt: skip

    def told() -> bool:
        query = "SELECT app_id, outcome, sum(count)::int FROM error_logs.outcomes GROUP BY 1, 2"
        return sorted(row for row in fetch(server, query) if row[0] in {"offline", "keyed"}) == [
            ("keyed", "client_filtered", 5),
            ("keyed", "client_lost", 7),
            ("offline", "client_filtered", 5),
            ("offline", "client_lost", 7),
            ("offline", "stored", 1),
        ]

    wait_until(told, "the ledger")
