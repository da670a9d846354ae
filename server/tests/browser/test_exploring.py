"""Events in a browser: columns, a stretch of time, what they are counted by."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from browsing import Visitor


def asked(visit: Visitor) -> dict[str, list[str]]:
    return parse_qs(urlsplit(visit.page.url).query)


def test_columns_are_chosen_and_exported(visit: Visitor) -> None:
    page = visit.open("/events?q=app:shop&columns=message&columns=userId")
    expect(page.locator(".events thead th")).to_have_text(["When", "Message", "User"])
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Message", exact=True).uncheck()
    page.get_by_label("Type", exact=True).check()
    page.locator(".menu[open]").get_by_role("button", name="Set").click()
    expect(page.locator(".events thead th")).to_have_text(["When", "Type", "User"])
    assert asked(visit)["columns"] == ["errorType", "userId"]
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0] == "occurredAt,errorType,userId"
    assert len(lines) == 31


def test_a_stretch_of_the_chart_is_drawn(visit: Visitor) -> None:
    page = visit.open("/events?q=app:shop&hours=24&by=type")
    box = page.locator("[data-brush] .plot").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("from="))
    times = [datetime.fromisoformat(asked(visit)[name][0]) for name in ("from", "to")]
    assert abs(times[1] - times[0] - timedelta(hours=6)) < timedelta(minutes=30)
    assert (asked(visit)["q"], asked(visit)["by"]) == (["app:shop"], ["type"])
    expect(page.locator("[data-hours]")).to_have_value("")


def test_a_stretch_of_the_chart_is_set_by_keys(visit: Visitor) -> None:
    page = visit.open("/events?q=app:shop")
    zoom = page.get_by_role("button", name="Zoom in")
    expect(zoom).to_be_disabled()
    slider = page.get_by_role("slider", name="From", exact=True)
    for _ in range(3):
        slider.press("ArrowRight")
    expect(zoom).to_be_enabled()
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^20\d\d-"))
    slider.press("Enter")
    expect(page).to_have_url(re.compile("from=.*to="))
    expect(page.locator("[data-row]")).not_to_have_count(0)


@pytest.mark.parametrize("visit", [{"java_script_enabled": False}], indirect=True)
def test_a_stretch_is_typed_without_a_script(visit: Visitor) -> None:
    page = visit.page
    page.goto(f"{visit.site.base_url}/events?q=app:shop")
    expect(page.locator(".brush")).not_to_be_visible()
    page.get_by_text("From … to").last.click()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    page.get_by_label("From (UTC)").fill(f"{tomorrow - timedelta(days=3):%Y-%m-%dT%H:%M:%S}")
    page.get_by_label("To (UTC)").fill(f"{tomorrow:%Y-%m-%dT%H:%M:%S}")
    page.locator(".menu[open]").get_by_role("button", name="Set").click()
    expect(page.locator("[data-hours]")).to_have_value("")
    expect(page.locator("[data-row]")).not_to_have_count(0)
    page.locator("[data-hours]").select_option("1")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("[data-hours]")).to_have_value("1")
    visit.complaints.clear()


def test_a_value_that_events_are_counted_by_is_searched_for(visit: Visitor) -> None:
    page = visit.open("/events?q=app:shop&by=type")
    page.locator(".explored table").get_by_role("link", name="Error07").click()
    expect(page.locator("[data-search]")).to_have_value("app:shop type:Error07")
    expect(page.locator("[data-row]")).to_have_count(1)
