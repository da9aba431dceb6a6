"""A judge that cannot object is worth nothing: mistakes that it must bring to light within days."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.core.answer import Failed, Listing
from monitor.core.decision import Decision, Notice
from monitor.core.product import Feed, Seen
from monitor.core.shift import Step
from monitor.daemon.parts import Parts
from monitor.store.commit import Committed
from monitor.store.outbox import Claim
from monitor.store.store import Store
from tests.torture.clocks.memory_store import MemoryStore
from tests.torture.clocks.places import InMemory
from tests.torture.clocks.simulate import none, simulate

SEEDS = range(1, 11)
"""Days in which there is occasion for each mistake, sooner or later."""


class Rash:
    """Takes an answer that says nothing for one that says that nothing is left."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._last = Listing(())

    async def fetch(self, feed: Feed) -> Listing | Failed:
        answer: Listing | Failed = await self._client.fetch(feed)
        if isinstance(answer, Failed):
            return Listing(tuple(replace(row, observed=Seen(0)) for row in self._last.rows))
        self._last = answer
        return answer

    async def close(self) -> None:
        await self._client.close()


class Unarmed:
    """A schedule that does not follow the wall clock."""

    def __init__(self, schedule: Any) -> None:
        self._schedule = schedule

    def __getattr__(self, name: str) -> Any:
        return getattr(self._schedule, name)

    def rearm(self, step: object) -> None:
        """Forgotten."""


class Asleep:
    """Lanes that nobody wakes: they look by themselves, once in a while."""

    def __init__(self, lanes: Any) -> None:
        self._lanes = lanes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lanes, name)

    def wake(self, names: object) -> None:
        """Forgotten."""

    def wake_all(self) -> None:
        """Forgotten as well."""


def asleep(parts: Parts) -> None:
    parts.lanes = Asleep(parts.lanes)  # type: ignore[assignment]


def rash(parts: Parts) -> None:
    parts.clients["default"] = Rash(parts.clients["default"])  # type: ignore[assignment]


def unarmed(parts: Parts) -> None:
    parts.schedule = Unarmed(parts.schedule)  # type: ignore[assignment]


class Forgetful(MemoryStore):
    """Loses every twentieth delivery."""

    async def commit(self, decision: Decision, now: datetime) -> Committed:
        committed = await super().commit(decision, now)
        for number in [number for number in self.kept.waiting if number % 20 == 0]:
            del self.kept.waiting[number]
        return committed


class Unmoved(MemoryStore):
    """Leaves the timers where they are when the clock steps."""

    async def shift(self, step: Step, moved: Callable[[], None]) -> bool:
        moved()
        return True


class Unrecovered(MemoryStore):
    """Does not look for what was in flight when the last life ended."""

    async def recover(self, channel: str | None = None) -> tuple[int, ...]:
        return ()


class Unmarked(MemoryStore):
    """Sends again what may have arrived, and does not say so."""

    async def recover(self, channel: str | None = None) -> tuple[int, ...]:
        recovered = await super().recover(channel)
        for number in recovered:
            self.kept.deliveries[number - 1].possible_repeat = False
        return recovered


class Blithe(MemoryStore):
    """Has not heard that the stock is gone."""

    async def claim(
        self, channel: str, now: Callable[[], datetime], on_loss: Callable[[], Notice | None]
    ) -> Claim:
        resolves, alerts = self.kept.resolves, self.kept.alerts
        self.kept.resolves, self.kept.alerts = {}, {}
        claim = await super().claim(channel, now, on_loss)
        self.kept.resolves, self.kept.alerts = resolves, alerts
        return claim


class Broken(InMemory):
    def __init__(self, kind: type[MemoryStore]) -> None:
        super().__init__()
        self._kind = kind

    def open(self) -> Store:
        return self._kind(self.kept)


@pytest.mark.parametrize(
    ("store", "mistake", "words"),
    [
        pytest.param(MemoryStore, rash, {"was stored as ok"}, id="unknown is out"),
        pytest.param(MemoryStore, unarmed, {"no request within", "asked again"}, id="no re-arming"),
        pytest.param(
            MemoryStore, asleep, {"with nothing in its way", "ended as pending"}, id="nobody wakes the lanes"
        ),
        pytest.param(Forgetful, none, {"with nothing in its way", "ended as"}, id="a delivery lost"),
        pytest.param(Unmoved, none, {"tells of"}, id="timers unmoved"),
        pytest.param(Unrecovered, none, {"ended as pending", "ended as retry"}, id="claims forgotten"),
        pytest.param(Unmarked, none, {"without being marked"}, id="repeats unmarked"),
        pytest.param(Blithe, none, {"FALSE"}, id="gone, and told as there"),
    ],
)
def test_a_mistake_is_objected_to(
    store: type[MemoryStore], mistake: Callable[[Parts], None], words: Collection[str], tmp_path: Path
) -> None:
    found: list[str] = []
    for seed in SEEDS:
        found += simulate(seed, Broken(store), tmp_path, days=3, density=8, mistake=mistake).objections
        if any(word in objection for objection in found for word in words):
            return
    raise AssertionError(f"nothing of {words} in {found}")


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_without_a_mistake_nothing_is_objected_to_in_the_same_days(seed: int, tmp_path: Path) -> None:
    assert simulate(seed, InMemory(), tmp_path, days=3, density=8).objections == []
