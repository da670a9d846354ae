"""Issues that are one problem: merged and taken apart in a browser, found under all their links."""

import re

from playwright.sync_api import Page, expect

from browsing import Visitor


def reported(visit: Visitor, app: str, *types: str) -> Page:
    """The app's list, once it has an issue of each type."""
    for kind in types:
        visit.site.report(appId=app, errorType=kind, message="no")
    page = visit.open(f"/?app={app}")
    while page.locator("[data-row]").count() < len(types):
        page.reload()
    return page


def test_others_are_merged_into_an_issue_and_taken_out_again(visit: Visitor, name: str) -> None:
    page = reported(visit, name, "FirstError", "SecondError", "ThirdError")
    old = page.get_by_role("link", name="SecondError no").get_attribute("href") or ""
    page.get_by_role("link", name="FirstError no").click()
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Merge with others").click()
    expect(page.locator(".nothing")).to_contain_text("No other issue")
    page.get_by_role("link", name="Show all issues").click()
    page.get_by_label("Select: SecondError: no").check()
    page.get_by_label("Select: ThirdError: no").check()
    page.get_by_role("button", name="Merge the selected").click()
    expect(page.locator(".done")).to_contain_text("Merged.")
    issue = page.url.partition("?")[0]
    expect(page.locator(".groups li")).to_have_count(3)
    visit.open(old + "?from=mail#activity")
    expect(page).to_have_url(f"{issue}?from=mail#activity")
    page.get_by_role("button", name="Take out: SecondError: no").click()
    expect(page.locator(".done")).to_contain_text("Taken out")
    expect(page.locator(".groups li")).to_have_count(2)
    visit.open(old)
    expect(page.locator("h1")).to_have_text("SecondError no")
    expect(page).not_to_have_url(issue)


def test_a_merge_of_an_issues_page_is_taken_back(visit: Visitor, name: str) -> None:
    """Under its own address again."""
    page = reported(visit, name, "FirstError", "SecondError")
    old = page.get_by_role("link", name="SecondError no").get_attribute("href") or ""
    into = page.get_by_role("link", name="FirstError no").get_attribute("href") or ""
    visit.open(f"{into}/merge?q=second")
    page.get_by_label("Select: SecondError: no").check()
    page.get_by_role("button", name="Merge the selected").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".done")).to_contain_text("Taken back.")
    visit.open(old)
    expect(page).to_have_url(re.compile(f"{old}$"))
