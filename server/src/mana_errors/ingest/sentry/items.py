"""Types of items in envelopes."""

from typing import Final

# https://develop.sentry.dev/sdk/data-model/envelope-items/; all others are counted together.
KINDS: Final = frozenset(
    {
        "event",
        "transaction",
        "attachment",
        "session",
        "sessions",
        "feedback",
        "user_report",
        "client_report",
        "check_in",
        "replay_event",
        "replay_recording",
        "replay_video",
        "profile",
        "profile_chunk",
        "log",
        "trace_metric",
        "span",
        "statsd",
        "security",
        "unreal_report",
        "form_data",
    }
)
