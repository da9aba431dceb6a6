"""What was known of a product's stock at every moment, and how little room can show it. Pure.

Unknown time is a state of its own: it is never drawn as a zero, nor as the count before it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from monitor.core.product import (
    Observation,
    Seen,
    is_available,
    is_shown_but_blocked,
    known_from,
)
from monitor.core.window import Span


class StockState(StrEnum):
    """The words for the state of a product. NO_RECORD: before its first poll."""

    IN_STOCK = "in stock"
    BLOCKED = "blocked"
    OUT = "out"
    DELISTED = "delisted"
    UNKNOWN = "unknown"
    NO_RECORD = "no record"


_LIGHT: Final = (StockState.BLOCKED, StockState.OUT, StockState.DELISTED)
_DARK: Final = (StockState.UNKNOWN, StockState.NO_RECORD)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which no poll of a feed brought an answer; `answered_at`: the last one before, if known."""

    start: datetime
    end: datetime
    answered_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """A time in which one thing was known. `count`: the nodes that were shown, 0 when none or not known."""

    start: datetime
    end: datetime
    state: StockState
    count: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """What one column of a chart shows."""

    state: StockState
    count: int = 0


def stock_state(observation: Observation) -> StockState:
    known = known_from(observation)
    if known is None:
        return StockState.UNKNOWN
    if not isinstance(known, Seen):
        return StockState.DELISTED
    if is_available(known):
        return StockState.IN_STOCK
    return StockState.BLOCKED if is_shown_but_blocked(known) else StockState.OUT


def timeline(
    spans: Sequence[Span], unseen: Iterable[Stretch], start: datetime, end: datetime
) -> list[Segment]:
    """Segments that cover `start` to `end` without a gap. `unseen` must be in order and not overlap."""
    return list(_overlaid(_of_spans(spans, start, end), unseen))


def common(many: Sequence[Sequence[Stretch]], start: datetime, end: datetime) -> list[Stretch]:
    """Where all of them overlap: a product is unseen while no feed that covers it is answered."""
    found = [Stretch(start, end)]
    for stretches in many:
        found = [
            Stretch(max(one.start, other.start), min(one.end, other.end), _later_answer(one, other))
            for one in found
            for other in stretches
            if max(one.start, other.start) < min(one.end, other.end)
        ]
    return found


def _later_answer(one: Stretch, other: Stretch) -> datetime | None:
    return max(filter(None, (one.answered_at, other.answered_at)), default=None)


def columns(segments: Sequence[Segment], count: int) -> list[Column]:
    """The segments' whole time in `count` equal columns, each the most that it held.

    Something available is shown however short it was; else a column of which half is unknown is unknown.
    """
    if not segments or count < 1:
        return []
    start, whole = segments[0].start, segments[-1].end - segments[0].start
    width = max(whole / count, timedelta(microseconds=1))
    held: list[list[tuple[Segment, timedelta]]] = [[] for _ in range(count)]
    for segment in segments:
        first = min(int((segment.start - start) / width), count - 1)
        for index in range(first, count):
            begin = start + index * width
            if begin >= segment.end and index > first:
                break
            held[index].append((segment, min(segment.end, begin + width) - max(segment.start, begin)))
    return [_column(parts) for parts in held]


def _of_spans(spans: Sequence[Span], start: datetime, end: datetime) -> Iterator[Segment]:
    covered = start
    for span in spans:
        begin, stop = max(span.from_at, covered), min(span.until_at or end, end)
        if begin >= stop:
            continue
        if begin > covered:
            yield Segment(covered, begin, StockState.NO_RECORD)
        shown = span.observation.remaining if isinstance(span.observation, Seen) else 0
        yield Segment(begin, stop, stock_state(span.observation), shown)
        covered = stop
    if covered < end:
        yield Segment(covered, end, StockState.NO_RECORD)


def _overlaid(segments: Iterable[Segment], unseen: Iterable[Stretch]) -> Iterator[Segment]:
    """The segments, with what lies in `unseen` made unknown: both are walked through once."""
    stretches = iter(unseen)
    stretch = next(stretches, None)
    for segment in segments:
        begin = segment.start
        while stretch is not None and stretch.start < segment.end:
            if segment.state is not StockState.NO_RECORD and stretch.end > begin:
                if begin < stretch.start:
                    yield replace(segment, start=begin, end=stretch.start)
                until = min(stretch.end, segment.end)
                yield Segment(max(begin, stretch.start), until, StockState.UNKNOWN)
                begin = until
            if stretch.end > segment.end:
                break
            stretch = next(stretches, None)
        if begin < segment.end:
            yield replace(segment, start=begin)


def _column(parts: Sequence[tuple[Segment, timedelta]]) -> Column:
    counts: dict[StockState, int] = {}
    shares = dict.fromkeys(StockState, timedelta(0))
    for segment, share in parts:
        counts[segment.state] = max(counts.get(segment.state, 0), segment.count)
        shares[segment.state] += share
    is_dark = 2 * sum((shares[state] for state in _DARK), timedelta(0)) >= sum(shares.values(), timedelta(0))
    darkest = max(_DARK, key=shares.__getitem__)
    ranks = (StockState.IN_STOCK, *([darkest] if is_dark else []), *_LIGHT, darkest)
    state = next(state for state in ranks if state in counts)
    return Column(state, counts[state])
