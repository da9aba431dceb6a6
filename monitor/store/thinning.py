"""Walks through the polls of every feed in order, and deletes those that nobody needs any more.

A poll is judged once the next one of its feed is known; the newest of a feed is therefore never deleted.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row

from monitor.store.codec import ATTRIBUTES

ROWS_PER_SLICE: Final = 500
ROWS_PER_WINDOW: Final = 2000
PRODUCTS_PER_SLICE: Final = 200
FIELDS: Final = json.dumps(ATTRIBUTES)
_HOUR_MS: Final = 3_600_000

_LAST_OF_WINDOW = "SELECT max(id) FROM (SELECT id FROM poll WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)"
_POLLS = (
    "SELECT id, source_id, aidc_id, at, outcome, reason FROM poll WHERE id BETWEEN ? AND ?"
    " ORDER BY id LIMIT ?"
)
_PRODUCTS = "SELECT max(id) FROM (SELECT id FROM product WHERE id > ? ORDER BY id LIMIT ?)"
# There is no index on first_poll_id: a seek per product is quicker than a look at every span.
_SPAN_STARTS = (
    "SELECT DISTINCT s.first_poll_id FROM product p CROSS JOIN snapshot s"
    " ON s.product_id = p.id AND s.first_poll_id BETWEEN ? AND ? WHERE p.id > ? AND p.id <= ?"
)
_CHANGES = (
    "SELECT DISTINCT c.poll_id FROM json_each(?) f CROSS JOIN product p CROSS JOIN product_change c"
    " ON c.product_id = p.id AND c.field = f.value AND c.poll_id BETWEEN ? AND ?"
    " WHERE p.id > ? AND p.id <= ?"
)
_DELETE = "DELETE FROM poll WHERE id = ?"
_EXISTS = "SELECT EXISTS (SELECT 1 FROM poll WHERE id = ?)"


@dataclass(frozen=True, slots=True)
class PollMark:
    """One poll as it is judged. `failure`: None when it was ok. `is_news`: a span or change began with it."""

    id: int
    hour: int
    failure: str | None
    starts_span: bool
    is_news: bool


@dataclass(frozen=True, slots=True)
class _Trail:
    """Where a feed's walk is: the poll to be judged next, the one before it, and the hour that has one."""

    before: PollMark | None
    undecided: PollMark
    hour_kept: int | None = None


Judge = Callable[[PollMark | None, PollMark, PollMark, bool], bool]
"""(the poll before, the poll, the poll after, is it the first ok one of its hour) -> is it kept?"""


@dataclass(slots=True)
class _Window:
    """The polls to be judged next, and what began with them: looked up for a few products at a time."""

    last: int
    products_done: int = 0
    is_known: bool = False
    span_starts: set[int] = field(default_factory=set)
    changes: set[int] = field(default_factory=set)

    def look(self, connection: Connection, first: int) -> None:
        upto = connection.exec_driver_sql(_PRODUCTS, (self.products_done, PRODUCTS_PER_SLICE)).scalar()
        if upto is None:
            self.is_known = True
            return
        place = (first, self.last, self.products_done, upto)
        self.span_starts.update(connection.exec_driver_sql(_SPAN_STARTS, place).scalars())
        self.changes.update(connection.exec_driver_sql(_CHANGES, (FIELDS, *place)).scalars())
        self.products_done = upto


@dataclass(slots=True)
class Walk:
    """One walk over the polls. It goes on where the last slice ended, unless that was rolled back."""

    is_kept: Judge
    _cursor: int = 0
    _trails: dict[tuple[int, int | None], _Trail] = field(default_factory=dict)
    _window: _Window | None = None
    _earlier: tuple[int, dict[tuple[int, int | None], _Trail], _Window] | None = None
    _last_deleted: int | None = None

    def slice(self, connection: Connection, until: int) -> bool:
        """Go on a little towards the poll `until`, which is not judged. False when there are no more."""
        self._go_back_if_undone(connection)
        if self._window is None or self._cursor > self._window.last:
            place = (self._cursor, until, ROWS_PER_WINDOW)
            last = connection.exec_driver_sql(_LAST_OF_WINDOW, place).scalar()
            self._window = None if last is None else _Window(last)
        window = self._window
        if window is None:
            return False
        if window.is_known:
            self._judge(connection, window)
        else:
            window.look(connection, self._cursor)
        return True

    def _go_back_if_undone(self, connection: Connection) -> None:
        """What this remembers is true only if the transaction of the last slice was committed."""
        last_deleted, self._last_deleted = self._last_deleted, None
        if last_deleted is None or self._earlier is None:
            return
        if connection.exec_driver_sql(_EXISTS, (last_deleted,)).scalar():
            self._cursor, self._trails, self._window = self._earlier

    def _judge(self, connection: Connection, window: _Window) -> None:
        self._earlier = (self._cursor, dict(self._trails), window)
        place = (self._cursor, window.last, ROWS_PER_SLICE)
        rows = connection.exec_driver_sql(_POLLS, place).all()
        self._cursor = rows[-1].id + 1 if rows else window.last + 1
        judged = [
            self._follow((row.source_id, row.aidc_id), _mark(row, window.span_starts, window.changes))
            for row in rows
        ]
        needless = [id_ for id_ in judged if id_ is not None]
        if needless:
            self._last_deleted = needless[-1]
            connection.exec_driver_sql(_DELETE, [(id_,) for id_ in needless])

    def _follow(self, feed: tuple[int, int | None], poll: PollMark) -> int | None:
        """The id of the poll before this one, if it is needless."""
        trail = self._trails.get(feed)
        if trail is None:
            self._trails[feed] = _Trail(None, poll)
            return None
        judged = trail.undecided
        is_first_of_hour = judged.failure is None and judged.hour != trail.hour_kept
        kept = self.is_kept(trail.before, judged, poll, is_first_of_hour)
        hour_kept = judged.hour if judged.failure is None else trail.hour_kept
        self._trails[feed] = _Trail(judged, poll, hour_kept)
        return None if kept else judged.id


def thins(before: PollMark | None, poll: PollMark, after: PollMark, is_first_of_hour: bool) -> bool:
    """One ok poll an hour, both sides of whatever changed or failed, and the ends of a run of failures."""
    if poll.failure is not None:
        return before is None or before.failure != poll.failure or after.failure != poll.failure
    beside_a_failure = after.failure is not None or (before is not None and before.failure is not None)
    return is_first_of_hour or poll.is_news or after.is_news or beside_a_failure


def forgets(before: PollMark | None, poll: PollMark, after: PollMark, is_first_of_hour: bool) -> bool:
    """Of what is too old, only what tells when a span began that is still kept."""
    return poll.starts_span or after.starts_span


def _mark(row: Row[Any], span_starts: set[int], changes: set[int]) -> PollMark:
    starts_span = row.id in span_starts
    failure = None if row.outcome == "ok" else row.reason or "failed"
    return PollMark(row.id, row.at // _HOUR_MS, failure, starts_span, starts_span or row.id in changes)
