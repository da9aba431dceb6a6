"""How openings of one alert are spaced, in the reference model. Plain, and apart from the monitor."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WIDEST: Final = 8


@dataclass(slots=True)
class Pacing:
    """One episode of flapping: how many openings were told, when the last, and when the last edge was.

    `is_doubtful`: the clock was set, and then this was read back from dated rows. What it says is not to be
    relied on until an episode begins of which, and of the quiet before it, nothing was read back.
    """

    told: int = 0
    told_at: datetime | None = None
    edge_at: datetime | None = None
    is_doubtful: bool = False
    _saw_edge: bool = False

    def open(self, now: datetime, gap: timedelta) -> None:
        if self.edge_at is None or now - self.edge_at >= WIDEST * gap:
            self.told, self.told_at = 0, None
            self.is_doubtful &= not self._saw_edge
        self.edge_at, self._saw_edge = now, True

    def allows(self, now: datetime, gap: timedelta) -> bool:
        return self.told_at is None or now - self.told_at >= gap * min(2 ** max(self.told - 1, 0), WIDEST)

    def tell(self, now: datetime) -> None:
        self.told, self.told_at = self.told + 1, now

    def close(self, at: datetime) -> None:
        self.edge_at, self._saw_edge = at, True

    def read_back(self, now: datetime, *, is_doubtful: bool) -> None:
        """The monitor forgets all this, and finds it again in its history."""
        is_ahead = any(at is not None and at > now for at in (self.told_at, self.edge_at))
        if self.edge_at is not None and (is_ahead or is_doubtful):
            self.is_doubtful, self._saw_edge = True, False
        self.told_at = self.told_at and min(self.told_at, now)
        self.edge_at = self.edge_at and min(self.edge_at, now)
