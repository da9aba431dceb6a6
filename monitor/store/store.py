"""The store as the daemon sees it: one awaitable method for each transaction.

Raises DatabaseError when the disk, the file or another process refuses. The caller then knows no longer
what is stored: it calls `load` before it goes on.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from monitor.core.backoff import Outcome
from monitor.core.decision import Decision, Notice, Silence
from monitor.core.moment import to_ms
from monitor.core.product import Feed
from monitor.core.shift import Step
from monitor.store import outbox, upkeep
from monitor.store.announce import raise_notice
from monitor.store.commit import Committed, commit
from monitor.store.database import Database
from monitor.store.housekeeping import Housekeeping
from monitor.store.outbox import Cap, Claim, Recorded
from monitor.store.retain import Removed, retain
from monitor.store.row_ids import RowIds
from monitor.store.world import Stored, load, load_silences
from monitor.store.writer import Writer

NUMBERS_OF_ONE_DATABASE: Final = 2**40
"""A delivery that is handed out bears its row's id, and above it which of the databases it is a row of: a new
one, made after the old was deleted in mid-send, begins again with the same ids."""


class Store:
    """One database, one writing thread, and the row ids that save each poll a hundred look-ups."""

    def __init__(self, database: Database) -> None:
        self.file = database.file
        self._database = database
        self._writer = Writer(database)
        self._ids = RowIds()
        self._first_number = 0

    async def load(self, feeds: Iterable[Feed], now: datetime) -> Stored:
        """Everything that decisions need, as the last commit left it."""
        stored = await self._writer.run(partial(load, feeds=tuple(feeds), now=now))
        self._ids = stored.ids
        return stored

    async def commit(self, decision: Decision, now: datetime) -> Committed:
        committed = await self._writer.run(partial(self._commit, decision, to_ms(now)))
        self._ids.absorb(committed.added)
        return committed

    async def claim(
        self, channel: str, now: Callable[[], datetime], on_loss: Callable[[], Notice | None]
    ) -> Claim:
        """The next message of a channel. `on_loss` gives the notice for what expired, in the same commit.

        `now` is asked when it is this transaction's turn: one that waits behind a step of the clock is dated
        by what became of that.
        """

        def take(connection: Connection) -> Claim:
            claim = _claim(connection, channel, now, on_loss, outbox.claim)
            numbered = (replace(i, delivery_id=i.delivery_id + self._first_number) for i in claim.items)
            return replace(claim, items=tuple(numbered))

        return await self._writer.run(take)

    async def claim_one(
        self,
        channel: str,
        now: Callable[[], datetime],
        on_loss: Callable[[], Notice | None],
        cap: Cap | None,
        on_cap: Callable[[], Notice | None],
    ) -> Claim:
        """As `claim`, for a program: the next event, if it may be told of one more today.

        `on_cap` gives the notice for what may not.
        """

        def take(connection: Connection) -> Claim:
            claim = outbox.claim_one(connection, channel, now(), cap)
            _surface(connection, claim.is_loss, on_loss)
            _surface(connection, claim.is_loss_by_cap, on_cap)
            return claim

        return await self._writer.run(take)

    async def record(
        self,
        delivery_ids: Sequence[int],
        outcome: Outcome,
        now: Callable[[], datetime],
        duration: timedelta,
        message_id: str,
        jitter: float,
        on_loss: Callable[[], Notice | None],
    ) -> Recorded:
        """What became of one message. `on_loss` gives the notice for what failed, in the same commit.

        Of a database that is no more nothing is recorded.
        """

        def write(connection: Connection) -> Recorded:
            args = (self._rows_of(delivery_ids), outcome, now(), duration, message_id, jitter)
            recorded = outbox.record(connection, *args)
            _surface(connection, recorded.is_loss, on_loss)
            return recorded

        return await self._writer.run(write)

    async def release(self, delivery_ids: Sequence[int]) -> None:
        await self._writer.run(lambda connection: outbox.release(connection, self._rows_of(delivery_ids)))

    async def expire(
        self, channel: str, now: Callable[[], datetime], on_loss: Callable[[], Notice | None]
    ) -> Claim:
        """As `claim`, of a channel that is to be left alone: nothing is taken."""
        return await self._writer.run(
            partial(_claim, channel=channel, now=now, on_loss=on_loss, take=outbox.expire)
        )

    async def recover(self, channel: str | None = None) -> tuple[int, ...]:
        """After a start, or (of one channel) after its lane died: what was in flight may have arrived, and
        is due again."""
        return await self._writer.run(partial(outbox.recover, channel=channel))

    async def shift(self, step: Step, moved: Callable[[], None]) -> bool:
        """Move the open timers along with a step of the wall clock, once: False when they had moved already.

        `moved` is called in the writing thread right after the commit, before anything else is dated there.
        """

        def work() -> bool:
            is_new = self._database.write(partial(upkeep.shift, step=step))
            moved()
            return is_new

        return await self._writer.call(work)

    async def pull_back(self, now: datetime) -> None:
        """At a start: no timer begins in the future."""
        await self._writer.run(partial(upkeep.pull_back, now=now))

    async def silences(self, now: datetime) -> tuple[Silence, ...]:
        return await self._writer.run(partial(load_silences, now=now))

    async def retain(
        self, rules: Collection[str], channels: Collection[str], feeds: Collection[Feed], now: datetime
    ) -> Removed:
        """End what no longer stands in the configuration."""
        return await self._writer.run(partial(retain, rules=rules, channels=channels, feeds=feeds, now=now))

    async def tidy(self, housekeeping: Housekeeping, now: datetime) -> bool:
        """One slice of housekeeping. True when there is more to do."""
        return await self._writer.run(partial(housekeeping.step, now=now))

    async def data_version(self) -> int:
        """Changes when another process has committed."""
        return await self._writer.call(self._database.data_version)

    async def checkpoint(self) -> bool:
        """True when the write-ahead log is empty now."""
        return await self._writer.call(self._database.checkpoint)

    async def reopen(self) -> None:
        """After the file was deleted (then a new one is made) or replaced: take what lies there now."""

        def work() -> None:
            self._database.reopen()
            self._first_number += NUMBERS_OF_ONE_DATABASE

        await self._writer.call(work)
        self._ids = RowIds()

    def close(self, timeout_s: float) -> None:
        """Ends the writing thread after what it still has to write, and lets go of the file."""
        if self._writer.close(timeout_s):
            self._database.close()

    def _rows_of(self, delivery_ids: Sequence[int]) -> list[int]:
        first = self._first_number
        return [id_ - first for id_ in delivery_ids if first < id_ <= first + NUMBERS_OF_ONE_DATABASE]

    def _commit(self, decision: Decision, now_ms: int, connection: Connection) -> Committed:
        return commit(connection, decision, self._ids, now_ms)


def _claim(
    connection: Connection,
    channel: str,
    now: Callable[[], datetime],
    on_loss: Callable[[], Notice | None],
    take: Callable[[Connection, str, datetime], Claim],
) -> Claim:
    claim = take(connection, channel, now())
    _surface(connection, claim.is_loss, on_loss)
    return claim


def _surface(connection: Connection, is_loss: bool, on_loss: Callable[[], Notice | None]) -> None:
    if is_loss and (notice := on_loss()) is not None:
        raise_notice(connection, notice)
