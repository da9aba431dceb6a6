"""One rule and one product in the reference model: when it opens and closes, and what of that is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tests.torture.clocks.pacing import Pacing
from tests.torture.clocks.scene import Watch

NEVER: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Edge:
    """`muted`: why it was not told, None if it was. `at`: a resolve is dated when the product left."""

    kind: str
    rule: str
    code: str
    cause: str
    muted: str | None
    at: datetime
    peak: int | None = None
    lasted: timedelta | None = None


@dataclass(slots=True)
class AlertModel:
    """Since when it waits, is open, is about to close; none of these: nothing. `told_at`: said last.

    `told_count`: so many were left then.
    """

    watch: Watch
    code: str
    pacing: Pacing
    waits_since: datetime | None = None
    open_since: datetime | None = None
    gone_since: datetime | None = None
    cause: str = "other"
    muted: str | None = None
    told_at: datetime | None = None
    told_count: int | None = None
    peak: int = 0

    @property
    def is_there(self) -> bool:
        """May a message say that it is to be had now?"""
        return self.open_since is not None and self.gone_since is None

    def met(self, cause: str, remaining: int, now: datetime, *, is_hushed: bool) -> Edge | None:
        self.peak = max(self.peak, remaining)
        if self.open_since is not None:
            self.gone_since = None
            return self._again(remaining, now, is_hushed=is_hushed)
        if self.waits_since is None:
            self.waits_since, self.cause = now, cause
        has_waited = now - self.waits_since >= self.watch.hold
        return self._open(remaining, now, is_hushed=is_hushed) if has_waited else None

    def not_met(self, cause: str, now: datetime, *, is_hushed: bool) -> Edge | None:
        if self.open_since is None:
            self._forget()
            return None
        if self.gone_since is None:
            self.gone_since, self.cause = now, cause
        if now - self.gone_since < self.watch.keep:
            return None
        muted = self.muted or self._why_no_end_is_told(is_hushed=is_hushed)
        lasted = max(self.gone_since - self.open_since, NEVER)
        edge = self._edge("resolved", self.cause, muted, self.gone_since, self.peak, lasted)
        self.pacing.close(self.gone_since)
        self._forget()
        return edge

    def pull_back(self, now: datetime) -> None:
        """What the clock left in the future reads as now."""
        self.waits_since = self.waits_since and min(self.waits_since, now)
        self.open_since = self.open_since and min(self.open_since, now)
        self.gone_since = self.gone_since and min(self.gone_since, now)
        self.told_at = self.told_at and min(self.told_at, now)

    def _open(self, remaining: int, now: datetime, *, is_hushed: bool) -> Edge:
        self.waits_since, self.open_since = None, now
        gap = self.watch.min_gap
        self.pacing.open(now, gap)
        if self.cause == "existing" and not self.watch.tells_existing:
            self.muted = "existing"
        elif is_hushed:
            self.muted = "silence"
        else:
            self.muted = None if self.pacing.allows(now, gap) else "flapping"
        if self.muted is None:
            self.told_at, self.told_count = now, remaining
            self.pacing.tell(now)
        return self._edge("fired", self.cause, self.muted, now)

    def _again(self, remaining: int, now: datetime, *, is_hushed: bool) -> Edge | None:
        """It was there and is there still: is there something to be made up for, or to be said again?"""
        cause = self._why_again(remaining, now, is_hushed=is_hushed)
        if cause is None:
            return None
        if cause not in {"reminder", "more"}:
            self.pacing.tell(now)
        self.told_at, self.muted = now, None
        self.told_count = self.told_count if is_hushed else remaining
        return self._edge("repeated", cause, "silence" if is_hushed else None, now)

    def _why_again(self, remaining: int, now: datetime, *, is_hushed: bool) -> str | None:
        if self.muted == "silence":
            return None if is_hushed else "silence ended"
        if self.muted == "flapping":
            may = not is_hushed and self.pacing.allows(now, self.watch.min_gap)
            return "opened again" if may else None
        if not is_hushed and self._has_grown(remaining, now):
            return "more"
        every = self.watch.remind
        is_up = self.told_at is not None and every is not None and now - self.told_at >= every
        return "reminder" if is_up else None

    def _has_grown(self, remaining: int, now: datetime) -> bool:
        if self.watch.more is None or self.told_count is None or self.told_at is None:
            return False
        return remaining >= self.watch.more * self.told_count and now - self.told_at >= self.watch.min_gap

    def _why_no_end_is_told(self, *, is_hushed: bool) -> str | None:
        if is_hushed:
            return "silence"
        if not self.watch.tells_sold_out:
            return "rule setting"
        return "not a sale" if self.cause == "other" else None

    def _edge(
        self,
        kind: str,
        cause: str,
        muted: str | None,
        at: datetime,
        peak: int | None = None,
        lasted: timedelta | None = None,
    ) -> Edge:
        return Edge(kind, self.watch.name, self.code, cause, muted, at, peak, lasted)

    def _forget(self) -> None:
        self.waits_since = self.open_since = self.gone_since = self.told_at = self.muted = None
        self.cause, self.peak, self.told_count = "other", 0, None
