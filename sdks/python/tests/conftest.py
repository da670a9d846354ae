"""What all tests of the SDK share. Unit tests run where there is nothing else of this project."""

import os

from hypothesis import HealthCheck, settings

# How long examples take says how busy the machine is. A nightly run may ask for more of them.
settings.register_profile(
    "tests", deadline=None, suppress_health_check=[HealthCheck.too_slow],
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100")),
)  # fmt: skip
settings.load_profile("tests")
