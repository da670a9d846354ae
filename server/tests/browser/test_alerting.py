"""Alerts in a browser: rules that are written, tried and explained, channels, deliveries."""

import asyncio
import re
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from threading import Thread
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Locator, Page, expect

from browsing import PHONE, Visitor
from harness import PATIENCE_S
from receivers import Receiver, answers, receiving

T = TypeVar("T")

BARE = pytest.mark.parametrize("visit", [{"java_script_enabled": False}], indirect=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Of webhooks; in a thread, since a browser's test waits for it."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    stack = AsyncExitStack()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE_S)

    yield run(stack.enter_async_context(receiving()))
    run(stack.aclose())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def saved(page: Page, said: str = "Saved.") -> None:
    expect(page.locator(".done")).to_contain_text(said)


def add_webhook(visit: Visitor, name: str, url: str) -> Page:
    """By its form; the page shows its key."""
    page = visit.open("/alerts/channels")
    page.get_by_role("link", name="Webhook", exact=True).click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("URL").fill(url)
    page.get_by_role("button", name="Add").click()
    return page


def write_rule(page: Page, name: str, app: str) -> None:
    """The fields of a rule about an app's new issues."""
    page.get_by_label("Name").fill(name)
    page.get_by_label(app, exact=True).check()


def row(page: Page, name: str) -> Locator:
    return page.locator("tr", has_text=name)


def test_an_alert_goes_from_a_rule_to_a_webhook_and_is_seen(
    visit: Visitor, receiver: Receiver, name: str
) -> None:
    """All of it by hand: channel, rule, event, alert, issue, ledger."""
    add_webhook(visit, f"hook {name}", receiver.url)
    visit.site.report(appId=name, errorType="FirstError")
    page = visit.open("/alerts/rules/new")
    while page.get_by_label(name, exact=True).count() == 0:
        page.reload()
    write_rule(page, f"rule {name}", name)
    page.get_by_label(f"hook {name}").check()
    page.get_by_role("button", name="Save").last.click()
    saved(page)
    visit.site.report(appId=name, errorType="SecondError", message="that is new")
    page = visit.open(f"/alerts?app={name}")
    while page.get_by_text("sent", exact=True).count() == 0:
        page.wait_for_timeout(100)
        page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text(f"hook {name}")
    expect(page.locator("tbody tr .mark.new")).to_have_text("New")
    page.locator(".row-title").click()
    expect(page.locator("h1")).to_have_text("SecondError that is new")
    expect(page.locator(".fired")).to_contain_text(f"rule {name}")
    visit.open("/alerts/deliveries")
    expect(row(page, f"rule {name}")).to_contain_text("HTTP 200")
    assert receiver.got


def test_a_rule_is_tried_before_it_is_saved(visit: Visitor, name: str) -> None:
    visit.site.report(appId=name, errorType="FirstError")
    visit.site.report(appId=name, errorType="SecondError")
    page = visit.open(f"/?app={name}")
    while page.locator("[data-row]").count() < 2:
        page.reload()
    visit.open("/alerts/rules/new")
    write_rule(page, f"rule {name}", name)
    page.get_by_role("button", name="Try on the last 7 days").click()
    expect(page.locator(".verdict")).to_have_text("It would have fired 2 times in 7 days")
    expect(page.locator(".tried")).to_contain_text("FirstError")
    expect(page.locator(".rule-trial .bar")).to_have_count(1)
    # nothing that was filled in is lost, and nothing was saved
    expect(page.get_by_label("Name")).to_have_value(f"rule {name}")
    expect(page.get_by_label(name, exact=True)).to_be_checked()
    visit.open("/alerts/rules")
    expect(row(page, f"rule {name}")).to_have_count(0)


def test_only_the_chosen_trigger_has_fields(visit: Visitor) -> None:
    page = visit.open("/alerts/rules/new")
    expect(page.get_by_label("Within minutes").first).to_be_hidden()
    page.get_by_label("Many events").check()
    expect(page.get_by_label("Within minutes").first).to_be_visible()
    expect(page.get_by_label("came back")).to_be_hidden()


def test_a_filter_is_completed_and_its_mistake_is_marked(visit: Visitor, name: str) -> None:
    page = visit.open("/alerts/rules/new")
    page.get_by_label("Name").fill(name)
    search = page.get_by_label("Only issues that this search finds")
    search.press_sequentially("sev")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(search).to_have_value("severity:")
    search.fill("severity:>=error oops:1")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator(".wrong mark")).to_have_text("o")
    expect(search).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Name")).to_have_value(name)
    visit.complaints = [one for one in visit.complaints if "400" not in one]


