"""Series of counts -> geometry of bars, drawn by the templates as SVG."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from mana_errors.model.decision import TrialResult
from mana_errors.model.exploring import IssueRelease
from mana_errors.model.outcome import OutcomeBucket
from mana_errors.model.reading import Tick

# Units of the drawing; the page stretches it.
STEP: Final = 10
GAP: Final = 2
HEIGHT: Final = 60
# More lines hide the bars.
MAX_MARKERS: Final = 6
_SPARK_HEIGHT: Final = 24
# Whatever is not zero can be seen.
_LEAST: Final = 2


class Bar(NamedTuple):
    """One tick's."""

    tick: Tick
    x: int
    y: int
    height: int


def bars(ticks: Sequence[Tick]) -> list[Bar]:
    """Bars below HEIGHT, side by side."""
    return [
        Bar(tick, index * STEP, HEIGHT - height, height)
        for index, (tick, height) in enumerate(
            zip(ticks, _heights([tick.count for tick in ticks], HEIGHT), strict=True)
        )
    ]


def spark(counts: Sequence[int]) -> str:
    """The path of a small chart: one rectangle a count."""
    return "".join(
        f"M{index * STEP} {_SPARK_HEIGHT}v-{height}h{STEP - GAP}v{height}z"
        for index, height in enumerate(_heights(counts, _SPARK_HEIGHT))
        if height
    )


def release_markers(
    ticks: Sequence[Tick], releases: Sequence[IssueRelease]
) -> list[tuple[int, str]]:
    """Where in the chart of these ticks each release was first seen, and which: the newest few."""
    starts = [tick.at for tick in ticks]
    seen = [(bisect_right(starts, one.first_seen) - 1, one.release) for one in releases]
    return [(index * STEP, name) for index, name in seen if index >= 0][:MAX_MARKERS]


def ticks_of(buckets: Sequence[OutcomeBucket]) -> list[Tick]:
    """The ledger's series of what was received."""
    return [Tick(bucket.start, bucket.received) for bucket in buckets]


def trial_ticks(trial: TrialResult) -> list[Tick]:
    """How often a rule that was tried fired, by day."""
    return [Tick(day.day, day.times) for day in trial.days]


def _heights(counts: Sequence[int], height: int) -> list[int]:
    most = max(counts, default=0) or 1
    return [max(round(count * height / most), _LEAST * bool(count)) for count in counts]


FILTERS: Final = {"bars": bars, "spark": spark, "ticks": ticks_of, "trial_ticks": trial_ticks}
