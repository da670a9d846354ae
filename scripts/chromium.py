"""Prints the path of a Chromium for the tests: CHROMIUM, one on PATH or in /Applications, or
Debian's package, which root installs here. Nothing where there is none: those tests are skipped."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Without its windows it takes half the processor's time (46 pages: 33 s for 70).
SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def main() -> None:
    """Find, or install once."""
    found = os.environ.get("CHROMIUM") or find() or (install() and find())
    sys.stdout.write(f"{found or ''}\n")


def find() -> str | None:
    """The first that is there."""
    on_path = next((path for name in NAMES if (path := shutil.which(name))), None)
    return on_path or (str(MAC) if MAC.exists() else None)


def install() -> bool:
    """Debian's package, of old Debian the one with windows; says what to do where that is not
    ours to do."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.stderr.write(
            "no Chromium: tests in a browser are skipped. Install it, or set CHROMIUM\n"
        )
        return False
    apt("update")
    return any(
        apt("install", "-y", "--no-install-recommends", name) for name in (SHELL, "chromium")
    )


def apt(*words: str) -> bool:
    """Whether Debian's installer did it."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "-qq", *words], env=quiet, stdout=sys.stderr, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    main()
