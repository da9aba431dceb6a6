"""What a forecast would have said in the past, every hour, and what that was worth. Pure.

The origin rolls: each hour is forecast from what had been seen before it. What is scored against is the
training frequency, the share of earlier hours after which it had opened in time.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, erfc, sqrt
from typing import Final, NamedTuple

from monitor.core.calendar import Slots
from monitor.core.chance import Outlook
from monitor.core.exposure import Exposure
from monitor.core.openings import Out, Record
from monitor.core.rates import fit

HOUR_S: Final = 3_600.0
DAY_S: Final = 86_400.0
TRAINED_FOR_S: Final = 7 * DAY_S
TRAINED_ON: Final = 12
"""The first forecast that is scored has seen so much: a quarter of what one of today must have."""

MOST_UNSEEN: Final = 0.02
"""A horizon of which a larger share was not watched is dropped, whether or not it opened meanwhile."""

LEAST_BLOCKS: Final = 7
DRAWS: Final = 1_000
_Z: Final = 1.959964
MODELLED_S: Final = (HOUR_S, 6 * HOUR_S)
HORIZONS_S: Final = (*MODELLED_S, 24 * HOUR_S)


class Score(NamedTuple):
    """One forecast: `usual` is the training frequency, `came` whether it opened within the horizon."""

    origin: float
    chance: float
    usual: float
    came: bool

    @property
    def gain(self) -> float:
        """Of the Brier score over that of the training frequency."""
        return (self.usual - self.came) ** 2 - (self.chance - self.came) ** 2


@dataclass(slots=True)
class Trial:
    """The scores of one horizon. `cut`: horizons that were dropped; `seen`, `came`: of all origins."""

    horizon_s: float
    scores: list[Score] = field(default_factory=list)
    cut: int = 0
    seen: int = 0
    came: int = 0
    pending: deque[tuple[float, bool]] = field(default_factory=deque)

    @property
    def usual(self) -> float | None:
        """The share of origins so far after which it opened in time."""
        return self.came / self.seen if self.seen else None

    def settle(self, moment: float) -> None:
        """Learn of the horizons that were over by then."""
        while self.pending and self.pending[0][0] <= moment:
            self.came += self.pending.popleft()[1]
            self.seen += 1


def trials(record: Record, slots: Slots) -> list[Trial]:
    """One for each horizon; that of 24 hours is never scored. `slots`: from the record's start to a day after
    its end."""
    found = [Trial(horizon_s) for horizon_s in HORIZONS_S]
    exposure = Exposure(record, slots)
    day, outlook = -1.0, None
    for out, origin in _origins(record.outs):
        if origin // DAY_S != day:
            day = origin // DAY_S
            outlook = _outlook(record, exposure, slots, origin)
        for trial in found:
            trial.settle(origin)
            _try(trial, record, out, origin, outlook)
    for trial in found:
        trial.settle(record.end)
    return found


def gain_at_least(scores: Sequence[Score], draw: Callable[[], float]) -> float | None:
    """The 2.5 % quantile of the mean gain when blocks of two days are drawn anew, a thousand times.

    Neighbouring hours see the same openings: they are drawn together. `draw` gives a number in [0, 1). None:
    there are too few blocks to tell.
    """
    blocks: dict[float, tuple[float, int]] = {}
    for score in scores:
        total, count = blocks.get(score.origin // (2 * DAY_S), (0.0, 0))
        blocks[score.origin // (2 * DAY_S)] = (total + score.gain, count + 1)
    drawn = list(blocks.values())
    if len(drawn) < LEAST_BLOCKS:
        return None
    means = sorted(_mean_of_drawn(drawn, draw) for _ in range(DRAWS))
    return means[int(expanded(len(drawn)) * DRAWS)]


def expanded(blocks: int) -> float:
    """The quantile to read off so that it is the 2.5 % one, for so many blocks: fewer than 2.5 %.

    Redrawn means of few blocks are too much alike, as a normal distribution is too narrow beside Student's
    (T. Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69, 2015: the
    expanded percentile interval). Student's quantile by the Cornish-Fisher expansion.
    """
    freedom = blocks - 1
    student = _Z + (_Z**3 + _Z) / (4 * freedom) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * freedom**2)
    return erfc(student * sqrt(blocks / freedom / 2)) / 2


def _mean_of_drawn(blocks: Sequence[tuple[float, int]], draw: Callable[[], float]) -> float:
    total, count = 0.0, 0
    for _ in blocks:
        gained, origins = blocks[int(draw() * len(blocks))]
        total += gained
        count += origins
    return total / count


def _origins(outs: Sequence[Out]) -> Iterator[tuple[Out, float]]:
    """Every full hour in which it was out and watched."""
    for out in outs:
        origin = ceil(out.start / HOUR_S) * HOUR_S
        while origin < out.end:
            yield out, origin
            origin += HOUR_S


def _outlook(record: Record, exposure: Exposure, slots: Slots, origin: float) -> Outlook | None:
    """None while too little had been seen to forecast anything."""
    counts = exposure.move_to(origin)
    if exposure.windows < TRAINED_ON or record.observed_until(origin) < TRAINED_FOR_S:
        return None
    last = min((origin // DAY_S + 1) * DAY_S, record.end)
    return Outlook(fit(counts), slots, origin, last + MODELLED_S[-1])


def _try(trial: Trial, record: Record, out: Out, origin: float, outlook: Outlook | None) -> None:
    end = origin + trial.horizon_s
    if end > record.end:
        return
    is_scored = outlook is not None and trial.horizon_s in MODELLED_S
    if record.dark_until(end) - record.dark_until(origin) > MOST_UNSEEN * trial.horizon_s:
        trial.cut += is_scored
        return
    came = out.end <= end and _is_shown_within(record, origin, end)
    trial.pending.append((end, came))
    if outlook is not None and is_scored and trial.usual is not None:
        chance = outlook.chance(out, origin, trial.horizon_s)
        trial.scores.append(Score(origin, chance, trial.usual, came))


def _is_shown_within(record: Record, start: float, end: float) -> bool:
    index = bisect_right(record.shown, start)
    return index < len(record.shown) and record.shown[index] <= end
