"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None, typer.Option(help="The server's data directory [env: MANA_ERRORS_DATA_DIR].")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
