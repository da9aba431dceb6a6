"""When each feed told nothing: its polls failed, or there were none because no monitor ran.

A few milliseconds for a day: the database compares each poll with the one before it, and only what is odd
is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median_low
from typing import Final

from monitor.core.moment import from_ms, to_ms
from monitor.core.product import Feed
from monitor.core.timeline import Stretch
from monitor.store.codec import from_ms_or_none, span_ms
from monitor.store.poll_times import THIN_AFTER, first_poll_since
from monitor.store.rows import Reader, Row

LEAST_PATIENCE: Final = timedelta(seconds=60)
PATIENCE_WHERE_THINNED: Final = timedelta(hours=2)
"""Of old polls one an hour is kept, so nothing is missing between two of neighbouring hours."""

_GAPS_LOOKED_AT: Final = 100
_FEEDS = (
    "SELECT s.name AS source, p.source_id, p.aidc_id, min(p.at) AS first_at, max(p.id) AS last_id"
    " FROM poll p JOIN source s ON s.id = p.source_id WHERE p.id >= ? GROUP BY p.source_id, p.aidc_id"
    " ORDER BY s.name, p.aidc_id"
)
_LATELY = (
    "SELECT at FROM poll WHERE id <= ? AND source_id = ? AND aidc_id IS ? AND outcome = 'ok'"
    " ORDER BY id DESC LIMIT ?"
)
_ODD = (
    "SELECT at, outcome, before, before_at FROM ("
    "SELECT id, at, outcome, lag(outcome) OVER polls AS before, lag(at) OVER polls AS before_at"
    " FROM poll WHERE id >= ? AND source_id = ? AND aidc_id IS ? WINDOW polls AS (ORDER BY id))"
    " WHERE outcome = 'failed' OR before = 'failed' OR at - before_at > CASE WHEN at < ? THEN ? ELSE ? END"
    " ORDER BY id"
)
_LAST = "SELECT at, outcome FROM poll WHERE id = ?"


def feeds_since(connection: Reader, since: datetime) -> tuple[Feed, ...]:
    """The feeds that were polled since then, whether or not they are configured still."""
    return tuple(Feed(row.source, row.aidc_id) for row in _feeds(connection, since))


def unseen(connection: Reader, start: datetime, end: datetime) -> Mapping[Feed, tuple[Stretch, ...]]:
    """The stretches between `start` and `end`, in order, of each feed that was polled in that time."""
    return {
        Feed(row.source, row.aidc_id): tuple(_of_feed(connection, row, start, end))
        for row in _feeds(connection, start)
    }


def _feeds(connection: Reader, since: datetime) -> Sequence[Row]:
    return connection.exec_driver_sql(_FEEDS, (first_poll_since(connection, to_ms(since)),)).all()


def _of_feed(connection: Reader, feed: Row, start: datetime, end: datetime) -> Iterable[Stretch]:
    patience = _patience(connection, feed)
    stretches: list[Stretch] = []
    thinned_until = end - THIN_AFTER
    if from_ms(feed.first_at) - start > (PATIENCE_WHERE_THINNED if start < thinned_until else patience):
        stretches.append(Stretch(start, from_ms(feed.first_at)))
    first = first_poll_since(connection, to_ms(start))
    limits = (to_ms(thinned_until), span_ms(max(PATIENCE_WHERE_THINNED, patience)), span_ms(patience))
    odd = connection.exec_driver_sql(_ODD, (first, feed.source_id, feed.aidc_id, *limits))
    last = connection.exec_driver_sql(_LAST, (feed.last_id,)).one()
    return _joined([*stretches, *_stretches(odd, last, patience, end)], end)


def _patience(connection: Reader, feed: Row) -> timedelta:
    """How long a feed may say nothing: four of the intervals at which it was asked lately."""
    values = (feed.last_id, feed.source_id, feed.aidc_id, _GAPS_LOOKED_AT)
    times = connection.exec_driver_sql(_LATELY, values).scalars().all()
    gaps = [later - earlier for later, earlier in pairwise(times)]
    usual = timedelta(milliseconds=median_low(gaps)) if gaps else timedelta(0)
    return max(LEAST_PATIENCE, 4 * usual)


def _stretches(odd: Iterable[Row], last: Row, patience: timedelta, end: datetime) -> Iterable[Stretch]:
    """A run of failures lasts from its first poll to the next ok one; silence from the poll before it."""
    failing_since: int | None = None
    answered_at: int | None = None
    for poll in odd:
        if poll.outcome == "failed":
            if failing_since is None:
                is_silence = poll.before_at is not None and poll.at - poll.before_at > span_ms(patience)
                failing_since = poll.before_at if is_silence else poll.at
                answered_at = poll.before_at
            continue
        start = from_ms(failing_since or poll.before_at)
        yield Stretch(start, from_ms(poll.at), from_ms_or_none(answered_at) or start)
        failing_since = answered_at = None
    if last.outcome == "failed":
        yield Stretch(from_ms(failing_since or last.at), end, from_ms_or_none(answered_at))
    elif end - from_ms(last.at) > patience:
        yield Stretch(from_ms(last.at), end, from_ms(last.at))


def _joined(stretches: Iterable[Stretch], end: datetime) -> Iterable[Stretch]:
    """In order and without overlap, whatever the wall clock did meanwhile."""
    covered: datetime | None = None
    for stretch in stretches:
        begin, stop = max(stretch.start, covered or stretch.start), min(stretch.end, end)
        if begin < stop:
            yield Stretch(begin, stop, stretch.answered_at)
            covered = stop
