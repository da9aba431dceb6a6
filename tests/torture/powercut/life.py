"""One life of the daemon's inner parts: polls are decided and committed, deliveries claimed and recorded.

Only provider, receivers and clock are played; ledger, outbox and store are those of the daemon.
"""

from datetime import timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Final, Self

from monitor.core.answer import Failed, FailureKind, Poll
from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.core.errors import DatabaseError
from monitor.core.moment import to_ms
from monitor.core.world import Settings
from monitor.daemon.clock import SteadyClock
from monitor.daemon.ledger import Ledger, Taken
from monitor.daemon.outbox import StoredOutbox
from monitor.notify.lanes import Sent
from monitor.store import upkeep
from monitor.store.housekeeping import Housekeeping
from monitor.store.store import NUMBERS_OF_ONE_DATABASE, Store
from tests.core.builders import FEED, listing_of, rule
from tests.fakes.clock import FakeClock
from tests.torture.powercut.witness import Witness, WitnessedDatabase, open_witnessed

CODES: Final = ("PRD-A", "PRD-B", "PRD-C", "PRD-D", "PRD-E")
MANY_CODES: Final = tuple(f"PRD-{number}" for number in range(40))
CHANNELS: Final = ("phone", "ops")
CYCLES_A_CHECKPOINT: Final = 4
OUTCOMES: Final[tuple[Outcome, ...]] = (
    *[Accepted()] * 5,
    Refused(FailureClass.TRANSIENT, "HTTP 503"),
    Refused(FailureClass.AMBIGUOUS, "reset after the request was sent"),
    Refused(FailureClass.PERMANENT, "HTTP 404: the webhook was removed"),
)
SLICES_A_CHECKPOINT: Final = 5
HOURS_OF_LIFE: Final = {"first": 0, "second": 2, "third": 4, "old": 6, "next release": 2402}


def settings() -> Settings:
    patience = timedelta(hours=6)
    watch = rule(notify=CHANNELS, notify_sold_out=True)
    return Settings((watch,), dict.fromkeys(CHANNELS, patience), ("ops",), {"default": timedelta(minutes=1)})


