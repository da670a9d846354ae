"""Finding issues in a browser: values beside the list, completion of searches."""

import re

import pytest
from playwright.sync_api import expect

from browsing import PHONE, Visitor


def test_values_beside_the_list_narrow_it_down_and_widen_it_again(visit: Visitor) -> None:
    page = visit.open("/?q=app:shop")
    facets = page.locator(".beside-list #facets")
    kind = facets.get_by_role("link", name="Error07 1")
    expect(kind).to_have_count(0)
    facets.get_by_text("14 more").click()
    kind.click()
    expect(page).to_have_url(re.compile(r"q=app%3Ashop\+type%3AError07"))
    expect(page.locator("[data-row]")).to_have_count(1)
    facets.get_by_role("link", name=re.compile("^Error07 . 1")).click()
    facets.get_by_role("link", name=re.compile("^shop . ")).click()
    expect(page.locator("[data-search]")).to_have_value("")


@pytest.mark.parametrize("visit", [{"viewport": PHONE}], indirect=True)
def test_values_are_a_page_where_there_is_no_room(visit: Visitor) -> None:
    page = visit.open("/?app=shop&q=error0")
    page.get_by_role("link", name="Narrow down").click()
    page.get_by_role("link", name="unresolved").click()
    expect(page).to_have_url(re.compile(r"/\?q=error0\+is%3Aunresolved&app=shop"))


@pytest.mark.parametrize("visit", [{"java_script_enabled": False}], indirect=True)
def test_values_are_a_page_without_a_script(visit: Visitor) -> None:
    page = visit.page
    page.goto(f"{visit.site.base_url}/?q=a+OR+app:shop")
    page.get_by_role("link", name="Narrow down").click()
    page.get_by_role("link", name=re.compile("^shop 30")).click()
    expect(page.locator("[data-search]")).to_have_value("(a OR app:shop) app:shop")
    visit.complaints.clear()


def test_a_search_is_completed_with_values_that_there_are(visit: Visitor) -> None:
    page = visit.open("/")
    box, offers = page.locator("[data-search]"), page.locator("#offers li")
    box.fill("")
    box.press_sequentially("!type:Error0")
    expect(offers.first).to_have_text("!type:Error00 1")
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("!type:Error01 ")
    box.press_sequentially("is:esc")
    expect(offers).to_have_text(["is:escalating "])
    box.fill("")
    box.press_sequentially("tag.")
    expect(offers.locator("small").first).to_be_visible()
