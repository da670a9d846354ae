"""What strangers wrote, in every field of every protocol and in every name that people give, is
text on every page: it makes no element, asks for nothing and runs nowhere."""

from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from browsing import Site, Visitor
from harness import PATIENCE_S, wait_until
from mana_errors.store import members
from mana_errors.store.db import Connection
from mana_errors.web.pages import PAGES
from strangers import CORPUS, EVIL, evil_envelope, evil_log, evil_report

KEY = "b" * 32
# Names have at most a hundred characters, and an app's id stands in paths.
NAME = CORPUS[1] + CORPUS[2]
APP = 'strange/"><svg onload=document.title=1>'
APPS = ("strange-native", "strange-sentry", "strange-otlp", APP)
# Elements that only a stranger's markup could have made; the shade is a chart's, and a script of
# ours places it.
FOREIGN = """
() => [...document.querySelectorAll(
  'script:not([src^="/assets/"]), img:not([src^="/assets/"]), link:not([href^="/assets/"]), ' +
  'svg:not([class]):not([viewBox]), iframe, base, style, object, embed, meta[http-equiv]')]
  .concat([...document.querySelectorAll("*:not(.shade)")].filter((one) =>
    [...one.attributes].some((found) =>
    found.name.startsWith('on') || found.name === 'style' || found.name === 'srcdoc' ||
    (['href', 'src', 'action', 'formaction', 'xlink:href'].includes(found.name) &&
      /^\\s*(javascript|data|vbscript):/i.test(found.value)))))
  .map((found) => found.outerHTML.slice(0, 200))
"""
# What strangers choose and we look for: none of it may lead away.
AWAY = """
() => [...document.links].filter((link) => link.origin !== location.origin
    && !/noopener/.test(link.rel)).map((link) => link.outerHTML.slice(0, 200))
"""
NO_PAGES = ("/welcome/", "/invitation/", "/password/", "/tail/events", "/sign-in")


@pytest.fixture(scope="module")
def planted(site: Site) -> dict[str, Any]:
    """The corpus, everywhere: by HTTP as strangers do, and as members do. Gap -> what fills it."""
    made = site.server.cli("app", "create", "strange-sentry", "--number", "43", "--key", KEY)
    assert made.returncode == 0, made.stderr
    with httpx.Client(base_url=site.base_url, timeout=PATIENCE_S) as client:
        _report(client)
        token = site.server.token("read,triage,admin")
        client.headers["authorization"] = f"Bearer {token}"
        issues = wait_until(lambda: _issues(client), "an issue of each app")
        events = {
            app: client.get(f"/api/v1/issues/{issue}/events").json()["items"][0]["id"]
            for app, issue in issues.items()
        }
        _say(client, issues["strange-native"])
        kept = {kind: _keep(client, kind) for kind in ("rules", "channels")}
    member = site.server.in_database(_rename)
    return {"issues": issues, "events": events, "member": member, **kept}


def _report(client: httpx.Client) -> None:
    for app in ("strange-native", APP):
        client.post("/api/v1/errors", json={**evil_report(), "appId": app}).raise_for_status()
    headers = {"x-sentry-auth": f"Sentry sentry_key={KEY}"}

    def sent() -> bool:
        return client.post("/api/43/envelope/", content=evil_envelope(), headers=headers).is_success

    wait_until(sent, "the app")
    client.post("/v1/logs", json=evil_log()).raise_for_status()


def _issues(client: httpx.Client) -> dict[str, str] | None:
    found = client.get("/api/v1/issues?limit=100").json()["items"]
    issues = {issue["app"]: issue["id"] for issue in found if issue["app"] in APPS}
    return issues if len(issues) == len(APPS) else None


def _say(client: httpx.Client, issue: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        f"/api/v1/issues/{issue}/comments": {"text": "\n\n".join(CORPUS)},
        f"/api/v1/issues/{issue}/links": {"url": "https://x.example/<b>\"'", "title": NAME},
        "/api/v1/views": {"name": NAME, "q": f'"{CORPUS[0]}"', "shared": True},
        "/api/v1/tokens": {"name": NAME, "scopes": ["read"]},
        "/api/v1/apps/strange-native/keys": {"name": NAME},
        "/api/v1/releases": {"app": "strange-native", "version": NAME, "url": f"https://e/{KEY}"},
    }
    for path, body in bodies.items():
        client.post(path, json=body).raise_for_status()
    changed = {
        "name": NAME,
        "platform": CORPUS[2],
        "settings": {"filters": {"messages": [EVIL[:190]]}},
    }
    client.patch("/api/v1/apps/strange-native", json=changed).raise_for_status()


def _keep(client: httpx.Client, kind: str) -> str:
    """A rule that fires for what they send, or a channel."""
    rule = {"name": NAME, "trigger": {"kind": "occurs"}, "environments": [CORPUS[2][:90]]}
    hook = {"name": NAME, "target": {"kind": "webhook", "url": f"http://x.example/{quote(NAME)}"}}
    answer = client.post(f"/api/v1/{kind}", json=rule if kind == "rules" else hook)
    answer.raise_for_status()
    made = answer.json()
    return str(made["id"] if kind == "rules" else made["channel"]["id"])


async def _rename(connection: Connection) -> str:
    everybody = await members.listed(connection)
    for member in everybody:
        await members.set_profile(connection, member.id, NAME, None)
    return str(everybody[0].id)


def paths(planted: dict[str, Any]) -> list[str]:
    """Every page, about what strangers sent and asked as a stranger's link would."""
    issues: dict[str, str] = planted["issues"]
    found: list[str] = []
    for page in PAGES:
        path = page.path
        if page.method != "GET" or path.startswith(NO_PAGES):
            continue
        if path.startswith("/issues/"):
            found += [path.format(id=issues[app], event=planted["events"][app]) for app in APPS]
        elif path.startswith("/events/"):
            found += [path.format(id=event) for event in planted["events"].values()]
        elif path.startswith("/apps/"):
            found += [f"/apps/{quote(app, safe='')}" for app in APPS]
        elif path.startswith("/alerts/") and path.endswith("{id}"):
            found.append(path.format(id=planted[path.split("/")[2]]))
        elif path == "/members/{id}":
            found.append(path.format(id=planted["member"]))
        elif "{" not in path:
            asked = urlencode({"app": APP, "user": NAME, "q": f'"{CORPUS[0]}"'})
            found += [f"{path}?{asked}", path, f"{path}?app=strange-native"]
    return found


def test_nothing_of_it_runs_on_any_page(visit: Visitor, planted: dict[str, Any]) -> None:
    """Every page, all of it unfolded."""
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    seen = 0
    for path in paths(planted):
        answer = visit.page.goto(visit.site.base_url + path)
        assert answer is not None
        assert answer.status in {200, 400, 404}, path
        # browsers say so of every answer that is none
        visit.complaints[:] = [said for said in visit.complaints if "status of 40" not in said]
        if "html" not in answer.headers["content-type"]:
            assert answer.headers["content-type"].startswith("text/plain"), path
            continue
        for folded in visit.page.locator("details").all():
            folded.evaluate("(details) => { details.open = true; }")
        assert visit.page.evaluate(FOREIGN) == [], path
        assert visit.page.evaluate(AWAY) == [], path
        assert visit.page.title().endswith("Mana Errors"), path
        visit.must_be_content()
        seen += "onload" in (visit.page.text_content("main") or "")
    assert {url for url in asked if not url.startswith(visit.site.base_url)} == set()
    # pages did show it
    assert seen > len(APPS) * 4
