"""Working with issues in a browser: keyboard, palette, selection, copying, live lists."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from browsing import Visitor
from mana_errors.web.words import LANGUAGES, ago

# How long ago, as a script says it, some minutes and a second are.
AGES = """
async ([script, ages]) => {
  const { ago } = await import(script);
  return ages.map((minutes) => ago(new Date(Date.now() - minutes * 60_000 - 1000)));
}
"""


def test_j_and_k_walk_the_list_and_enter_opens(visit: Visitor) -> None:
    page = visit.open("/?app=shop")
    titles = page.locator("[data-row] .row-title").all_inner_texts()
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    assert page.locator("tr.here .row-title").inner_text() == titles[1]
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(titles[1])


def test_a_slash_goes_to_the_search_and_escape_leaves_it(visit: Visitor) -> None:
    page = visit.open("/")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("j")
    expect(page.locator("[data-search]")).to_have_value("j")
    page.keyboard.press("Escape")
    expect(page.locator("[data-search]")).not_to_be_focused()


def test_the_palette_leads_to_pages_and_apps(visit: Visitor) -> None:
    page = visit.open("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("aud")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/audit$"))
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-list")).to_contain_text("strange")
    page.keyboard.type("stra")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?app=strange$"))


def test_the_palette_keeps_what_is_typed_in_the_turn_that_opens_it(visit: Visitor) -> None:
    page = visit.open("/")
    page.evaluate(
        """() => {
        document.dispatchEvent(new KeyboardEvent("keydown", { key: "k", ctrlKey: true }));
        document.execCommand("insertText", false, "aud");
        }"""
    )
    page.wait_for_function("document.querySelectorAll('#palette-list li').length > 0")
    expect(page.locator("#palette input")).to_have_value("aud")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/audit$"))


def test_a_question_mark_shows_the_keys(visit: Visitor) -> None:
    page = visit.open("/")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page).to_have_url(re.compile("/apps$"))


def test_e_resolves_the_marked_issue_and_undo_takes_it_back(visit: Visitor) -> None:
    page = visit.open("/?app=shop")
    page.keyboard.press("j")
    title = page.locator("tr.here .row-title").inner_text()
    page.keyboard.press("e")
    expect(page.locator(".done")).to_contain_text("Resolved.")
    expect(page.get_by_text(title, exact=True)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".done")).to_contain_text("Taken back.")
    expect(page.locator(".row-title", has_text=title)).to_have_count(1)


def test_selected_issues_are_ignored_together(visit: Visitor) -> None:
    page = visit.open("/?app=shop")
    bar = page.locator("#bulk")
    expect(bar).not_to_be_visible()
    for box in page.locator("[data-row] input").all()[:2]:
        box.check()
    expect(bar).to_be_visible()
    bar.get_by_role("button", name="Ignore").click()
    expect(page.locator(".done")).to_contain_text("Ignored.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".done")).to_contain_text("Taken back.")


def test_selected_issues_are_assigned_and_prioritized_and_undo_takes_it_back(
    visit: Visitor,
) -> None:
    page = visit.open("/?app=shop&sort=firstSeen")
    bar, rows = page.locator("#bulk"), page.locator("[data-row]")
    for box in rows.locator("input").all()[:2]:
        box.check()
    page.keyboard.press("a")
    bar.locator("details[open] button").first.click()
    expect(page.locator(".done")).to_contain_text("Assigned.")
    expect(page.locator(".mark.row-assignee")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".mark.row-assignee")).to_have_count(0)
    for box in rows.locator("input").all()[:3]:
        box.check()
    bar.get_by_text("Priority", exact=True).click()
    bar.get_by_role("button", name="high priority").click()
    expect(page.locator(".done")).to_contain_text("Priority set.")
    expect(rows.locator(".priority-high")).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    expect(rows.locator(".priority-high")).to_have_count(0)


def test_an_ignored_issue_that_is_too_much_says_so(visit: Visitor, name: str) -> None:
    """On its page and in the list, where it can be searched for."""
    visit.site.report(appId=name)
    page = visit.open(f"/?app={name}")
    while page.locator("[data-row]").count() == 0:
        page.reload()
    page.locator(".row-title").click()
    issue = page.url
    page.get_by_label("Ignore for a while").click()
    page.get_by_label("Until so many more events").fill("1")
    page.get_by_label("Until so many more events").press("Enter")
    expect(page.locator(".state")).to_contain_text("until 1 more")
    visit.site.report(appId=name)
    page.goto(f"{visit.site.base_url}/?q=is:escalating+app:{name}")
    while page.locator("[data-row]").count() == 0:
        page.reload()
    expect(page.locator("[data-row] .escalating")).to_have_text("escalating")
    page.goto(issue)
    expect(page.locator(".marks .escalating")).to_be_visible()


def test_an_issue_is_resolved_in_a_release_by_its_menu(visit: Visitor) -> None:
    page = visit.open(f"/issues/{visit.site.issues['sdk']}")
    page.locator("summary[aria-label='Resolve in a release']").click()
    page.get_by_label("In release").fill("9.9.9")
    page.get_by_label("In release").press("Enter")
    expect(page.locator(".state")).to_contain_text("Resolved in release 9.9.9")
    page.keyboard.press("e")
    expect(page.locator(".done")).to_contain_text("Open again.")


def test_a_assigns_and_a_click_beside_closes_the_menu(visit: Visitor) -> None:
    page = visit.open(f"/issues/{visit.site.issues['sdk']}")
    page.keyboard.press("a")
    menu = page.locator("details.menu[open]")
    expect(menu).to_have_count(1)
    page.locator("h1").click()
    expect(menu).to_have_count(0)
    page.keyboard.press("a")
    page.locator("details.menu[open] button").first.click()
    expect(page.locator(".done")).to_contain_text("Assigned.")


def test_stack_and_request_are_copied(visit: Visitor) -> None:
    page = visit.open(f"/issues/{visit.site.issues['AggregateError']}")
    page.get_by_role("link", name="Copy", exact=True).click()
    expect(page.locator(".toast")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("AggregateError: all mirrors failed\n    at Object.aggregate")
    assert "Caused by: RangeError: first" in copied


def test_times_are_the_readers_own_with_utc_beside(visit: Visitor) -> None:
    page = visit.open(f"/issues/{visit.site.issues['sdk']}")
    moment = page.locator("time[data-moment]").first
    at = (moment.get_attribute("datetime") or "").replace("T", " ").removesuffix("Z")
    title = moment.get_attribute("title") or ""
    assert f"{at} UTC" in title
    assert moment.inner_text() != at


@pytest.mark.parametrize(
    ("visit", "language"),
    [({"locale": "en-GB"}, "en"), ({"locale": "de-DE"}, "de")],
    indirect=["visit"],
)
def test_scripts_say_how_long_ago_in_the_servers_words(visit: Visitor, language: str) -> None:
    page = visit.open("/")
    script = page.locator("link[href$='/times.js']").get_attribute("href")
    minutes = [0, 1, 2, 59, 60, 61, 119, 120, 1439, 1440, 2879, 2880, 40_000]
    said = page.evaluate(AGES, [script, minutes])
    now = datetime.now(UTC)
    times = [now - timedelta(minutes=count, seconds=1) for count in minutes]
    assert said == [ago(time, now, LANGUAGES[language]) for time in times]


def test_bars_say_their_number(visit: Visitor) -> None:
    page = visit.open(f"/issues/{visit.site.issues['shop']}")
    page.locator("[data-chart] .bar").last.hover()
    expect(page.locator(".tip")).to_contain_text("1 events")


@pytest.mark.parametrize("visit", [{"color_scheme": "light"}], indirect=True)
def test_the_theme_is_chosen_and_kept(visit: Visitor) -> None:
    page = visit.open("/apps")
    page.get_by_role("button", name="Dark").click()
    expect(page).to_have_url(re.compile("/apps$"))
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    visit.open("/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_a_list_changes_in_place_and_offers_what_is_new(visit: Visitor, name: str) -> None:
    """Numbers change where they stand; a new row waits to be asked for."""
    visit.site.report(appId=name, errorType="OldError")
    page = visit.page
    page.clock.install()
    page.goto(f"{visit.site.base_url}/?app={name}")
    while page.locator("[data-row]").count() == 0:
        page.reload()
    visit.site.report(appId=name, errorType="OldError")
    visit.site.report(appId=name, errorType="NewError")
    offer = page.locator(".fresh")
    while offer.count() == 0 or page.locator("td.number").first.inner_text() != "2":
        page.clock.run_for(10_000)
        page.wait_for_timeout(100)
    assert page.locator("[data-row]").count() == 1
    offer.click()
    expect(page.locator("[data-row]")).to_have_count(2)


@pytest.mark.parametrize("visit", [{"viewport": {"width": 360, "height": 700}}], indirect=True)
def test_a_telephone_has_its_menu(visit: Visitor) -> None:
    page = visit.open("/")
    ways = page.locator("#ways")
    expect(ways).not_to_be_visible()
    page.get_by_role("button", name="Menu").click()
    ways.get_by_role("link", name="Apps").click()
    expect(page).to_have_url(re.compile("/apps$"))


def test_a_test_event_is_sent_and_arrives(visit: Visitor) -> None:
    """From the browser through ingest, digest and triage, to a page that can be opened."""
    page = visit.open("/setup?app=sdk")
    page.get_by_role("button", name="Send test event").click()
    expect(page.locator(".test-state")).to_have_class("test-state arrived")
    page.locator(".test-state a").click()
    expect(page.locator("h1")).to_have_text("TestEvent It works")