class Life:
    """`begin` it; what it is told by the code under test it tells the witness, after it was told."""

    def __init__(self, url: str, database: WitnessedDatabase, seed: int, name: str) -> None:
        self._url = url
        self._database = database
        self._witness = database.witness
        self._random = Random(f"{seed}/{name}")
        self._clock = FakeClock()
        self._clock.advance(3600 * HOURS_OF_LIFE[name])
        ids = map(f"{name}-{{}}".format, count())
        self._new_id = lambda: next(ids)
        self._store = Store(database)
        self._ledger = Ledger(self._store, (FEED,), settings(), SteadyClock(self._clock), self._new_id)
        self._outbox = StoredOutbox(
            self._store, settings, self._clock.now, self._new_id, self._random.random, lambda _: None
        )
        self._stock = dict.fromkeys(CODES, 0)
        self._failed: list[int] = []
        self._held: tuple[Poll, dict[str, int]] | None = None

    @classmethod
    async def begin(cls, url: str, witness: Witness, seed: int, name: str) -> Self:
        """In the order of the daemon's start."""
        life = cls(url, open_witnessed(url, witness), seed, name)
        await life._store.retain(["nodes"], CHANNELS, (FEED,), life._clock.now())
        await life._ledger.load()
        await life._store.recover()
        return life

    async def end(self) -> None:
        """In the order of the daemon's stop."""
        await self._store.checkpoint()
        self._store.close(10)

    async def cycles(self, number: int) -> None:
        for cycle in range(1, number + 1):
            await self.cycle(is_checkpointed=cycle % CYCLES_A_CHECKPOINT == 0)

    async def cycle(self, *, is_checkpointed: bool) -> None:
        assert await self.poll() is None
        for channel in CHANNELS:
            await self._send(channel)
        if is_checkpointed:
            assert await self._store.checkpoint()

    async def flood(self) -> None:
        """Many products come at once and go again: large transactions, and much to be forgotten later."""
        for remaining in (3, 0):
            assert await self._poll(dict.fromkeys(MANY_CODES, remaining)) is None
            for channel in CHANNELS:
                while await self._send(channel, Accepted()):
                    pass
        assert await self._store.checkpoint()

    async def poll(self) -> DatabaseError | None:
        """The stock of one or two products changes. The trouble, if the database refuses."""
        for code in self._random.sample(CODES, self._random.choice((1, 1, 2))):
            self._stock[code] = self._random.choice((0, self._random.randint(1, 9)))
        return await self._poll(dict(self._stock) if self._random.random() < 0.9 else {})

    async def _poll(self, stock: dict[str, int]) -> DatabaseError | None:
        """Without a stock it fails."""
        self._clock.advance(15)
        answer = listing_of(stock) if stock else Failed(FailureKind.TIMEOUT, "no answer within 10 s")
        poll = Poll(FEED, self._clock.now(), timedelta(0), answer)
        taken = await self._ledger.take(poll)
        if taken.trouble is not None:
            self._held = poll, stock
            return taken.trouble
        self._tell_poll(poll, stock, taken)
        return None

    async def _reopen(self) -> None:
        await self._store.reopen()
        self._witness.acknowledge(self._database)

    async def fill_anew(self) -> None:
        """The daemon's way on after its database was deleted."""
        await self._ledger.refill(self._reopen)
        taken = await self._ledger.retry()
        assert taken.trouble is None
        assert self._held is not None
        self._tell_poll(*self._held, taken)

    async def tidy(self, keep: timedelta) -> None:
        """Long after: old history is forgotten, and free pages go back to the file system."""
        self._clock.advance(3600 * 2400)
        housekeeping = Housekeeping(keep)
        slices = count(1)
        while await self._store.tidy(housekeeping, self._clock.now()):
            if next(slices) % SLICES_A_CHECKPOINT == 0:
                assert await self._store.checkpoint()

    async def shift(self) -> None:
        self._clock.step(timedelta(seconds=2))
        await self._ledger.follow_wall_clock()

    def retry_beside(self) -> None:
        """A verb of the command line writes while the daemon has the database open."""
        for delivery_id in self._failed[-1:]:
            self._witness.tell("delivery", id=delivery_id, progress=0, end=None)
            with WitnessedDatabase.open_for_command(self._url) as database:
                database.witness = self._witness
                database.write(partial(upkeep.retry, delivery_id=delivery_id, now=self._clock.now()))

    async def _send(self, channel: str, outcome: Outcome | None = None) -> bool:
        """One message of the channel, as its lane does it. False: there was none."""
        claimed = await self._outbox.claim(channel)
        if not claimed.items:
            return False
        for item in claimed.items:
            self._tell_delivery(item.delivery_id, 2 * item.attempts + 1, None)
        outcome = outcome or self._random.choice(OUTCOMES)
        ids = tuple(item.delivery_id for item in claimed.items)
        await self._outbox.record(Sent(channel, ids, outcome, self._clock.now(), timedelta(0)))
        end = _end_of(outcome)
        self._failed += map(_row_of, ids) if end == "failed" else ()
        for item in claimed.items:
            self._tell_delivery(item.delivery_id, 2 * item.attempts + 2, end)
        return True

    def _tell_delivery(self, delivery_id: int, progress: int, end: str | None) -> None:
        self._witness.tell("delivery", id=_row_of(delivery_id), progress=progress, end=end)

    def _tell_poll(self, poll: Poll, stock: dict[str, int], taken: Taken) -> None:
        events = [edge.event_id for decision in taken.decisions for edge in decision.transitions]
        self._witness.tell("poll", at=to_ms(poll.at), stock=stock, events=events)


def _row_of(delivery_id: int) -> int:
    """What is handed out of a database that was made anew bears a number beside its row's."""
    return delivery_id % NUMBERS_OF_ONE_DATABASE


def _end_of(outcome: Outcome) -> str | None:
    if isinstance(outcome, Accepted):
        return "sent"
    return "failed" if outcome.kind is FailureClass.PERMANENT else None
