"""When feeds were answered, poll by poll, with what was thinned away counted in: for replaying the past."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median_low
from typing import Final

from monitor.core.answered import Answered
from monitor.core.product import Feed
from monitor.store.rows import Reader

LEAST_PATIENCE_MS: Final = 60_000
_GAPS_LOOKED_AT: Final = 100
_FEEDS = (
    "SELECT DISTINCT s.name AS source, p.source_id, p.aidc_id FROM poll p JOIN source s ON s.id = p.source_id"
    " WHERE p.id >= ? ORDER BY s.name, p.aidc_id"
)
_OF_FEEDS = "source_id = ? AND (aidc_id IS NULL AND ? OR aidc_id = ?)"
_LATELY = f"SELECT at FROM poll WHERE {_OF_FEEDS} AND outcome = 'ok' ORDER BY id DESC LIMIT ?"
_POLLS = (
    "SELECT id, at, at + duration_ms AS answered_at, outcome = 'ok' AS is_ok, unusable FROM poll"
    f" WHERE id >= ? AND {_OF_FEEDS} ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class StoredFeed:
    source_id: int
    feed: Feed

    def covers(self, source_id: int, aidc_id: int) -> bool:
        return self.source_id == source_id and self.feed.aidc_id in {None, aidc_id}


@dataclass(frozen=True, slots=True)
class Answers:
    """Those that say something of one data centre's products, from a poll on. `usual_ms` 0: too few of them.

    `ids` are the polls of `answered.times`; `unclear` those of them in which no product can be missed.
    """

    feed: Feed
    ids: Sequence[int]
    answered: Answered
    usual_ms: int
    unclear: frozenset[int]

    @property
    def patience_ms(self) -> int:
        """After so long without an answer it is not known what went on."""
        return max(LEAST_PATIENCE_MS, 4 * self.usual_ms)

    def at(self, poll_id: int) -> int:
        """When that poll was answered, in milliseconds; of one that is not stored, the next one."""
        return self.answered.times[min(bisect_left(self.ids, poll_id), len(self.ids) - 1)]

    def clear_after(self, poll_id: int) -> int | None:
        """When the next answer came in which a missing product is missed."""
        at_ms = self.answered.first_from(self.at(poll_id) + 1)
        while at_ms is not None and at_ms in self.unclear:
            at_ms = self.answered.first_from(at_ms + 1)
        return at_ms


def feeds_polled(connection: Reader, first_poll_id: int) -> list[StoredFeed]:
    """Those that were polled from that poll on."""
    rows = connection.exec_driver_sql(_FEEDS, (first_poll_id,))
    return [StoredFeed(row.source_id, Feed(row.source, row.aidc_id)) for row in rows]


def answers(
    connection: Reader, feeds: Sequence[StoredFeed], of_feeds: int, first_poll_id: int
) -> Answers | None:
    """Of feeds that cover one data centre, among `of_feeds` that were polled. None: no feed covers it."""
    if not feeds:
        return None
    place = (feeds[0].source_id, *_centres(feeds))
    reading = _Reading(_usual_ms(connection, place), of_feeds)
    for row in connection.exec_driver_sql(_POLLS, (first_poll_id, *place)):
        reading.take(*row)
    answered = Answered(reading.times, reading.between)
    return Answers(feeds[0].feed, reading.ids, answered, reading.usual_ms, frozenset(reading.unclear))


def _centres(feeds: Sequence[StoredFeed]) -> tuple[bool, int | None]:
    """Is one of them for all data centres; and which one is for this."""
    centres = [one.feed.aidc_id for one in feeds]
    return None in centres, next((centre for centre in centres if centre is not None), None)


def _usual_ms(connection: Reader, place: tuple[int, bool, int | None]) -> int:
    times = connection.exec_driver_sql(_LATELY, (*place, _GAPS_LOOKED_AT)).scalars().all()
    gaps = [later - earlier for later, earlier in pairwise(times)]
    return int(median_low(gaps)) if gaps else 0


@dataclass(slots=True)
class _Reading:
    """Between two ok polls that are stored as neighbours lie those that were thinned away, and nothing else.

    There were no more of them than the usual interval has room for, nor than ids are missing.
    """

    usual_ms: int
    feeds: int
    ids: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[int]" = field(default_factory=lambda: array("q"))
    between: "array[int]" = field(default_factory=lambda: array("q"))
    unclear: set[int] = field(default_factory=set)
    _before: tuple[int, int] | None = None

    def take(self, poll_id: int, at: int, answered_at: int, is_ok: int, unusable: int) -> None:
        if not is_ok:
            self._before = None
            return
        if self._before is not None and self.usual_ms:
            id_before, at_before = self._before
            room = round((at - at_before) / self.usual_ms)
            self.between[-1] = max(min(room, round((poll_id - id_before) / self.feeds)) - 1, 0)
        self.ids.append(poll_id)
        # A clock that was set back reads as one that stood still.
        self.times.append(max(answered_at, self.times[-1] + 1) if self.times else answered_at)
        self.between.append(0)
        if unusable:
            self.unclear.add(self.times[-1])
        self._before = (poll_id, at)
