"""What stands in the place of a secret."""

from typing import Final

MARKER: Final = "[scrubbed]"
MARKER_BYTES: Final = MARKER.encode()
