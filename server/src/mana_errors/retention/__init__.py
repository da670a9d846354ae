"""Partitions made ahead and dropped when their events expire."""
