"""When each feed told nothing: its polls failed, or there were none because no monitor ran."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, groupby, pairwise
from operator import sub
from statistics import median_low
from typing import Final

from monitor.core.moment import from_ms, to_ms
from monitor.core.product import Feed
from monitor.core.timeline import Stretch
from monitor.store.codec import from_ms_or_none, span_ms
from monitor.store.poll_log import FEEDS, PollLog, poll_logs
from monitor.store.poll_times import THIN_AFTER, first_poll_since
from monitor.store.rows import Reader

LEAST_PATIENCE: Final = timedelta(seconds=60)
PATIENCE_WHERE_THINNED: Final = timedelta(hours=2)
"""Of old polls one an hour is kept, so nothing is missing between two of neighbouring hours."""

_GAPS_LOOKED_AT: Final = 100
_LATELY: Final = (
    "SELECT at FROM poll WHERE source_id = ? AND aidc_id IS ? AND outcome = 'ok' ORDER BY id DESC LIMIT ?"
)


def feeds_since(connection: Reader, since: datetime) -> tuple[Feed, ...]:
    """The feeds that were polled since then, whether or not they are configured still."""
    rows = connection.exec_driver_sql(FEEDS, (first_poll_since(connection, to_ms(since)),))
    return tuple(Feed(row.source, row.aidc_id) for row in rows)


def unseen(connection: Reader, start: datetime, end: datetime) -> Mapping[Feed, tuple[Stretch, ...]]:
    """The stretches between `start` and `end`, in order, of each feed that was polled in that time."""
    return {
        log.feed: unseen_of(log, patience(connection, log), start, end)
        for log in poll_logs(connection, start)
    }


def patience(connection: Reader, log: PollLog) -> timedelta:
    """How long a feed may say nothing: four of the intervals at which it was asked lately."""
    values = (log.source_id, log.feed.aidc_id, _GAPS_LOOKED_AT)
    times = connection.exec_driver_sql(_LATELY, values).scalars().all()
    gaps = [later - earlier for later, earlier in pairwise(times)]
    usual = timedelta(milliseconds=median_low(gaps)) if gaps else timedelta(0)
    return max(LEAST_PATIENCE, 4 * usual)


def unseen_of(log: PollLog, patience: timedelta, start: datetime, end: datetime) -> tuple[Stretch, ...]:
    """The stretches of one feed that is asked this often."""
    thinned_until = end - THIN_AFTER
    where_thinned = max(PATIENCE_WHERE_THINNED, patience)
    first = from_ms(min(polls.times[0] for polls in (log.ok, log.failed) if polls.times))
    before = first - start > (where_thinned if start < thinned_until else patience)
    limits = (to_ms(thinned_until), span_ms(where_thinned), span_ms(patience))
    stretches = _stretches(log, limits, end)
    return tuple(_joined(chain([Stretch(start, first)] if before else [], stretches), end))


def _stretches(log: PollLog, limits: tuple[int, int, int], end: datetime) -> Iterator[Stretch]:
    """A run of failures lasts from its first poll to the next ok one; silence from the poll before it."""
    times, patience = log.ok.times, limits[2]
    failing = _first_failures(log)
    silent = _silences(times, limits)
    if times and len(times) not in failing and to_ms(end) - times[-1] > patience:
        silent.append(len(times))
    for index in sorted({*failing, *silent}):
        answered = times[index - 1] if index else None
        since = failing.get(index)
        if answered is not None and (since is None or since - answered > patience):
            since = answered
        until = from_ms(times[index]) if index < len(times) else end
        yield Stretch(from_ms(since or 0), until, from_ms_or_none(answered))


def _first_failures(log: PollLog) -> dict[int, int]:
    """When each run of failures began, by the index of the ok poll that ended it."""
    failed = zip(log.failed.ids, log.failed.times, strict=True)
    runs = groupby(failed, key=lambda poll: bisect_left(log.ok.ids, poll[0]))
    return {index: next(run)[1] for index, run in runs}


def _silences(times: Sequence[int], limits: tuple[int, int, int]) -> list[int]:
    """The indexes of the ok polls that came too long after the one before."""
    thinned_until, where_thinned, patience = limits
    return [
        index
        for index, gap in enumerate(map(sub, times[1:], times), 1)
        if gap > patience and (gap > where_thinned or times[index] >= thinned_until)
    ]


def _joined(stretches: Iterable[Stretch], end: datetime) -> Iterator[Stretch]:
    """In order and without overlap, whatever the wall clock did meanwhile."""
    covered: datetime | None = None
    for stretch in stretches:
        begin, stop = max(stretch.start, covered or stretch.start), min(stretch.end, end)
        if begin < stop:
            yield Stretch(begin, stop, stretch.answered_at)
            covered = stop
