"""Restock windows as far as they were watched: what numbers are made of. Pure.

`monitor.core.window` joins what a hole parts, for a person to look at. Here a hole in a window makes two of
it, one whose end and one whose opening nobody saw: it may have been two.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final, Generic, NamedTuple, TypeVar

from monitor.core.product import Observation, Seen, is_available, known_from
from monitor.core.timeline import Stretch
from monitor.core.window import Span, Window

Moment = TypeVar("Moment", int, datetime)
"""Integer milliseconds where there may be a million of them; the same kind in all arguments."""

NOT_KNOWN: Final = -1
"""Shown by a poll that leaves it open whether the product is to be had."""

UNLISTED: Final = -2
"""Before its first record: polls were answered, and told nothing of it."""


Sight = tuple[Moment, Moment | None, int]
"""From which poll on it was so, when the ok poll before was (None: there was none), and how many nodes could
be had: 0 where none were or an error stood beside them, or NOT_KNOWN. A bare tuple: there are many."""


class Hole(NamedTuple, Generic[Moment]):
    """A time that nobody watched; the last answer before it came at `answered_at`."""

    start: Moment
    end: Moment
    answered_at: Moment


class Piece(NamedTuple, Generic[Moment]):
    """A window as far as it was watched: the fields of `Window`, in its order."""

    opened_at: Moment
    unseen_at: Moment | None
    last_at: Moment
    closed_at: Moment | None
    peak: int
    until_at: Moment
    drops: int
    drained: int


class Folded(NamedTuple, Generic[Moment]):
    """In order. `dark`: where it is not known whether it was to be had; of that `unlisted`: before its first

    record, while polls were answered. `since`: where the record begins; `answered_at`: the last ok poll.
    """

    pieces: list[Piece[Moment]]
    dark: list[Hole[Moment]]
    unlisted: list[Hole[Moment]]
    since: Moment
    answered_at: Moment


@dataclass(frozen=True, slots=True)
class Watched:
    """One product from `start` to `end`, with the time in which it is not known whether it was to be had.

    A window whose opening nobody saw has no `unseen_at`, one whose end nobody saw no `closed_at`; of one that
    is open still `until_at` is the end.
    """

    start: datetime
    end: datetime
    windows: tuple[Window, ...]
    dark: tuple[Stretch, ...]


def watched(spans: Sequence[Span], unseen: Iterable[Stretch], start: datetime, end: datetime) -> Watched:
    """Of one product, from its spans and the time in which no feed that covers it was answered, in order."""
    sights = [(span.from_at, span.unseen_from, shown_by(span.observation)) for span in spans]
    holes = [Hole(dark.start, dark.end, dark.answered_at or dark.start) for dark in unseen]
    folded = fold(sights, spans[-1].last_at if spans else start, holes, start, end)
    windows = tuple(Window(*piece) for piece in folded.pieces)
    return Watched(start, end, windows, tuple(Stretch(*dark) for dark in folded.dark))


def shown_by(observation: Observation) -> int:
    known = known_from(observation)
    if known is None:
        return NOT_KNOWN
    return known.remaining if isinstance(known, Seen) and is_available(known) else 0


def fold(
    sights: Sequence[Sight[Moment]],
    answered_at: Moment,
    holes: Iterable[Hole[Moment]],
    start: Moment,
    end: Moment,
) -> Folded[Moment]:
    """What was seen between `start` and `end`. `answered_at`: the last ok poll; `holes` must not overlap."""
    pieces: list[Piece[Moment]] = []
    dark: list[Hole[Moment]] = []
    unlisted: list[Hole[Moment]] = []
    opened_at: Moment | None = None
    unseen_at: Moment | None = None
    gone_at: Moment | None = None
    last_at = until_at = known_at = start
    peak = count = drops = drained = 0
    for begin, seen_at, stop, shown in _laid_out(sights, answered_at, holes, start, end):
        if shown > 0:
            if opened_at is None:
                opened_at, unseen_at, peak, count, drops, drained = begin, gone_at, shown, shown, 0, 0
            elif shown < count:
                drops, drained = drops + 1, drained + count - shown
            peak, count, last_at, until_at = max(peak, shown), shown, seen_at, stop
            known_at = seen_at
            continue
        if opened_at is not None:
            closed_at = begin if shown == 0 else None
            pieces.append(Piece(opened_at, unseen_at, last_at, closed_at, peak, until_at, drops, drained))
        opened_at = None
        if shown < 0:
            gone_at = None
            if begin < stop:
                (unlisted if shown == UNLISTED else dark).append(Hole(begin, stop, known_at))
        else:
            gone_at = known_at = seen_at
    if opened_at is not None:
        pieces.append(Piece(opened_at, unseen_at, last_at, None, peak, until_at, drops, drained))
    since = min(max(sights[0][0], start), end) if sights else end
    return Folded(pieces, sorted(unlisted + dark), unlisted, since, min(max(answered_at, start), end))


def _laid_out(
    sights: Sequence[Sight[Moment]],
    answered_at: Moment,
    holes: Iterable[Hole[Moment]],
    start: Moment,
    end: Moment,
) -> Iterator[tuple[Moment, Moment, Moment, int]]:
    """Start, last poll, end and what was shown, of parts that follow each other without a gap.

    What was seen in a time that the wall clock went through twice has no place in it, and cuts.
    """
    to_come = iter(holes)
    hole = next(to_come, None)
    covered = start
    begins = chain(((start, None, UNLISTED),), sights)
    ends = chain(sights, ((end, answered_at, NOT_KNOWN),))
    for (from_at, _, shown), (later_at, before_at, _) in zip(begins, ends, strict=True):
        if later_at <= start < end or from_at >= end:
            continue
        begin = max(from_at, covered)
        stop = max(later_at, begin) if later_at < end else end
        is_whole = from_at == begin
        if not is_whole:
            yield covered, covered, covered, NOT_KNOWN
        while hole is not None and hole.start < stop:
            if hole.end > begin:
                if hole.start > begin or hole.start == from_at:
                    yield begin, max(begin, hole.answered_at), hole.start, shown
                covered = min(hole.end, stop)
                yield max(begin, hole.start), hole.start, covered, NOT_KNOWN
                begin, is_whole = covered, False
            if hole.end > stop:
                break
            hole = next(to_come, None)
        if is_whole or begin < stop:
            last_at = begin if before_at is None else max(begin, min(before_at, stop))
            yield begin, last_at, stop, shown
        covered = stop
