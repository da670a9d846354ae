"""Messages in English."""

from typing import Final

WORDS: Final = {
    # what happened
    "new": "New",
    "regressed": "Came back",
    "regressed_in": "Came back in {}",
    "escalated": "Escalating",
    "occurred": "Happened",
    "many": "{} in {}",
    "unusual": "{} this hour, usually {}",
    "silent": "No events for {}",
    "alert": "Alert",
    # how many
    "event": "{} event",
    "events": "{} events",
    "user": "{} user",
    "users": "{} users",
    "minute": "{} minute",
    "minutes": "{} minutes",
    "hour": "{} hour",
    "hours": "{} hours",
    "day": "{} day",
    "days": "{} days",
    "more": "and {} more",
    # what it is about
    "app": "App",
    "environment": "Environment",
    "release": "Release",
    "severity": "Severity",
    "severity_debug": "debug",
    "severity_info": "info",
    "severity_warning": "warning",
    "severity_error": "error",
    "severity_critical": "critical",
    "count": "Events",
    "user_count": "Users",
    "where": "Where",
    "trend": "Last 24 hours",
    "trend_most": "Last 24 hours, at most {} events an hour",
    "rule": "Rule: {}",
    # what to do
    "open": "Open",
    "open_issue": "Open the issue",
    "open_app": "Open the app",
    "resolve": "Resolve",
    "ignore": "Ignore for a week",
    "open_server": "Open Mana Errors",
    # a digest
    "alerts": "{} alerts: {}",
    # a test
    "test": "This channel works",
    "test_text": "A test of the channel. Alerts of its rules look like this, and say more.",
    # below an e-mail
    "footer_rule": "Sent by the rule “{}”.",
    "footer_rules": "Sent by several rules.",
    "footer_test": "Sent because somebody tested this channel.",
    "mute": "No more of these e-mails",
}
