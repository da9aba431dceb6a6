"""Where a simulated monitor keeps what must outlive it: plain memory, or a SQLite file."""

from collections.abc import Sequence
from typing import Protocol

from monitor.core.decision import Silence
from monitor.store.store import Store
from tests.torture.clocks.kept import Kept
from tests.torture.clocks.memory_store import MemoryStore
from tests.torture.clocks.post import End


class Place(Protocol):
    def open(self) -> Store:
        """For one life."""

    def close(self) -> None:
        """That life is over."""

    def silence(self, silence: Silence) -> None:
        """As the command line writes one, beside the monitor."""

    def ends(self) -> Sequence[End]:
        """Every delivery, as it is now."""


class InMemory:
    def __init__(self) -> None:
        self.kept = Kept()

    def open(self) -> Store:
        return MemoryStore(self.kept)

    def close(self) -> None:
        """Nothing is open."""

    def silence(self, silence: Silence) -> None:
        self.kept.silences.append(silence)
        self.kept.version += 1

    def ends(self) -> Sequence[End]:
        return [
            End(row.number, row.told.event_id, row.channel, row.state, row.reason)
            for row in self.kept.deliveries
        ]
