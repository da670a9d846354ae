"""One at a time over all nodes: deltas -> issues, rollups, distinct users."""
