"""What stands in the place of a secret."""

from typing import Final

MARKER: Final = "[scrubbed]"
MARKER_BYTES: Final = MARKER.encode()
# What SDKs put there before they send: nothing is left to hide, or to look for elsewhere.
PLACEHOLDERS: Final = frozenset(
    {MARKER, "[Filtered]", "Filtered", "[filtered]", "[REDACTED]", "REDACTED", "[Redacted]"}
)
