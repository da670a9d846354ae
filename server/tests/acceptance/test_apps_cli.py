"""`mana-errors app` and `mana-errors key`, beside a running server."""

import json
import re
import subprocess
from typing import Any
from uuid import uuid4

import httpx
import pytest

from harness import Server, wait_until

HEX_32 = re.compile(r"[0-9a-f]{32}")


def app_id() -> str:
    """One that no other test has."""
    return f"app-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def known(server: Server) -> str:
    """An app that there is."""
    name = app_id()
    assert server.cli("app", "create", name).returncode == 0
    return name


def ran(done: subprocess.CompletedProcess[str]) -> Any:
    """Its JSON."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_app_is_made_with_a_key_and_a_dsn(server: Server) -> None:
    """As scripts read it, and as people do."""
    made = ran(server.cli("app", "create", app_id(), "--json"))
    assert set(made) == {"id", "number", "key", "dsn"}
    assert HEX_32.fullmatch(made["key"])
    assert made["dsn"] == f"http://{made['key']}@localhost:{server.port}/{made['number']}"
    done = server.cli("app", "create", app_id(), MANA_ERRORS_PUBLIC_URL="https://errors.example/")
    assert done.returncode == 0
    assert re.fullmatch(
        rf"https://[0-9a-f]{{32}}@errors\.example/{made['number'] + 1}\n", done.stdout
    )


def test_a_dsn_leads_to_the_server_that_runs(server: Server) -> None:
    """Also where only its command line said on which port."""
    made = ran(server.cli("app", "create", app_id(), "--json", MANA_ERRORS_PORT="4000"))
    assert made["dsn"].endswith(f"@localhost:{server.port}/{made['number']}")


def test_another_tracker_s_dsn_stays_valid(server: Server) -> None:
    """Number and key are those given; what exists is said, and nothing is made of it."""
    name, key = app_id(), uuid4().hex
    made = ran(server.cli("app", "create", name, "--number", "4711", "--key", key, "--json"))
    assert (made["number"], made["key"]) == (4711, key)
    for arguments, said in (
        ((name,), f"an app with the id '{name}' exists"),
        ((app_id(), "--number", "4711"), "an app with the number 4711 exists"),
        ((app_id(), "--key", key), f"the key {key} is in use"),
    ):
        done = server.cli("app", "create", *arguments)
        assert (done.returncode, done.stderr) == (1, f"mana-errors: {said}\n")
        assert arguments == (name,) or server.cli("app", "show", arguments[0]).returncode == 1


def test_apps_are_listed_and_shown(server: Server) -> None:
    name = app_id()
    made = ran(
        server.cli("app", "create", name, "--name", "My chat", "--platform", "nestjs", "--json")
    )
    listed = ran(server.cli("app", "list", "--json"))["items"]
    one = next(app for app in listed if app["id"] == name)
    assert (one["name"], one["platform"], one["number"]) == ("My chat", "nestjs", made["number"])
    assert one["settings"]["requireKey"] is False
    assert name in server.cli("app", "list", COLUMNS="200").stdout
    shown = ran(server.cli("app", "show", name, "--json"))
    assert [key["dsn"] for key in shown["keys"]] == [made["dsn"]]
    assert made["dsn"] in server.cli("app", "show", name).stdout


def test_settings_are_changed_one_by_one(server: Server) -> None:
    """JSON, or a list with commas; what is not named stays."""
    name = app_id()
    server.cli("app", "create", name, "--name", "Chat", "--platform", "nestjs")
    settings = ["requireKey=true", "allowedOrigins=https://a.example, https://b.example",
                "filters.messages=*a*,*b*", 'filters.types=["X, Y"]']  # fmt: skip
    options = [part for setting in settings for part in ("--setting", setting)]
    changed = ran(server.cli("app", "set", name, *options, "--platform", "", "--json"))
    assert (changed["name"], changed["platform"]) == ("Chat", "")
    assert changed["settings"]["requireKey"] is True
    assert changed["settings"]["allowedOrigins"] == ["https://a.example", "https://b.example"]
    assert changed["settings"]["filters"]["messages"] == ["*a*", "*b*"]
    assert changed["settings"]["filters"]["types"] == ["X, Y"]
    done = server.cli("app", "set", name, "--setting", "filters.messages=", "--name", "New")
    assert (done.returncode, done.stdout) == (0, f"changed {name}\n")
    shown = ran(server.cli("app", "show", name, "--json"))
    assert shown["name"] == "New"
    assert shown["settings"]["filters"]["messages"] == []
    assert shown["settings"]["filters"]["types"] == ["X, Y"]
    assert shown["settings"]["requireKey"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "--setting", "nosuch=1"), "nosuch"),
        (("set", "--setting", "filters.nosuch=1"), "nosuch"),
        (("set", "--setting", "requireKey"), "NAME=VALUE"),
        (("set", "--setting", "requireKey=perhaps"), "$.requireKey"),
        (("set", "--setting", "rateBurst=-1"), "$.rateBurst"),
        (("set", "--setting", "allowedOrigins=example.org"), "example.org"),
        (("set", "--setting", "filters.addresses=300.1.1.1"), "300.1.1.1"),
        (("set", "--name", ""), "$.name"),
        (("create", "--key", "abc"), "$.key"),
        (("create", "--number", "0"), "$.number"),
    ],
)
def test_what_makes_no_sense_is_status_2(
    server: Server, known: str, arguments: tuple[str, ...], said: str
) -> None:
    """And names the field."""
    done = server.cli("app", arguments[0], known, *arguments[1:])
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_there_is_not_is_status_1(server: Server) -> None:
    name, key = app_id(), uuid4().hex
    for arguments in (
        ("app", "show", name),
        ("app", "set", name, "--name", "x"),
        ("key", "create", name),
        ("key", "list", name),
        ("key", "revoke", key),
    ):
        done = server.cli(*arguments)
        assert done.returncode == 1
        assert done.stderr.startswith("mana-errors: there is no ")


def test_keys_are_made_listed_and_revoked(server: Server) -> None:
    """A revoked one stays in the list."""
    name, old = app_id(), uuid4().hex
    first = ran(server.cli("app", "create", name, "--json"))
    second = ran(server.cli("key", "create", name, "--name", "mobile", "--json"))
    assert second["dsn"] == f"http://{second['key']}@localhost:{server.port}/{first['number']}"
    done = server.cli("key", "create", name, "--key", old)
    assert done.stdout == f"http://{old}@localhost:{server.port}/{first['number']}\n"
    done = server.cli("key", "revoke", second["key"])
    assert (done.returncode, done.stdout) == (0, f"revoked {second['key']}\n")
    items = ran(server.cli("key", "list", name, "--json"))["items"]
    assert [key["key"] for key in items] == [first["key"], second["key"], old]
    assert [key["revokedAt"] is None for key in items] == [True, False, True]
    assert [key["name"] for key in items] == ["", "mobile", ""]
    table = server.cli("key", "list", name, COLUMNS="200").stdout
    assert all(key in table for key in (first["key"], second["key"], old))
    assert f"{second['dsn']} (revoked)" in server.cli("app", "show", name).stdout


def test_every_change_is_in_the_audit_log(server: Server) -> None:
    name = app_id()
    key = ran(server.cli("app", "create", name, "--json"))["key"]
    server.cli("app", "set", name, "--setting", "requireKey=true")
    server.cli("key", "create", name)
    server.cli("key", "revoke", key)
    query = (
        f"SELECT actor, action FROM error_logs.audit_log WHERE subject = '{name}' ORDER BY at, id"
    )
    assert server.psql(query).split() == [
        "command|app.create", "command|app.change", "command|key.create", "command|key.revoke",
    ]  # fmt: skip


def test_workers_follow_what_is_changed(server: Server) -> None:
    """A setting, a key and its end, and that the key was used."""
    name = app_id()
    key = ran(server.cli("app", "create", name, "--json"))["key"]
    report = {"errorCode": "E", "errorType": "Error", "message": "m", "appId": name}

    def status(**headers: str) -> int:
        url = f"{server.base_url}/api/v1/errors"
        return httpx.post(url, json=report, headers=headers, timeout=10).status_code

    assert status() == 201
    server.cli("app", "set", name, "--setting", "requireKey=true")
    wait_until(lambda: status() == 401, "a key is required")
    assert status(**{"X-App-Key": key}) == 201
    wait_until(
        lambda: ran(server.cli("key", "list", name, "--json"))["items"][0]["lastUsedAt"],
        "the key's use is noted",
    )
    server.cli("key", "revoke", key)
    wait_until(lambda: status(**{"X-App-Key": key}) == 403, "the key is revoked")
