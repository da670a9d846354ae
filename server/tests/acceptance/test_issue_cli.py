"""`mana-errors issue`, beside a running server."""

import json
from typing import Any
from uuid import uuid4

import pytest

from harness import Server
from rows import add_issue

ESCAPE = "\x1b]0;stolen\x07\x1b[31m"


@pytest.fixture
def app() -> str:
    """One that no other test has."""
    return f"app-{uuid4().hex[:12]}"


@pytest.fixture
def issue(server: Server, app: str) -> str:
    """The id of its only issue."""
    title = f"TypeError: {ESCAPE}no such thing"
    return str(server.in_database(lambda c: add_issue(c, app_id=app, title=title)))


def run(server: Server, *arguments: str) -> Any:
    """What a command prints as JSON."""
    done = server.cli("issue", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def status(server: Server, issue: str) -> str:
    return run(server, "show", issue)["status"]


def test_issues_are_found_and_shown(server: Server, app: str, issue: str) -> None:
    """What strangers wrote does not steer the terminal."""
    (listed,) = run(server, "list", f"app:{app}")["items"]
    assert (listed["id"], listed["app"], listed["status"]) == (issue, app, "unresolved")
    assert run(server, "list", f"is:resolved app:{app}")["items"] == []
    for command in (("list", f"app:{app}"), ("show", issue)):
        done = server.cli("issue", *command)
        assert done.returncode == 0, done.stderr
        assert issue in done.stdout
        assert "no such thing" in done.stdout
        assert "\x1b" not in done.stdout
        assert "\x07" not in done.stdout


def test_an_issue_is_resolved_reopened_and_ignored(server: Server, issue: str) -> None:
    assert run(server, "resolve", issue)["changed"] == [issue]
    assert status(server, issue) == "resolved"
    assert run(server, "resolve", issue)["changed"] == []
    run(server, "reopen", issue)
    assert status(server, issue) == "unresolved"
    run(server, "ignore", issue, "--until", "2999-01-01")
    ignored = run(server, "show", issue)
    assert ignored["status"] == "ignored"
    assert ignored["condition"]["at"] == "2999-01-01T00:00:00Z"
    run(server, "resolve", issue, "--release", "1.2.3")
    assert run(server, "show", issue)["condition"]["release"] == "1.2.3"
    assert server.cli("issue", "reopen", issue).stdout == "changed 1 of 1\n"


def test_an_issue_is_assigned_and_given_up(server: Server, issue: str) -> None:
    email = f"anna-{uuid4().hex[:12]}@example.org"
    made = server.cli("member", "create", email, "--password-stdin", text="correct horse bat\n")
    assert made.returncode == 0, made.stderr
    run(server, "assign", issue, "--to", email.upper())
    assert run(server, "show", issue)["assignee"]["email"] == email
    run(server, "assign", issue)
    assert run(server, "show", issue)["assignee"] is None


@pytest.mark.parametrize(
    ("arguments", "exit_status", "reason"),
    [
        (("list", "colour:red"), 1, "colour"),
        (("list", "x", "--sort", "luck"), 2, "luck"),
        (("show", str(uuid4())), 1, "there is no issue"),
        (("resolve", str(uuid4()), "--release", "1", "--next-release"), 2, "not both"),
        (("resolve", "first"), 2, "valid UUID"),
        (("ignore", str(uuid4()), "--until", "soon"), 2, "soon"),
        (("assign", str(uuid4()), "--to", "nobody@example.org"), 1, "there is no member"),
    ],
)
def test_what_cannot_be_done_is_said(
    server: Server, arguments: tuple[str, ...], exit_status: int, reason: str
) -> None:
    done = server.cli("issue", *arguments)
    assert done.returncode == exit_status, done.stderr
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
