"""All pages, in one place. Serving and testing walk this list."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from starlette.routing import BaseRoute, Route

from mana_errors.web import (
    account,
    actions,
    answers,
    apps,
    audit,
    discussion,
    events,
    explore,
    facets,
    issue,
    issues,
    links,
    members,
    merging,
    no_weekly,
    outcomes,
    second_factor,
    setup,
    sign_in,
    system,
    tail,
    theme,
    tokens,
    views,
)
from mana_errors.web.assets import ASSET_ROUTE
from mana_errors.web.page import Page, Pages
from mana_errors.web.render import render_asset
from mana_errors.web.visit import Services

PAGES: Final[tuple[Page, ...]] = (
    Page("GET", "/", issues.show_list),
    Page("GET", "/facets", facets.show),
    Page("POST", "/views", views.save),
    Page("POST", "/views/{id}/delete", views.delete),
    Page("POST", "/issues/actions", actions.act, "triage"),
    Page("POST", "/issues/undo", actions.undo, "triage"),
    Page("GET", "/issues/{id}", issue.show),
    Page("GET", "/issues/{id}/merge", merging.choose, "triage"),
    Page("POST", "/issues/{id}/unmerge", merging.take_out, "triage"),
    Page("POST", "/issues/{id}/comments", discussion.comment, "triage"),
    Page("POST", "/issues/{id}/links", discussion.link, "triage"),
    Page("POST", "/issues/{id}/activity/{entry}", discussion.edit, "triage"),
    Page("POST", "/issues/{id}/activity/{entry}/delete", discussion.remove, "triage"),
    Page("GET", "/issues/{id}/events", issue.show_events),
    Page("GET", "/issues/{id}/events/{event}", issue.show_with),
    Page("GET", "/overview", explore.show_overview),
    Page("GET", "/releases", explore.show_releases),
    Page("GET", "/users", explore.show_user),
    Page("GET", "/events", events.show),
    Page("GET", "/events/{id}", issue.find_issue_of),
    Page("GET", "/events/{id}/text", issue.copy_text),
    Page("GET", "/events/{id}/markdown", issue.copy_markdown),
    # signing in and out
    Page("GET", "/sign-in", sign_in.show, None),
    Page("POST", "/sign-in", sign_in.enter, None),
    Page("POST", "/sign-out", sign_in.leave, None),
    Page("GET", "/welcome/{secret}", links.show, None),
    Page("POST", "/welcome/{secret}", links.join, None),
    Page("GET", "/invitation/{secret}", links.show, None),
    Page("POST", "/invitation/{secret}", links.join, None),
    Page("GET", "/password/{secret}", links.show, None),
    Page("POST", "/password/{secret}", links.set_password, None),
    # links in messages
    Page("GET", "/act/{token}", answers.ask, None),
    Page("POST", "/act/{token}", answers.do, None, signed=True),
    Page("GET", "/mute/{token}", answers.ask_mute, None),
    Page("POST", "/mute/{token}", answers.mute, None, signed=True),
    Page("POST", "/mute/{token}/undo", answers.unmute, None, signed=True),
    Page("GET", "/no-weekly/{token}", no_weekly.ask, None),
    Page("POST", "/no-weekly/{token}", no_weekly.stop, None, signed=True),
    Page("POST", "/no-weekly/{token}/undo", no_weekly.start, None, signed=True),
    Page("POST", "/theme", theme.choose, None),
    # oneself
    Page("GET", "/account", account.show),
    Page("POST", "/account", account.save),
    Page("POST", "/account/password", account.change_password),
    Page("POST", "/account/sessions/end-others", account.end_others),
    Page("POST", "/account/sessions/{id}/end", account.end_session),
    Page("GET", "/account/second-factor", second_factor.show),
    Page("POST", "/account/second-factor", second_factor.turn_on),
    Page("POST", "/account/second-factor/off", second_factor.turn_off),
    # people
    Page("GET", "/members", members.show_list, "admin", all_apps=True),
    Page("POST", "/members", members.invite, "admin", all_apps=True),
    Page("GET", "/members/{id}", members.show_one, "admin", all_apps=True),
    Page("POST", "/members/{id}", members.change, "admin", all_apps=True),
    Page("POST", "/members/{id}/disable", members.disable, "admin", all_apps=True),
    Page("POST", "/members/{id}/enable", members.enable, "admin", all_apps=True),
    Page("POST", "/members/{id}/password", members.make_password_link, "admin", all_apps=True),
    # scripts
    Page("GET", "/tokens", tokens.show_list, "admin", all_apps=True),
    Page("POST", "/tokens", tokens.create, "admin", all_apps=True),
    Page("POST", "/tokens/{id}/revoke", tokens.revoke, "admin", all_apps=True),
    # apps and what was done
    Page("GET", "/apps", apps.show_list),
    Page("POST", "/apps", apps.create, "admin", all_apps=True),
    Page("GET", "/apps/{id:path}", apps.show_one, "admin"),
    Page("POST", "/apps/{id:path}", apps.change, "admin"),
    Page("GET", "/setup", setup.show, "admin"),
    Page("POST", "/keys", apps.add_key, "admin"),
    Page("POST", "/keys/{id}/revoke", apps.revoke_key, "admin"),
    Page("GET", "/outcomes", outcomes.show),
    Page("GET", "/system", system.show, "admin", all_apps=True),
    Page("GET", "/tail", tail.show),
    Page("GET", "/tail/events", tail.stream),
    Page("GET", "/audit", audit.show, "admin"),
)


def page_routes(services: Services, more: Sequence[Page] = ()) -> list[BaseRoute]:
    """Routes of all pages, and of more from higher layers."""
    by_path: defaultdict[str, list[Page]] = defaultdict(list)
    for page in (*PAGES, *more):
        by_path[page.path].append(page)
    return [
        *(Route(path, Pages(pages, services)) for path, pages in by_path.items()),
        Route(ASSET_ROUTE, render_asset),
    ]
