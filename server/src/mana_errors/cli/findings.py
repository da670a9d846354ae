"""What a check of `doctor` says."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    # works, but somebody should look
    WARN = "warn"
    # does not work
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line."""

    check: str
    verdict: Verdict
    detail: str
    # what to do; empty when nothing is
    advice: str = ""


def ok(check: str, detail: str) -> Finding:
    """Nothing to do."""
    return Finding(check, Verdict.OK, detail)


def warn(check: str, detail: str, advice: str) -> Finding:
    """Works, but somebody should look."""
    return Finding(check, Verdict.WARN, detail, advice)


def fail(check: str, detail: str, advice: str) -> Finding:
    """Does not work."""
    return Finding(check, Verdict.FAIL, detail, advice)
