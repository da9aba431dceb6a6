"""How long restock windows last, and how long it is from one opening to the next. Pure.

A poll tells of an end only that it came since the poll before. So each length lies between a shortest and a
longest possible one. Those whose beginning nobody saw are left out: long ones would be among them too often.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from monitor.core.survival import Sample
from monitor.core.watched import Hole, Piece


@dataclass(frozen=True, slots=True)
class Lengths:
    """The same lengths as short and as long as they can have been, and half way between."""

    shortest: Sample
    middle: Sample
    longest: Sample

    @property
    def count(self) -> int:
        return self.shortest.count


@dataclass(frozen=True, slots=True)
class Opening:
    """It came after the poll at `unseen_ms`, which knew it gone, and by the one at `opened_ms`."""

    unseen_ms: int
    opened_ms: int


def of_windows(pieces: Iterable[Piece[int]]) -> Lengths:
    """Of those whose opening was seen; lost are those that a hole cut, and the one that is open still."""
    ended: list[tuple[int, int]] = []
    lost: list[tuple[int, int]] = []
    for opened, unseen, last, closed, *_ in pieces:
        if unseen is None:
            continue
        if closed is None:
            lost.append((last - opened, last - unseen))
        else:
            ended.append((last - opened, closed - unseen))
    return _lengths(ended, lost)


def between(openings: Sequence[Opening], dark: Iterable[Hole[int]], answered_ms: int) -> Lengths:
    """From each opening to the next; lost where a hole lies between that may hide one, and after the last."""
    ended: list[tuple[int, int]] = []
    lost: list[tuple[int, int]] = []
    holes = iter(dark)
    hole = next(holes, None)
    for opening, following in zip(openings, [*openings[1:], None], strict=False):
        while hole is not None and hole.start < opening.opened_ms:
            hole = next(holes, None)
        is_watched = hole is None or (following is not None and following.opened_ms <= hole.start)
        if following is not None and is_watched:
            ended.append((following.unseen_ms - opening.opened_ms, following.opened_ms - opening.unseen_ms))
            continue
        seen_ms = max(answered_ms if hole is None else hole.answered_at, opening.opened_ms)
        lost.append((seen_ms - opening.opened_ms, seen_ms - opening.unseen_ms))
    return _lengths(ended, lost)


def _lengths(ended: Sequence[tuple[int, int]], lost: Sequence[tuple[int, int]]) -> Lengths:
    def sample(length: Callable[[tuple[int, int]], int]) -> Sample:
        return Sample(sorted(map(length, ended)), sorted(map(length, lost)))

    return Lengths(sample(itemgetter(0)), sample(_middle), sample(itemgetter(1)))


def _middle(bounds: tuple[int, int]) -> int:
    return (bounds[0] + bounds[1]) // 2
