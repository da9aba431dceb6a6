"""When the monitor has to say that it is blind, that it sees again, and that its key is refused. Plain."""

from datetime import datetime, timedelta
from typing import Final

from tests.torture.clocks.settings import BLIND_AFTER

REFUSALS_BORNE: Final = 3


class NoticesModel:
    """Times are the monitor's own sense of time; the line by which it dates is `moved` from that."""

    def __init__(self) -> None:
        self.is_blind = self.is_refused = False
        self._ok_at: datetime | None = None
        self._ok_wall: datetime | None = None
        self._started_at: datetime | None = None
        self._refusals = 0

    def start(self, now: datetime) -> None:
        self._started_at = now

    def reload(self) -> None:
        """What only counts begins anew."""
        self._refusals = 0

    def read_back(self, now: datetime, moved: timedelta) -> None:
        """At a start: polls are dated by the wall clock, and what that left in the future reads as now."""
        self._ok_at = self._ok_wall and min(self._ok_wall - moved, now)

    def poll(self, failure: str | None, now: datetime, wall: datetime) -> set[str]:
        """The notices that this poll has to bring."""
        if failure is None:
            return self._ok(now, wall)
        said = set()
        self._refusals += failure == "key refused"
        if self._refusals >= REFUSALS_BORNE and not self.is_refused:
            self.is_refused = True
            said.add("key refused")
        if self.may_be_blind(now) and not self.is_blind:
            self.is_blind = True
            said.add("blind")
        return said

    def may_be_blind(self, now: datetime) -> bool:
        seen_at = self._ok_at or self._started_at
        return seen_at is not None and now - seen_at >= BLIND_AFTER

    def _ok(self, now: datetime, wall: datetime) -> set[str]:
        said = {"back"} if self.is_blind else set()
        self.is_blind = self.is_refused = False
        self._refusals, self._ok_at, self._ok_wall = 0, now, wall
        return said
