"""Writes a history that no daemon has watched: decisions as the daemon commits them, many to a transaction.

For trying things out, never for a database that a monitor uses. Ok polls that saw nothing new, nine in ten,
are written in one statement; that they are the rows of `commit` is tested.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from monitor.core.decision import Decision
from monitor.core.moment import to_ms
from monitor.core.product import Feed
from monitor.store.codec import span_ms
from monitor.store.commit import commit
from monitor.store.database import Database
from monitor.store.housekeeping import Housekeeping
from monitor.store.row_ids import RowIds

_QUIET = (
    "INSERT INTO poll (source_id, aidc_id, at, duration_ms, outcome, valid, invalid, unusable)"
    " VALUES (?, ?, ?, ?, 'ok', ?, ?, 0)"
)


@dataclass(slots=True)
class QuietPolls:
    """Ok polls of one feed, one after the other, that saw what the one before them saw.

    `sent`: when, and how long it took, both in milliseconds.
    """

    feed: Feed
    valid: int
    invalid: int
    sent: list[tuple[int, int]] = field(default_factory=list)


Told = Decision | QuietPolls


class Backfill:
    """A new database that is filled in order of time. Raises DatabaseError as `Database` does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = RowIds()

    def write(self, told: Sequence[Told]) -> None:
        """All of it in one transaction."""
        self._database.write(lambda connection: self._write(connection, told))
        self._database.checkpoint()

    def tidy(self, keep: timedelta, now: datetime) -> Iterable[int]:
        """Thins and forgets as the daemon would have done by now. Yields the slices done so far."""
        house = Housekeeping(keep)
        slices = 0
        while self._database.write(lambda connection: house.step(connection, now)):
            slices += 1
            yield slices
        self._database.checkpoint()

    def _write(self, connection: Connection, told: Iterable[Told]) -> None:
        for one in told:
            match one:
                case Decision():
                    self._commit(connection, one)
                case QuietPolls():
                    feed = (self._ids.sources[one.feed.source], one.feed.aidc_id)
                    rows = [(*feed, *sent, one.valid, one.invalid) for sent in one.sent]
                    connection.exec_driver_sql(_QUIET, rows)

    def _commit(self, connection: Connection, decision: Decision) -> None:
        """Dated when its answer was there, as the daemon does."""
        poll = decision.poll
        now_ms = None if poll is None else to_ms(poll.at) + span_ms(poll.duration)
        self._ids.absorb(commit(connection, decision, self._ids, now_ms).added)
