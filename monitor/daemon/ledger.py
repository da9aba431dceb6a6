"""Holds what is known, decides each poll, and has the decision committed. One at a time, in order.

The world moves only with a committed transaction. While the database refuses, polls are held and
decided later, the oldest first, so that no edge between them is lost.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from monitor.core.answer import Failed, FailureKind, Listing, Poll
from monitor.core.assemble import EMPTY_LISTS_BELIEVED
from monitor.core.decision import Decision
from monitor.core.errors import DatabaseError
from monitor.core.evaluate import decide
from monitor.core.moment import to_ms
from monitor.core.notices import decide_blind
from monitor.core.product import Feed
from monitor.core.refill import refill
from monitor.core.shift import Step, shifted
from monitor.core.world import Changes, Settings, World, absorb
from monitor.daemon.clock import SteadyClock
from monitor.daemon.restore import dated_as, restore
from monitor.daemon.threads import in_thread
from monitor.store.store import Store

MOST_HELD: Final = 1000
HELD_ALIKE: Final = EMPTY_LISTS_BELIEVED + 1
"""Of answers that are alike so many are held: as many as it takes to believe the oddest, and the last."""
DECIDED_IN_A_THREAD: Final = 500
"""With more pairs of a product and a rule, deciding a poll (up to 40 µs each) would be felt by the loop."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a poll: the decisions now committed (with those held before it), or the trouble."""

    decisions: tuple[Decision, ...]
    trouble: DatabaseError | None = None

    def channels(self) -> set[str]:
        return {channel for decision in self.decisions for channel in decision.channels()}

    @property
    def moved_alerts(self) -> bool:
        """An alert that moved may set free a delivery that could not be told truthfully before."""
        return any(decision.alerts for decision in self.decisions)