@pytest.mark.parametrize(
    ("kind", "label", "says"),
    [
        ("Many events", "Events", "A number from 1 to 100000."),
        ("Silence", "Minutes without an event", "5 to 10080 minutes."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    visit: Visitor, kind: str, label: str, says: str
) -> None:
    page = visit.open("/alerts/rules/new")
    page.get_by_label("Name").fill("wrong")
    page.get_by_label(kind).check()
    field = page.get_by_label(label, exact=True)
    field.fill("0")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator(".trouble")).to_have_text(says)
    expect(field).to_be_focused()
    visit.complaints = [one for one in visit.complaints if "400" not in one]


def test_a_rule_is_changed_switched_copied_and_deleted(visit: Visitor, name: str) -> None:
    page = visit.open("/alerts/rules/new")
    page.get_by_label("Name").fill(f"rule {name}")
    page.get_by_label("More than usual").check()
    page.get_by_label("Times the usual").fill("2.5")
    page.get_by_label("Environments").fill("production, staging")
    page.get_by_label("Quiet hours").check()
    # the browser's own
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    page.get_by_role("button", name="Save").last.click()
    saved(page)
    mine = row(page, f"rule {name}")
    expect(mine).to_contain_text("More than 2.5 times the usual of the hour, at least 10 events")
    expect(mine).to_contain_text("in production, staging")
    expect(mine).to_contain_text("quiet from 22:00 to 07:00 (Europe/Berlin) unless critical")
    mine.get_by_role("switch").click()
    saved(page)
    expect(mine.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    mine.get_by_role("link", name="Duplicate").click()
    expect(page.get_by_label("Name")).to_have_value(f"rule {name} (copy)")
    expect(page.get_by_label("Times the usual")).to_have_value("2.5")
    page.get_by_role("button", name="Save").last.click()
    row(page, f"rule {name} (copy)").locator(".row-title").click()
    page.get_by_text("Delete", exact=True).click()
    page.get_by_role("button", name="Delete the rule").click()
    saved(page, "Deleted.")
    expect(row(page, f"rule {name}")).to_have_count(1)


@BARE
def test_a_rule_is_written_without_a_script(visit: Visitor, name: str) -> None:
    page = visit.page
    page.goto(f"{visit.site.base_url}/alerts/rules/new")
    page.get_by_label("Name").fill(f"rule {name}")
    page.get_by_label("Many users").check()
    page.get_by_label("Users", exact=True).fill("7")
    page.get_by_role("button", name="Save").last.click()
    expect(row(page, f"rule {name}")).to_contain_text("7 users within 1 hour")
    expect(page.locator(".done")).to_contain_text("Saved.")


def test_why_is_asked_from_the_issue(visit: Visitor) -> None:
    """The rule that is there from the start is about production."""
    page = visit.open(f"/issues/{visit.site.issues['shop']}")
    page.get_by_role("link", name="Why did it (not) alert?").click()
    rule = page.get_by_label("Rule")
    rule.select_option(label="New or regressed errors in production")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("#verdict")).to_have_text("It would not fire now")
    fails = page.locator(".steps .fails")
    expect(fails).to_contain_text(["No event is of these environments: production, prod, live."])
    expect(page.locator(".steps .holds").first).to_contain_text("The rule is on.")


def test_a_channel_is_made_tested_changed_and_deleted(
    visit: Visitor, receiver: Receiver, name: str
) -> None:
    page = add_webhook(visit, f"hook {name}", receiver.url)
    key = page.locator("#secret").inner_text()
    assert key.startswith("whsec_")
    page.get_by_role("link", name="Back").click()
    page.locator("#test").get_by_role("button").click()
    expect(page.locator("#test [role=status]")).to_contain_text("HTTP 200")
    assert len(receiver.got) == 1
    receiver.answer = answers("410 Gone", "gone")
    page.locator("#test").get_by_role("button").click()
    expect(page.locator("#test .trouble")).to_contain_text("410")
    assert key not in page.content()
    page.get_by_label("Name").fill(f"other {name}")
    page.get_by_role("button", name="Save").click()
    saved(page)
    page.get_by_role("button", name="Make a new key").click()
    assert page.locator("#secret").inner_text() not in {"", key}
    page.get_by_role("link", name="Back").click()
    page.get_by_text("Delete", exact=True).click()
    page.get_by_role("button", name="Delete the channel").click()
    saved(page, "Deleted.")
    expect(row(page, f"other {name}")).to_have_count(0)
    visit.open("/alerts/deliveries")
    expect(page.locator("tbody")).to_contain_text("410")


def test_a_secret_is_kept_and_never_shown(visit: Visitor, name: str) -> None:
    page = visit.open("/alerts/channels/new/slack")
    page.get_by_label("Name").fill(f"slack {name}")
    page.get_by_label("Webhook URL or bot token").fill("not a secret of theirs")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#secret-trouble")).to_contain_text("This cannot work:")
    visit.complaints = [one for one in visit.complaints if "400" not in one]
    expect(page.get_by_label("Webhook URL or bot token")).to_have_value("")
    page.get_by_label("Webhook URL or bot token").fill("https://hooks.slack.com/services/T0/B0/x1")
    page.get_by_role("button", name="Add").click()
    saved(page, "Created.")
    assert "T0/B0" not in page.content()
    page.get_by_label("Name").fill(f"still {name}")
    page.get_by_role("button", name="Save").click()
    saved(page)


def test_without_smtp_the_pages_say_how_to_set_it(visit: Visitor) -> None:
    page = visit.open("/alerts/channels")
    expect(page.locator(".no-smtp")).to_contain_text("MANA_ERRORS_SMTP_URL")
    row(page, "Owners").locator(".row-title").click()
    expect(page.locator(".no-smtp")).to_be_visible()
    page.locator("#test").get_by_role("button").click()
    expect(page.locator("#test .trouble")).to_contain_text("MANA_ERRORS_SMTP_URL is not set")


def test_what_was_refused_is_sent_again(visit: Visitor, receiver: Receiver, name: str) -> None:
    receiver.answer = answers("410 Gone", "gone")
    add_webhook(visit, f"hook {name}", receiver.url)
    page = visit.open("/alerts/rules/new")
    page.get_by_label("Name").fill(f"rule {name}")
    page.get_by_label(f"hook {name}").check()
    page.get_by_role("button", name="Save").last.click()
    saved(page)
    visit.site.report(appId=name, errorType="RefusedError")
    page = visit.open("/alerts/deliveries?state=dead")
    while row(page, f"rule {name}").count() == 0:
        page.wait_for_timeout(100)
        page.reload()
    receiver.answer = answers("200 OK", "ok")
    row(page, f"rule {name}").get_by_role("button", name="Send again").click()
    saved(page, "It is sent again.")
    while "sent" not in row(page, f"rule {name}").locator(".state-of").inner_text():
        page.wait_for_timeout(100)
        page.reload()
    # other tests need not be told
    visit.open("/alerts/rules")
    row(page, f"rule {name}").get_by_role("switch").click()
    saved(page)


def test_the_keyboard_leads_there(visit: Visitor) -> None:
    page = visit.open("/")
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page).to_have_url(re.compile("/alerts$"))
    page.get_by_role("link", name="Rules").click()
    expect(page).to_have_url(re.compile("/alerts/rules$"))
    expect(page.locator("html")).to_have_attribute("data-scripted", "")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("/alerts/rules/new$"))


@pytest.mark.parametrize("visit", [{"viewport": PHONE, "has_touch": True}], indirect=True)
def test_a_rule_is_tried_on_a_telephone(visit: Visitor, name: str) -> None:
    page = visit.open("/alerts/rules/new")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Try on the last 14 days").click()
    expect(page.locator(".verdict")).to_be_in_viewport()
