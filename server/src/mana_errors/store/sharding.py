"""Where each table would live on a Citus cluster. A catalog lint checks the rules that follow.

sharded: distributed by fingerprint. No unique index without fingerprint, no sequence, no
    trigger, and no foreign key points at it.
reference: copied to every node.
local: on the coordinator alone: small, or written by triage only.
"""

from typing import Final, Literal

Placement = Literal["sharded", "reference", "local"]

PLACEMENT: Final[dict[str, Placement]] = {
    "error_logs": "sharded",
    "issues": "local",
    "issue_hashes": "local",
    "rollups": "local",
    "user_sketches": "local",
    "facets": "local",
    "views": "local",
    "merged_hashes": "local",
    "merged_issues": "local",
    "activity": "local",
    "releases": "local",
    "undos": "local",
    "deltas": "local",
    "spool_cursors": "local",
    "directory": "local",
    "apps": "local",
    "keys": "local",
    "outcomes": "local",
    "app_days": "local",
    "members": "local",
    "sessions": "local",
    "links": "local",
    "sign_in_failures": "local",
    "audit_log": "local",
    "tokens": "local",
    "jobs": "local",
    "nodes": "local",
    "channels": "local",
    "rules": "local",
    "alerts": "local",
    "deliveries": "local",
    "told": "local",
    "answered": "local",
    "muted": "local",
    "weekly_reports": "local",
    "migrations": "local",
}
