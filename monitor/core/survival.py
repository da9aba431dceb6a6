"""How many outlast a time, when of some it is only known that they lasted at least so long. Pure.

The product-limit estimate of Kaplan & Meier (J. Amer. Statist. Assoc. 53, 1958): who is lost from sight is at
risk until then. Between two that are lost the factors cancel out to a single one.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Sample:
    """Lengths in milliseconds, both in order. Of those that were `lost`, how long they lasted at least."""

    ended: Sequence[int]
    lost: Sequence[int]

    @property
    def count(self) -> int:
        return len(self.ended) + len(self.lost)

    def lost_by(self, at_ms: int) -> float:
        """The share of all that was lost before: what they were then is not known."""
        return bisect_left(self.lost, at_ms) / self.count if self.count else 0.0


class _Stage(NamedTuple):
    """`share` outlasted what was before; of `at_risk`, those from `first` up to without `stop` ended here."""

    share: float
    at_risk: int
    first: int
    stop: int

    @property
    def left(self) -> float:
        return self.share * (self.at_risk - (self.stop - self.first)) / self.at_risk


def outlasting(sample: Sample, at_ms: int) -> float | None:
    """The share that lasts longer than `at_ms`. None: none was watched for so long."""
    ended = sample.ended[: bisect_right(sample.ended, at_ms)]
    lost = sample.lost[: bisect_left(sample.lost, at_ms)]
    *_, last = _stages(ended, lost, sample.count)
    return last.left if last.at_risk else None


def length_at(sample: Sample, share: float) -> int | None:
    """The least length, in ms, that at most 1 - `share` outlast. None: too few were seen to end."""
    target = 1 - share
    for stage in _stages(sample.ended, sample.lost, sample.count):
        if stage.stop > stage.first and stage.left <= target + _ROUNDING:
            ended = ceil(stage.at_risk * (1 - target / stage.share) - _ROUNDING)
            return sample.ended[stage.first + ended - 1]
    return None


def _stages(ended: Sequence[int], lost: Sequence[int], count: int) -> Iterator[_Stage]:
    """One up to each that is lost, which is at risk still for what ends at that very time; and the last."""
    stage = _Stage(1.0, count, 0, 0)
    for at_ms in lost:
        stage = stage._replace(stop=bisect_right(ended, at_ms))
        yield stage
        stage = _Stage(stage.left, stage.at_risk - (stage.stop - stage.first) - 1, stage.stop, stage.stop)
    yield stage._replace(stop=len(ended))
