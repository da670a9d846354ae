"""`mana-errors member` and bound tokens, beside a running server."""

import json
from typing import Any
from uuid import uuid4

import httpx

from harness import Server


def run(server: Server, *arguments: str, text: str | None = None) -> Any:
    """What a command prints as JSON."""
    done = server.cli(*arguments, "--json", text=text)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def fresh() -> str:
    return f"anna-{uuid4().hex[:12]}@example.org"


def refused(server: Server, *arguments: str, text: str | None = None) -> str:
    """Why a command failed."""
    done = server.cli(*arguments, text=text)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_member_is_made_with_a_password_from_standard_input(server: Server) -> None:
    email, password = fresh(), "correct horse battery staple"
    made = run(server, "member", "create", email.upper(), "--role", "admin", "--password-stdin",
               text=f"{password}\n")  # fmt: skip
    assert (made["email"], made["role"], made["apps"]) == (email, "admin", None)
    listed = run(server, "member", "list")["items"]
    assert made in listed
    assert email in server.cli("member", "list").stdout
    assert password not in server.log_path.read_text()
    weak = refused(server, "member", "create", fresh(), "--password-stdin", text="short\n")
    assert "between 12 and 256" in weak
    again = refused(server, "member", "create", email, "--password-stdin", text=f"{password}\n")
    assert "member already" in again


def test_an_invitation_is_printed_as_a_link(server: Server) -> None:
    done = server.cli("member", "create", fresh(), "--apps", "chat,shop")
    link = done.stdout.strip()
    assert link.startswith(f"http://localhost:{server.port}/invitation/"), done.stderr
    page = httpx.get(link.replace("localhost", "127.0.0.1"))
    assert page.status_code == 200


def test_a_member_is_changed_disabled_and_enabled(server: Server) -> None:
    email = fresh()
    run(server, "member", "create", email, "--password-stdin", text="correct horse battery\n")
    assert run(server, "member", "role", email, "viewer")["role"] == "viewer"
    assert run(server, "member", "apps", email, "chat,shop")["apps"] == ["chat", "shop"]
    assert run(server, "member", "apps", email)["apps"] is None
    assert run(server, "member", "disable", email)["disabledAt"] is not None
    assert "disabled" in refused(server, "member", "link", email)
    assert run(server, "member", "enable", email)["disabledAt"] is None
    assert "/password/" in run(server, "member", "link", email)["link"]
    assert "no member" in refused(server, "member", "disable", fresh())
    assert "give one of" in refused(server, "member", "role", email, "king")


def test_a_token_is_made_for_some_apps(server: Server) -> None:
    name = uuid4().hex
    made = run(server, "token", "create", "--name", name, "--apps", "chat")
    headers = {"Authorization": f"Bearer {made['token']}"}
    me = httpx.get(f"{server.base_url}/api/v1/me", headers=headers).json()
    assert (me["name"], me["apps"]) == (f"token:{name}", ["chat"])
    assert server.cli("token", "revoke", name).returncode == 0
    assert "no token" in refused(server, "token", "revoke", name)