class Ledger:
    def __init__(
        self,
        store: Store,
        feeds: Iterable[Feed],
        settings: Settings,
        clock: SteadyClock,
        new_id: Callable[[], str],
    ) -> None:
        self.settings = settings
        self.world = World()
        self._feeds = tuple(feeds)
        self._store = store
        self._clock = clock
        self._now = clock.now
        self._new_id = new_id
        self._held: deque[Poll] = deque()
        self._lost: World | None = None
        self._is_stale = False
        self._step: Step | None = None
        self._taken_step: Step | None = None
        self._turn = asyncio.Lock()

    @property
    def holds(self) -> int:
        """Polls that wait for the database."""
        return len(self._held)

    @property
    def newest_held(self) -> dict[Feed, Poll]:
        return {poll.feed: poll for poll in self._held}

    async def load(self) -> None:
        """At the start: read what is known. Raises DatabaseError."""
        async with self._turn:
            await self._store.pull_back(self._now())
            await self._load()

    async def take(self, poll: Poll) -> Taken:
        """Decide and commit this poll after those that are held. Never raises a DatabaseError.

        It is dated by our clock as that stands now, which may move while the poll waits for its turn.
        """
        moved_before = self._clock.moved
        async with self._turn:
            self._hold(replace(poll, at=poll.at + (self._clock.moved - moved_before)))
            return await self._work_off()

    async def retry(self) -> Taken:
        """Try again to commit what is held."""
        async with self._turn:
            return await self._work_off()

    async def notice_blindness(self, feed: Feed) -> Taken | None:
        """Between two polls that are far apart: has the feed become blind? None: nothing to be written."""
        async with self._turn:
            if self._held or self._is_stale:
                return None
            decision, changes = decide_blind(self.world, feed, self.settings, self._now(), self._new_id)
            if not decision.notices:
                return None
            try:
                await self._commit(decision, changes, self._now())
            except DatabaseError as error:
                self._is_stale = True
                return Taken((), error)
            return Taken((decision,))

    async def reconfigure(
        self, feeds: Iterable[Feed], settings: Settings, retain: Callable[[], Awaitable[None]]
    ) -> None:
        """Follow a new configuration: everything is evaluated anew at the next ok poll of each feed.

        `retain` ends in the database what the new one no longer knows. If it cannot, nothing has changed.
        """
        async with self._turn:
            await retain()
            self._feeds, self.settings = tuple(feeds), settings
            is_complete, self._is_stale = not self._is_stale, True
            with suppress(DatabaseError):  # what cannot be read now is read before the next poll is decided
                await self._load(is_complete=is_complete)

    async def refill(self, make_anew: Callable[[], Awaitable[None]]) -> None:
        """The database was deleted: make a new one and write what is known into it. Raises DatabaseError.

        In one turn: a poll that came in between would read from the new one that nothing is known.
        """
        async with self._turn:
            await make_anew()
            self._lost = self._lost or self.world
            await self._refill(self._lost)

    async def follow_wall_clock(self) -> bool:
        """When the wall clock was set: the timers that are open move with it, and our clock with them.

        True when there was a step. Polls that are held are dated by the old line, and come first. After a
        DatabaseError nobody knows whether the timers moved: the next call brings the very same step again,
        which moves them once.
        """
        async with self._turn:
            if self._held or self._lost is not None:
                return False
            self._step = self._step or self._new_step()
            if self._step is None:
                return False
            if self._is_stale:
                await self._load()
            await self._shift(self._step)
            self._step = None
            return True

    def _new_step(self) -> Step | None:
        by = self._clock.step()
        return Step(self._new_id(), self._now() + by, by) if by else None

    async def _shift(self, step: Step) -> None:
        """What is stored moves once, and with it the alerts; what memory dates moves when our clock does."""
        try:
            is_new = await self._store.shift(step, partial(self._take_step, step))
        except BaseException:
            self._is_stale = True
            raise
        moved = shifted(self.world, step.by)
        self.world = moved if is_new else replace(moved, alerts=self.world.alerts)

    def _take_step(self, step: Step) -> None:
        """Our clock moves with the commit, and once, though a step may be brought again."""
        if step is not self._taken_step:
            self._taken_step = step
            self._clock.move(step.by)

    async def refresh_silences(self) -> None:
        async with self._turn:
            self.world.silences = await self._store.silences(self._now())

    async def _refill(self, lost: World) -> None:
        """Until it is complete nothing is read from the new database."""
        now = self._now()
        for decision in refill(lost, now, self._new_id):
            await self._store.commit(decision, now)
        self._lost = None
        await self._load()

    async def _load(self, *, is_complete: bool = False) -> None:
        stored = await self._store.load(self._feeds, self._now())
        read = restore(stored, self.settings, self._now())
        self.world = dated_as(self.world, read, is_complete=is_complete)
        self._is_stale = False

    def _hold(self, poll: Poll) -> None:
        """Of polls in a row that saw the same, the first ones tell when it began, the last that it lasts."""
        of_feed = [number for number, held in enumerate(self._held) if held.feed == poll.feed][-HELD_ALIKE:]
        alike = [number for number in of_feed if _saw_the_same(self._held[number], poll)]
        if len(alike) == HELD_ALIKE:
            del self._held[alike[-1]]
        self._held.append(poll)
        if len(self._held) > MOST_HELD:
            lost = self._held.popleft()
            _log.error("poll dropped undecided", extra={"fields": {"feed": lost.feed, "held": MOST_HELD}})

    async def _work_off(self) -> Taken:
        decisions: list[Decision] = []
        try:
            if self._lost is not None:
                await self._refill(self._lost)
            if self._is_stale:
                await self._load()
                self._forget_what_was_committed_after_all()
            while self._held:
                if self._held[0].feed in self.world.feeds:
                    decisions.append(await self._decide(self._held[0]))
                self._held.popleft()
        except DatabaseError as error:
            self._is_stale = True
            return Taken(tuple(decisions), error)
        except BaseException:
            self._is_stale = True
            raise
        return Taken(tuple(decisions))

    async def _decide(self, poll: Poll) -> Decision:
        now = poll.at + poll.duration
        try:
            decision, changes = await self._decided(poll, now)
        except Exception as error:  # noqa: BLE001
            # One answer that breaks the decision must not stop the next one from being decided.
            _log.exception("poll could not be decided", extra={"fields": {"feed": str(poll.feed)}})
            failed = Failed(FailureKind.INTERNAL, f"internal error: {type(error).__name__}")
            poll = replace(poll, answer=failed)
            decision, changes = decide(self.world, poll, self.settings, now, self._new_id)
        await self._commit(decision, changes, now)
        return decision

    async def _decided(self, poll: Poll, now: datetime) -> tuple[Decision, Changes]:
        """The world holds still meanwhile: whoever would change it waits for its turn."""
        work = partial(decide, self.world, poll, self.settings, now, self._new_id)
        if _evaluations(self.world, poll, self.settings) <= DECIDED_IN_A_THREAD:
            return work()
        return await in_thread(work)

    async def _commit(self, decision: Decision, changes: Changes, now: datetime) -> None:
        await self._store.commit(decision, now)
        absorb(self.world, changes)

    def _forget_what_was_committed_after_all(self) -> None:
        """An error at a commit does not say whether it took place; the feed's newest poll does.

        Only the oldest held poll was ever tried. Times are compared as they are stored, and for being the
        same: the wall clock may have been set back since the newest one.
        """
        if self._held and (state := self.world.feeds.get(self._held[0].feed)) is not None:
            last = state.last_poll_at
            if last is not None and to_ms(last) == to_ms(self._held[0].at):
                self._held.popleft()


def _saw_the_same(earlier: Poll, later: Poll) -> bool:
    if isinstance(earlier.answer, Listing) and isinstance(later.answer, Listing):
        return earlier.answer == later.answer
    return isinstance(earlier.answer, Failed) and isinstance(later.answer, Failed)


def _evaluations(world: World, poll: Poll, settings: Settings) -> int:
    """At most so many pairs of a product and a rule are looked at; a failed poll looks at none."""
    if isinstance(poll.answer, Failed):
        return 0
    products = max(len(poll.answer.rows), len(world.products.get(poll.feed, ())))
    return products * max(len(settings.rules), 1)
