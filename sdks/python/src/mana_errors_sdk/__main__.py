"""`python -m mana_errors_sdk`: the same as the command `mana-errors-sdk`."""

import sys

from mana_errors_sdk.cli import main

sys.exit(main())
