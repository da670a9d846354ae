"""Every page, in a browser: on a telephone and on a desk, light and dark, read by a machine."""

import re
from pathlib import Path
from typing import Any

import pytest

import sdk_environments
from browsing import DESKTOP, PHONE, Visitor
from mana_errors.web.channel_form import KINDS
from mana_errors.web.pages import PAGES

DARK_PHONE = {"viewport": PHONE, "color_scheme": "dark", "has_touch": True, "locale": "de-DE"}
LIGHT_DESK = {"viewport": DESKTOP, "color_scheme": "light"}
LOOKS = [pytest.param(DARK_PHONE, id="dark phone"), pytest.param(LIGHT_DESK, id="light desk")]
# Filled in; what is not here has no gap, or is tested where it is used.
GAPS = {
    "/issues/{id}": ("/issues/{sdk}", "/issues/{strange}", "/issues/{AggregateError}"),
    "/issues/{id}/merge": ("/issues/{shop}/merge", "/issues/{strange}/merge"),
    "/facets": ("/facets", "/facets?q=app:strange+is:unresolved"),
    "/issues/{id}/events": ("/issues/{sdk}/events", "/issues/{strange}/events"),
    "/setup": ("/setup?app=sdk",),
    "/users": ("/users", "/users?user=ann"),
    "/apps/{id:path}": ("/apps/sdk", "/apps/strange"),
    "/issues/{id}/why": ("/issues/{sdk}/why",),
    "/alerts/rules/{id}": ("/alerts/rules/{rules}",),
    "/alerts/channels/{id}": ("/alerts/channels/{channels}",),
    "/alerts/channels/new/{kind}": tuple(f"/alerts/channels/new/{kind}" for kind in KINDS),
}
OPEN_ELSEWHERE = (
    *("/welcome/", "/invitation/", "/password/"),
    *("/members/{id}", "/events/", "/tail/events", "/no-weekly/", "/act/", "/mute/"),
)
# WCAG 2.2 AA, and what is merely good.
AXE = """
async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .filter((found) => ['serious', 'critical'].includes(found.impact))
  .map((found) => `${found.id}: ${found.nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`)
"""
# What moved after it was drawn, by whom. A tenth of what Web Vitals call good is left to machines
# so busy that they draw a row before all of it is parsed.
MOVED = """
async () => {
  const moved = [];
  new PerformanceObserver((list) => moved.push(...list.getEntries()))
    .observe({type: 'layout-shift', buffered: true});
  await new Promise((done) => setTimeout(done, 100));
  return moved.filter((shift) => shift.value > 0.01 && !shift.hadRecentInput)
    .map((shift) => shift.value + ' ' +
      shift.sources.map(({node}) => node?.outerHTML?.slice(0, 100) ?? '').join(' | '));
}
"""


def paths() -> list[str]:
    """Of all pages that a member reads, with gaps to be filled in."""
    found = [page.path for page in PAGES if page.method == "GET"]
    whole = [
        path for path in found if not path.startswith(OPEN_ELSEWHERE) and "{event}" not in path
    ]
    return [filled for path in whole for filled in GAPS.get(path, (path,))] + ["/docs"]


@pytest.fixture(scope="module")
def axe() -> str:
    """The accessibility checker's script."""
    folder = sdk_environments.node()
    return Path(folder, "node_modules/axe-core/axe.min.js").read_text()


def filled(visit: Visitor, path: str) -> str:
    return re.sub(r"{(\w+)}", lambda gap: visit.site.issues[gap[1]], path)


@pytest.mark.parametrize("visit", LOOKS, indirect=True)
@pytest.mark.parametrize("path", paths())
def test_a_page_is_whole_and_for_everybody(visit: Visitor, path: str, axe: str) -> None:
    """Nothing is blocked or fails, nothing sticks out, and axe finds nothing serious."""
    page = visit.open(filled(visit, path))
    sticking_out = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert sticking_out <= 0
    # to a live tail, rows come meanwhile
    assert path == "/tail" or page.evaluate(MOVED) == []
    page.evaluate(axe)
    assert page.evaluate(AXE) == []


@pytest.mark.parametrize("visit", [{"java_script_enabled": False}], indirect=True)
def test_an_issue_is_read_without_a_script(visit: Visitor) -> None:
    """Its stack, its source and its facts are in the page itself."""
    page = visit.page
    page.goto(visit.site.base_url + filled(visit, "/issues/{AggregateError}"))
    assert page.locator("h1").inner_text().startswith("AggregateError")
    assert page.locator(".code .current").first.is_visible()
    assert not page.locator("[data-scripted-only]").first.is_visible()


WEIGHT: Any = """
() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
  .reduce((sum, entry) => sum + entry.transferSize, 0)
"""


def test_pages_are_light(visit: Visitor) -> None:
    """At most 120 KB with everything on a first visit, 30 KB after."""
    page = visit.open(filled(visit, "/issues/{AggregateError}"))
    assert page.evaluate(WEIGHT) <= 120_000
    visit.open("/")
    assert page.evaluate(WEIGHT) <= 30_000
