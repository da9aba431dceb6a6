"""How openings of one alert are spaced, in the reference model. Plain, and apart from the monitor."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

WIDEST: Final = 8
REMEMBERED: Final = timedelta(hours=24)


@dataclass(slots=True)
class Line:
    """The monitor dates what it keeps by a line that is `moved` from its own sense of time."""

    moved: timedelta = timedelta(0)


class What(Enum):
    OPENED = auto()
    TOLD = auto()
    CLOSED = auto()


@dataclass(slots=True)
class Pacing:
    """One episode of flapping: how many openings were told, when the last, and when the last edge was.

    `rows`: what the monitor keeps of it, dated by the line of the time.
    """

    line: Line
    told: int = 0
    told_at: datetime | None = None
    edge_at: datetime | None = None
    rows: list[tuple[datetime, What]] = field(default_factory=list)

    def open(self, now: datetime, gap: timedelta) -> None:
        self._note(now, What.OPENED, gap)

    def tell(self, now: datetime) -> None:
        self._note(now, What.TOLD)

    def close(self, at: datetime) -> None:
        self._note(at, What.CLOSED)

    def allows(self, now: datetime, gap: timedelta) -> bool:
        return self.told_at is None or now - self.told_at >= gap * min(2 ** max(self.told - 1, 0), WIDEST)

    def read_back(self, now: datetime, gap: timedelta) -> None:
        """The monitor forgets all this, and finds it again in the rows of a day; none is later than now."""
        self.told, self.told_at, self.edge_at = 0, None, None
        for date, what in self.rows:
            at = date - self.line.moved
            if at >= now - REMEMBERED:
                self._take(min(at, now), what, gap)

    def _note(self, at: datetime, what: What, gap: timedelta = timedelta(0)) -> None:
        self.rows.append((at + self.line.moved, what))
        self._take(at, what, gap)

    def _take(self, at: datetime, what: What, gap: timedelta) -> None:
        match what:
            case What.OPENED:
                if self.edge_at is None or at - self.edge_at >= WIDEST * gap:
                    self.told, self.told_at = 0, None
                self.edge_at = at
            case What.TOLD if self.edge_at is not None:
                self.told, self.told_at = self.told + 1, at
            case What.CLOSED if self.edge_at is not None:
                self.edge_at = at
            case _:
                """Of an episode that began before what is remembered."""
