"""When anything at all of one or several products was to be had. Pure.

Something was, while one product is known to have been; nothing, while all are known not to have been; else it
is not known. A product counts from its first record on: what was not listed yet hid nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from monitor.core.lengths import Opening
from monitor.core.watched import Folded, Hole

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Presence:
    """From `start_ms` to `end_ms`, in order and without overlap. `openings`: those that were seen;

    `answered_ms`: the last poll that told of all of them.
    """

    start_ms: int
    end_ms: int
    available: Sequence[Interval]
    dark: Sequence[Hole[int]]
    openings: Sequence[Opening]
    answered_ms: int


def of_one(product: Folded[int], start_ms: int, end_ms: int) -> Presence:
    return Presence(
        start_ms,
        end_ms,
        [(piece.opened_at, piece.until_at) for piece in product.pieces],
        product.dark,
        [Opening(p.unseen_at, p.opened_at) for p in product.pieces if p.unseen_at is not None],
        product.answered_at,
    )


def of_any(products: Sequence[Folded[int]], start_ms: int, end_ms: int) -> Presence:
    """Of several: a poll that sees one sell out and another open is no end and no opening."""
    runs = list(_runs(products))
    available = [(opened_ms, until_ms) for _, opened_ms, until_ms in runs]
    dark = list(_without(_joined(_holes(products, start_ms, end_ms)), available))
    openings = [
        Opening(unseen_ms, opened_ms)
        for unseen_ms, opened_ms, _ in runs
        if unseen_ms is not None and not _is_dark(dark, unseen_ms, opened_ms)
    ]
    answered_ms = min((product.answered_at for product in products), default=start_ms)
    return Presence(start_ms, end_ms, available, dark, openings, answered_ms)


def _runs(products: Sequence[Folded[int]]) -> Iterator[tuple[int | None, int, int]]:
    """What overlaps or touches is one: when it was unseen before, from when and until when."""
    pieces = sorted((piece for product in products for piece in product.pieces), key=attrgetter("opened_at"))
    unseen_ms: int | None = None
    opened_ms: int | None = None
    until_ms = 0
    for piece in pieces:
        if opened_ms is not None and piece.opened_at <= until_ms:
            until_ms = max(until_ms, piece.until_at)
            continue
        if opened_ms is not None:
            yield unseen_ms, opened_ms, until_ms
        unseen_ms, opened_ms, until_ms = piece.unseen_at, piece.opened_at, piece.until_at
    if opened_ms is not None:
        yield unseen_ms, opened_ms, until_ms


def _holes(products: Sequence[Folded[int]], start_ms: int, end_ms: int) -> list[Hole[int]]:
    """Of each product but while it was not listed yet, and of all of them before the first was."""
    since = min((product.since for product in products), default=end_ms)
    before = [Hole(start_ms, since, start_ms)] if since > start_ms else []
    holes = (hole for product in products for hole in product.dark if hole not in product.unlisted)
    return sorted([*before, *holes])


def _joined(holes: Iterable[Hole[int]]) -> Iterator[Hole[int]]:
    current: Hole[int] | None = None
    for hole in holes:
        if current is not None and hole.start <= current.end:
            current = current._replace(end=max(current.end, hole.end))
            continue
        if current is not None:
            yield current
        current = hole
    if current is not None:
        yield current


def _without(holes: Iterable[Hole[int]], available: Iterable[Interval]) -> Iterator[Hole[int]]:
    """What is left of the holes where nothing is known to have been available."""
    intervals = iter(available)
    interval = next(intervals, None)
    for hole in holes:
        begin = hole.start
        while interval is not None and interval[0] < hole.end:
            if interval[1] > begin:
                if interval[0] > begin:
                    yield _from(hole, begin)._replace(end=interval[0])
                begin = interval[1]
            if interval[1] > hole.end:
                break
            interval = next(intervals, None)
        if begin < hole.end:
            yield _from(hole, begin)


def _from(hole: Hole[int], begin_ms: int) -> Hole[int]:
    return hole if begin_ms == hole.start else Hole(begin_ms, hole.end, begin_ms)


def _is_dark(dark: Sequence[Hole[int]], unseen_ms: int, opened_ms: int) -> bool:
    """Was there a time since it was unseen of which nothing is known?"""
    index = bisect_right(dark, unseen_ms, key=attrgetter("end"))
    return index < len(dark) and dark[index].start < opened_ms
