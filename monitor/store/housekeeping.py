"""Keeps the database small: thins old polls, and forgets what is older than `keep`, slice by slice.

Spans, windows and the `observation` view lose nothing about the polls that are kept, and an open span is
never forgotten. A slice is one write transaction of a few milliseconds, so that polls can go between.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from monitor.core.moment import to_ms
from monitor.store.engines import driver
from monitor.store.poll_times import THIN_AFTER, first_poll_since
from monitor.store.thinning import FIELDS, Walk, forgets, thins

SPANS_PER_SLICE: Final = 1000
PRODUCTS_PER_SLICE: Final = 200
TOLD_PER_SLICE: Final = 100
PAGES_PER_SLICE: Final = 200

_CLOSED_SPANS = (
    "SELECT s.product_id, s.first_poll_id FROM product p CROSS JOIN snapshot s"
    " ON s.product_id = p.id AND s.first_poll_id < ?1"
    " WHERE p.id > ?2 AND p.id <= ?3 AND s.until_poll_id <= ?1 LIMIT ?4"
)
_FORGET_SPAN = "DELETE FROM snapshot WHERE product_id = ? AND first_poll_id = ?"
_NEXT_PRODUCTS = "SELECT max(id) FROM (SELECT id FROM product WHERE id > ? ORDER BY id LIMIT ?)"
# What an attribute was is kept for as long as a poll is stored that saw it so.
_OLD_CHANGES = (
    "SELECT product_id, field, poll_id FROM ("
    "SELECT c.product_id, c.field, c.poll_id, coalesce("
    "lag(c.poll_id) OVER (PARTITION BY c.product_id, c.field ORDER BY c.poll_id),"
    " (SELECT min(first_poll_id) FROM snapshot WHERE snapshot.product_id = p.id)) AS since"
    " FROM product p CROSS JOIN json_each(?4) f"
    " CROSS JOIN product_change c ON c.product_id = p.id AND c.field = f.value AND c.poll_id < ?1"
    " WHERE p.id > ?2 AND p.id <= ?3)"
    " WHERE NOT EXISTS (SELECT 1 FROM poll WHERE poll.id >= since AND poll.id < poll_id)"
)
_FORGET_CHANGE = "DELETE FROM product_change WHERE product_id = ? AND field = ? AND poll_id = ?"
_FORGET_TOLD = (
    "DELETE FROM transition WHERE id IN (SELECT id FROM transition WHERE at < ?"
    " AND opening NOT IN (SELECT opening FROM alert WHERE opening IS NOT NULL) AND NOT EXISTS ("
    "SELECT 1 FROM delivery WHERE transition_id = transition.id AND state IN ('pending', 'retry'))"
    " ORDER BY at LIMIT ?)",
    "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE ended_at < ? AND NOT EXISTS ("
    "SELECT 1 FROM delivery WHERE notice_id = notice.id AND state IN ('pending', 'retry')) LIMIT ?)",
    "DELETE FROM silence WHERE id IN (SELECT id FROM silence WHERE until_at < ? LIMIT ?)",
)


class Housekeeping:
    """Passes over the whole database, one after the other; what was thinned is not looked at again."""

    def __init__(self, keep: timedelta) -> None:
        self._keep = keep
        self._thinning = Walk(thins)
        self._forgetting = Walk(forgets)
        self._products_done = 0
        self._stage = 0

    def step(self, connection: Connection, now: datetime) -> bool:
        """Do one slice. False when a pass is complete; the next call then begins another one."""
        stages = (
            self._thin,
            self._forget_spans,
            self._forget_polls,
            self._forget_changes,
            self._forget_told,
            _give_space_back,
        )
        if not stages[self._stage](connection, now):
            self._stage = (self._stage + 1) % len(stages)
            return self._stage != 0
        return True

    def _thin(self, connection: Connection, now: datetime) -> bool:
        return self._thinning.slice(connection, first_poll_since(connection, to_ms(now - THIN_AFTER)))

    def _forget_spans(self, connection: Connection, now: datetime) -> bool:
        last = self._next_products(connection)
        if last is None:
            return False
        place = (self._oldest_kept(connection, now), self._products_done, last, SPANS_PER_SLICE)
        spans = connection.exec_driver_sql(_CLOSED_SPANS, place).all()
        if spans:
            connection.exec_driver_sql(_FORGET_SPAN, [tuple(span) for span in spans])
        else:
            self._products_done = last
        return True

    def _forget_polls(self, connection: Connection, now: datetime) -> bool:
        """From the beginning at each pass: a poll is needed until the span that it began is forgotten."""
        if self._forgetting.slice(connection, self._oldest_kept(connection, now)):
            return True
        self._forgetting = Walk(forgets)
        return False

    def _forget_changes(self, connection: Connection, now: datetime) -> bool:
        last = self._next_products(connection)
        if last is None:
            return False
        place = (self._oldest_kept(connection, now), self._products_done, last, FIELDS)
        changes = connection.exec_driver_sql(_OLD_CHANGES, place).all()
        if changes:
            connection.exec_driver_sql(_FORGET_CHANGE, [tuple(change) for change in changes])
        else:
            self._products_done = last
        return True

    def _forget_told(self, connection: Connection, now: datetime) -> bool:
        """Deliveries and attempts go with what they told."""
        values = (to_ms(now - self._keep), TOLD_PER_SLICE)
        gone = [connection.exec_driver_sql(sql, values).rowcount for sql in _FORGET_TOLD]
        return max(gone) == TOLD_PER_SLICE

    def _next_products(self, connection: Connection) -> int | None:
        """The last of the next few products; None, and from the beginning, when all are done.

        Only a slice that found nothing goes on to the next few: so one that was rolled back is done again.
        """
        place = (self._products_done, PRODUCTS_PER_SLICE)
        last: int | None = connection.exec_driver_sql(_NEXT_PRODUCTS, place).scalar()
        if last is None:
            self._products_done = 0
        return last

    def _oldest_kept(self, connection: Connection, now: datetime) -> int:
        return first_poll_since(connection, to_ms(now - self._keep))


def _give_space_back(connection: Connection, _now: datetime) -> bool:
    """Pages that are free go back to the file system, but for a few that new rows will soon fill."""
    free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    if free <= PAGES_PER_SLICE:
        return False
    raw = driver(connection)
    for _ in range(PAGES_PER_SLICE):
        raw.execute(
            "PRAGMA incremental_vacuum(1)"
        )  # sqlite3 takes one step of it, whatever number it is given
    return bool(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one() < free)
