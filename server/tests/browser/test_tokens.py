"""Tokens in a browser: made, copied, revoked."""

import httpx
from playwright.sync_api import expect

from browsing import Visitor
from harness import wait_until


def test_a_token_is_copied_and_works_until_it_is_revoked(visit: Visitor, name: str) -> None:
    page = visit.open("/tokens")
    page.get_by_label("Name").fill(name)
    page.get_by_label("triage: change issues").check()
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("h1")).to_have_text(f"The token {name}")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator(".toast")).to_have_text("Copied")
    secret = page.evaluate("navigator.clipboard.readText()")

    def status() -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        return httpx.get(f"{visit.site.base_url}/api/v1/me", headers=headers).status_code

    assert status() == 200
    page.get_by_role("link", name="Back").click()
    page.get_by_role("button", name=f"Revoke: {name}").click()
    expect(page.locator(".done")).to_contain_text("Revoked")
    expect(page.get_by_text(name)).to_have_count(0)
    wait_until(lambda: status() == 401, "the token to be useless")
