"""What the server counts about itself, for /metrics. Several processes share the numbers through
prometheus_client's multiprocess mode."""

import asyncio
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

received: Final = Counter(
    "mana_errors_received_total", "Events received, whatever became of them.", ["protocol"]
)
outcomes: Final = Counter(
    "mana_errors_outcomes_total", "What became of received events.", ["outcome"]
)
items: Final = Counter(
    "mana_errors_envelope_items_total", "Items of Sentry's envelopes, by type.", ["type"]
)
requests_refused: Final = Counter(
    "mana_errors_requests_refused_total",
    "Ingest requests refused as a whole, by HTTP status.",
    ["status"],
)
protected: Final = Counter(
    "mana_errors_protected_total",
    "Requests, batch items and connections that a worker refused or ended to protect itself: "
    "memory, bodies, connections, shed (silent ones), slow, budget (of CPU time).",
    ["reason"],
)
unexpected: Final = Counter(
    "mana_errors_unexpected_errors_total", "Exceptions that nobody expected, by place.", ["place"]
)
spool_commit_seconds: Final = Histogram(
    "mana_errors_spool_commit_seconds",
    "Time of one group commit of the spool: write and fsync.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
spool_bytes: Final = Gauge(
    "mana_errors_spool_bytes",
    "Bytes of spool segments, allocated space included.",
    multiprocess_mode="mostrecent",
)
spool_waiting_bytes: Final = Gauge(
    "mana_errors_spool_waiting_bytes",
    "Bytes in the spool that are not digested.",
    multiprocess_mode="mostrecent",
)
spool_age_seconds: Final = Gauge(
    "mana_errors_spool_age_seconds",
    "Age of the oldest event that is not digested.",
    multiprocess_mode="mostrecent",
)
digested: Final = Counter(
    "mana_errors_digested_total", "What the digest did with accepted events.", ["outcome"]
)
digest_lag_seconds: Final = Histogram(
    "mana_errors_digest_lag_seconds",
    "Time from receiving an event until it is stored, for the last event of each batch.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30, 300, 3600),
)
batch_events: Final = Histogram(
    "mana_errors_batch_events",
    "Events stored in one transaction.",
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
)
database_seconds: Final = Histogram(
    "mana_errors_database_seconds",
    "Time of a database transaction.",
    ["work"],
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
database_failures: Final = Counter(
    "mana_errors_database_failures_total",
    "Transactions that PostgreSQL failed and that are tried again.",
    ["work"],
)
fold_lag_seconds: Final = Histogram(
    "mana_errors_fold_lag_seconds",
    "Time from storing a batch until its deltas are folded into issues.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30, 300, 3600),
)
damaged_bytes: Final = Counter(
    "mana_errors_spool_damaged_bytes_total",
    "Bytes of the spool that held no intact record: torn by a crash before they were "
    "acknowledged, or damaged on disk.",
)
partitions_dropped: Final = Counter(
    "mana_errors_partitions_dropped_total", "Days of events that retention dropped."
)
events_deleted: Final = Counter(
    "mana_errors_events_deleted_total",
    "Stored events that an app's byte budget or age took away, or went with a deleted issue.",
    ["reason"],
)
issues_forgotten: Final = Counter(
    "mana_errors_issues_forgotten_total",
    "Issues without events that nobody cared about.",
)
budgets_exhausted: Final = Gauge(
    "mana_errors_budgets_exhausted",
    "Apps over their byte budget that have only protected events left.",
    multiprocess_mode="mostrecent",
)
bearer: Final = Counter(
    "mana_errors_bearer_tokens_total", "Bearer tokens of reports, by what they proved.", ["result"]
)
reported_users: Final = Counter(
    "mana_errors_reported_users_total",
    "Users that batches of events name: known or unknown to the users table; unreadable where "
    "that could not be asked.",
    ["result"],
)
forgotten_users: Final = Counter(
    "mana_errors_forgotten_user_events_total",
    "Events whose user was deleted from the users table, so that they name nobody any more.",
)
alerts: Final = Counter("mana_errors_alerts_total", "Alerts: firings of rules.")
rule_failures: Final = Counter(
    "mana_errors_rule_failures_total",
    "Times that a rule could not be applied: its filter cannot be read or takes too long.",
)
deliveries: Final = Counter(
    "mana_errors_deliveries_total",
    "Deliveries of alerts, by kind of channel and what became of them; waiting: tried again later.",
    ["kind", "state"],
)
delivery_lag_seconds: Final = Histogram(
    "mana_errors_delivery_lag_seconds",
    "Time from when an alert was due on a channel until it was first tried.",
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600),
)
channels_paused: Final = Gauge(
    "mana_errors_channels_paused",
    "Channels that failed so often that they are left alone for a while.",
    multiprocess_mode="mostrecent",
)


# A scrape comes every few seconds; what a kill in between takes with it is a number, not an event.
TALLY_S: Final = 0.2


class Tally:
    """Counts at the price of an addition and tells the counter a few times a second.

    For what happens thousands of times a second: a counter that processes share takes 3 µs.
    Needs a running event loop.
    """

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._untold = 0

    def inc(self, amount: int = 1) -> None:
        """Count; the counter hears of it within TALLY_S."""
        if not self._untold:
            asyncio.get_running_loop().call_later(TALLY_S, self._tell)
        self._untold += amount

    def _tell(self) -> None:
        untold, self._untold = self._untold, 0
        self._counter.inc(untold)
