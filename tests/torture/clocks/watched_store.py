"""A store that the judge looks at, and in which a process can die: before a transaction, or after it."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from monitor.core.backoff import Outcome
from monitor.core.decision import Decision, Notice, Silence
from monitor.core.product import Feed
from monitor.core.shift import Step
from monitor.store.commit import Committed
from monitor.store.housekeeping import Housekeeping
from monitor.store.outbox import Claim, Recorded
from monitor.store.retain import Removed
from monitor.store.store import Store
from monitor.store.world import Stored
from tests.torture.clocks.fuse import Fuse

T = TypeVar("T")


def _nobody(_: object) -> None:
    """To be told."""


class Witness(Protocol):
    """Is told of each transaction that took place, at once."""

    def committed(self, decision: Decision) -> None: ...
    def claimed(self, channel: str, claim: Claim) -> None: ...
    def recorded(self, delivery_ids: Sequence[int], outcome: Outcome) -> None: ...
    def released(self, delivery_ids: Sequence[int]) -> None: ...
    def shifted(self, step: timedelta) -> None: ...
    def pulled_back(self) -> None: ...
    def retained(self) -> None: ...


class WatchedStore(Store):
    """One life's handle on a store that outlives it."""

    def __init__(self, store: Store, witness: Witness, fuse: Fuse) -> None:
        self.file = store.file
        self._store = store
        self._witness = witness
        self._fuse = fuse

    async def load(self, feeds: Iterable[Feed], now: datetime) -> Stored:
        return await self._through("load", lambda: self._store.load(feeds, now))

    async def commit(self, decision: Decision, now: datetime) -> Committed:
        tell = self._witness.committed
        return await self._through(
            "commit", lambda: self._store.commit(decision, now), lambda _: tell(decision)
        )

    async def claim(
        self, channel: str, now: Callable[[], datetime], on_loss: Callable[[], Notice | None]
    ) -> Claim:
        tell = partial(self._witness.claimed, channel)
        return await self._through("claim", lambda: self._store.claim(channel, now, on_loss), tell)

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
        tell = self._witness.recorded
        args = (delivery_ids, outcome, now, duration, message_id, jitter, on_loss)
        return await self._through(
            "record", lambda: self._store.record(*args), lambda _: tell(delivery_ids, outcome)
        )

    async def release(self, delivery_ids: Sequence[int]) -> None:
        tell = self._witness.released
        await self._through(
            "release", lambda: self._store.release(delivery_ids), lambda _: tell(delivery_ids)
        )

    async def expire(
        self, channel: str, now: Callable[[], datetime], on_loss: Callable[[], Notice | None]
    ) -> Claim:
        tell = partial(self._witness.claimed, channel)
        return await self._through("expire", lambda: self._store.expire(channel, now, on_loss), tell)

    async def recover(self, channel: str | None = None) -> tuple[int, ...]:
        return await self._through("recover", lambda: self._store.recover(channel))

    async def shift(self, step: Step, moved: Callable[[], None]) -> bool:
        tell = self._witness.shifted
        return await self._through("shift", lambda: self._store.shift(step, moved), lambda _: tell(step.by))

    async def pull_back(self, now: datetime) -> None:
        tell = self._witness.pulled_back
        await self._through("pull back", lambda: self._store.pull_back(now), lambda _: tell())

    async def silences(self, now: datetime) -> tuple[Silence, ...]:
        return await self._through("silences", lambda: self._store.silences(now))

    async def retain(
        self, rules: Collection[str], channels: Collection[str], feeds: Collection[Feed], now: datetime
    ) -> Removed:
        tell = self._witness.retained
        return await self._through(
            "retain", lambda: self._store.retain(rules, channels, feeds, now), lambda _: tell()
        )

    async def tidy(self, housekeeping: Housekeeping, now: datetime) -> bool:
        return await self._through("tidy", lambda: self._store.tidy(housekeeping, now))

    async def data_version(self) -> int:
        return await self._through("data version", self._store.data_version)

    async def checkpoint(self) -> bool:
        return await self._through("checkpoint", self._store.checkpoint)

    async def reopen(self) -> None:
        await self._through("reopen", self._store.reopen)

    def close(self, timeout_s: float) -> None:
        """The store goes on; whoever made it closes it."""

    async def _through(
        self, name: str, step: Callable[[], Awaitable[T]], tell: Callable[[T], None] = _nobody
    ) -> T:
        await self._fuse.stop_at(f"before {name}")
        result = await step()
        tell(result)
        await self._fuse.stop_at(f"after {name}")
        return result
