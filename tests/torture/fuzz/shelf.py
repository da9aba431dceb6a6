"""A real database for the answers that are fuzzed: what is committed must come back as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from monitor.core.backoff import Accepted
from monitor.core.decision import Decision, Notice, Transition
from monitor.core.moment import to_ms
from monitor.core.outbox import Item
from monitor.core.product import Feed
from monitor.core.world import Settings, World
from monitor.daemon.restore import restore
from monitor.store.commit import commit
from monitor.store.outbox import claim, record
from monitor.store.row_ids import RowIds
from monitor.store.world import load
from tests.store.ground import new_store

CHANNELS: Final = ("phone", "mail")


@contextmanager
def new_shelf(folder: Path) -> Iterator["Shelf"]:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with new_store(folder) as engine:
            yield Shelf(engine)
    finally:
        for file in folder.glob("monitor.db*"):
            file.unlink()


class Shelf:
    """Writes decisions as the store does, and takes from the outbox what they have to tell."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ids = RowIds()

    def commit(self, decision: Decision, now: datetime) -> tuple[list[tuple[Item, ...]], list[str]]:
        """What each channel has to tell then. Complaints when it is not what was decided."""
        with self._engine.begin() as connection:
            committed = commit(connection, decision, self._ids, to_ms(now))
        self._ids.absorb(committed.added)
        if not decision.transitions and not decision.notices:
            return [], []
        claimed = [items for channel in CHANNELS for items in self._take_all(channel, now)]
        told: list[Transition | Notice] = [*decision.transitions, *decision.notices]
        decided = {one.event_id: one for one in told}
        complaints = [
            f"{item.told} was read back, but {decided[item.told.event_id]} was decided"
            for items in claimed
            for item in items
            if _stored(decided[item.told.event_id]) != item.told
        ]
        return claimed, complaints

    def restored(
        self, world: World, feed: Feed, settings: Settings, now: datetime
    ) -> tuple[World, list[str]]:
        """The world as the next start finds it. Complaints when it is another one."""
        with self._engine.begin() as connection:
            stored = load(connection, (feed,), now)
        self._ids = stored.ids
        found = restore(stored, settings, now)
        remembered = {key: replace(one, listed=None) for key, one in world.products[feed].items()}
        complaints = [
            f"{key}: {found.products[feed].get(key)} was stored of {one}"
            for key, one in remembered.items()
            if found.products[feed].get(key) != one
        ]
        if found.alerts != world.alerts:
            complaints.append(f"the alerts were stored as {found.alerts}, but they are {world.alerts}")
        return found, complaints

    def _take_all(self, channel: str, now: datetime) -> Iterator[tuple[Item, ...]]:
        while True:
            with self._engine.begin() as connection:
                items = claim(connection, channel, now).items
                ids = [item.delivery_id for item in items]
                record(connection, ids, Accepted(), now, timedelta(), "message", 0.0)
            if not items:
                return
            yield items


def _stored(told: Transition | Notice) -> Transition | Notice:
    return replace(told, deliveries=())
