"""A clock that the test sets, a store with moods, and a ledger on a real database file."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import count
from pathlib import Path
from typing import Final

from monitor.core.answer import Failed, Listing, Poll
from monitor.core.decision import Decision, Silence
from monitor.core.errors import DatabaseError
from monitor.core.matching import Rule
from monitor.core.product import Feed
from monitor.core.shift import Step
from monitor.core.world import Settings
from monitor.daemon.clock import SteadyClock
from monitor.daemon.ledger import Ledger, Taken
from monitor.store.commit import Committed
from monitor.store.database import Database
from monitor.store.store import Store
from monitor.store.world import Stored
from tests.core.builders import FEED, Answer, listing_of, rule
from tests.fakes.clock import FakeClock

MINUTE: Final = timedelta(minutes=1)


class Mood(Enum):
    FINE = auto()
    REFUSES = auto()
    COMMITS_AND_COMPLAINS = auto()
    READ_ONLY = auto()
    HANGS = auto()


class MoodyStore(Store):
    """A real store on a disk that the test breaks and mends."""

    mood = Mood.FINE

    async def load(self, feeds: Iterable[Feed], now: datetime) -> Stored:
        if self.mood is Mood.REFUSES:
            raise DatabaseError("the disk is full")
        return await super().load(feeds, now)

    async def shift(self, step: Step, moved: Callable[[], None]) -> bool:
        if self.mood in {Mood.REFUSES, Mood.READ_ONLY}:
            raise DatabaseError("the disk is full")
        if self.mood is Mood.COMMITS_AND_COMPLAINS:
            await super().shift(step, lambda: None)
            raise DatabaseError("the disk does not answer")
        is_new = await super().shift(step, moved)
        if self.mood is Mood.HANGS:
            await asyncio.Event().wait()
        return is_new

    async def silences(self, now: datetime) -> tuple[Silence, ...]:
        if self.mood is Mood.REFUSES:
            raise DatabaseError("the disk is full")
        return await super().silences(now)

    async def commit(self, decision: Decision, now: datetime) -> Committed:
        if self.mood in {Mood.REFUSES, Mood.READ_ONLY}:
            raise DatabaseError("the disk is full")
        committed = await super().commit(decision, now)
        if self.mood is Mood.COMMITS_AND_COMPLAINS:
            raise DatabaseError("the disk does not answer")
        if self.mood is Mood.HANGS:
            await asyncio.Event().wait()
        return committed


def settings(*rules: Rule, blind_after: timedelta = MINUTE) -> Settings:
    return Settings(
        rules or (rule(),),
        {"phone": timedelta(hours=6), "ops": timedelta(hours=6)},
        ("ops",),
        {"default": blind_after},
    )


def open_store(file: Path) -> MoodyStore:
    return MoodyStore(Database.open(f"sqlite:///{file}", holder="the tests"))


class Bench:
    """A ledger, and what it made of the polls that were played."""

    def __init__(self, store: MoodyStore, clock: FakeClock, ledger: Ledger, file: Path) -> None:
        self.store = store
        self.clock = clock
        self.ledger = ledger
        self.file = file

    async def poll(self, answer: Answer, feed: Feed = FEED, after: float = 15.0) -> Taken:
        self.clock.advance(after)
        return await self.ledger.take(self.polled(answer, feed))

    def polled(self, answer: Answer, feed: Feed = FEED) -> Poll:
        heard = answer if isinstance(answer, Failed | Listing) else listing_of(answer)
        return Poll(feed, self.clock.now(), timedelta(0), heard)


@asynccontextmanager
async def a_ledger(
    file: Path, *rules: Rule, feeds: tuple[Feed, ...] = (FEED,), clock: FakeClock | None = None
) -> AsyncIterator[Bench]:
    clock = clock or FakeClock()
    store = open_store(file)
    ids = map(f"{clock.uptime:.0f}-{{}}".format, count())
    ledger = Ledger(store, feeds, settings(*rules), SteadyClock(clock), lambda: next(ids))
    try:
        await ledger.load()
        yield Bench(store, clock, ledger, file)
    finally:
        store.close(5)


def edges(*all_taken: Taken) -> list[str]:
    """What was decided and committed, in order."""
    return [
        transition.kind.value
        for taken in all_taken
        for decision in taken.decisions
        for transition in decision.transitions
    ]
