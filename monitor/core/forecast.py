"""The chance that a product opens within 1, 6 and 24 hours, and whether that is worth saying. Pure.

What is said for an hour and for six speaks only where, in hindsight, it was better than the usual share; for
a day the usual share is all there is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from statistics import fmean
from typing import Final

from monitor.core.calendar import Slots
from monitor.core.chance import LEAST, MOST, Outlook, bounded
from monitor.core.exposure import Exposure
from monitor.core.hindsight import MODELLED_S, Score, Trial, gain_at_least, trials
from monitor.core.openings import Out, Record
from monitor.core.rates import Rates, fit

LEAST_WINDOWS: Final = 50
LEAST_OBSERVED: Final = timedelta(days=28)
BAND_EDGES: Final = (LEAST, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, MOST)


@dataclass(frozen=True, slots=True)
class Band:
    """What became of the forecasts from `low` to `high`: how many, what they said on average, what came."""

    low: float
    high: float
    count: int
    said: float
    came: float


@dataclass(frozen=True, slots=True)
class Trialled:
    """Forecasts of the past against what came. Brier scores: the mean squared error, 0 is perfect.

    `cut`: horizons dropped because they were not watched. `gain_at_least`: the 2.5 % quantile of the mean
    gain over the usual share; None: there are too few.
    """

    count: int
    cut: int
    brier: float
    usual_brier: float
    gain_at_least: float | None
    bands: tuple[Band, ...]

    @property
    def skill(self) -> float:
        """How much of the usual share's error is gone; below 0: more was added."""
        return 1 - self.brier / self.usual_brier if self.usual_brier else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`chance`: None where it does not speak, and while the product is not known to be gone.

    `usual`: the share of all hours in which it was gone after which it opened in time; None: none is over.
    `test`: None for a day, and where nothing could be tested.
    """

    horizon: timedelta
    chance: float | None
    usual: float | None
    test: Trialled | None

    @property
    def speaks(self) -> bool:
        return self.test is not None and (self.test.gain_at_least or 0.0) > 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """`outcomes` and `rates`: none while there is not enough data. `is_out`: gone, and known to be."""

    windows: int
    observed: timedelta
    is_out: bool
    outcomes: tuple[Outcome, ...] = ()
    rates: Rates | None = None

    @property
    def speaks(self) -> bool:
        """For the next hour."""
        return bool(self.outcomes) and self.outcomes[0].speaks


def forecast(record: Record, slots: Slots, draw: Callable[[], float]) -> Forecast:
    """At the end of `record`. `slots`: from its start to a day after its end; `draw`: numbers in [0, 1)."""
    observed = timedelta(seconds=record.observed_until(record.end))
    out = _still_out(record)
    if record.windows < LEAST_WINDOWS or observed < LEAST_OBSERVED:
        return Forecast(record.windows, observed, out is not None)
    rates = fit(Exposure(record, slots).move_to(record.end))
    outlook = Outlook(rates, slots, record.end, record.end + MODELLED_S[-1])
    outcomes = tuple(_outcome(trial, out, outlook, record.end, draw) for trial in trials(record, slots))
    return Forecast(record.windows, observed, out is not None, outcomes, rates)


def _still_out(record: Record) -> Out | None:
    last = record.outs[-1] if record.outs else None
    return last if last is not None and last.end == record.end and not last.opened else None


def _outcome(
    trial: Trial, out: Out | None, outlook: Outlook, now: float, draw: Callable[[], float]
) -> Outcome:
    test = _test(trial, draw) if trial.scores else None
    usual = None if trial.usual is None else bounded(trial.usual)
    outcome = Outcome(timedelta(seconds=trial.horizon_s), None, usual, test)
    if out is None or not outcome.speaks:
        return outcome
    return Outcome(outcome.horizon, outlook.chance(out, now, trial.horizon_s), usual, test)


def _test(trial: Trial, draw: Callable[[], float]) -> Trialled:
    scores = trial.scores
    return Trialled(
        len(scores),
        trial.cut,
        fmean((score.chance - score.came) ** 2 for score in scores),
        fmean((score.usual - score.came) ** 2 for score in scores),
        gain_at_least(scores, draw),
        _bands(scores),
    )


def _bands(scores: Sequence[Score]) -> tuple[Band, ...]:
    found = []
    for low, high in pairwise(BAND_EDGES):
        inside = [score for score in scores if low <= score.chance < high or score.chance == high == MOST]
        if inside:
            said = fmean(score.chance for score in inside)
            found.append(Band(low, high, len(inside), said, fmean(score.came for score in inside)))
    return tuple(found)
