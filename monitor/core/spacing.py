"""Openings of one alert are spaced, so that a product that flaps does not wear people out. Pure.

The first opening is announced at once. The next one waits until a gap has passed since the last that
was announced; the gap doubles with each announced opening, up to eight times, and an episode is over
when eight gaps have passed without any edge.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.core.alert import elapsed

WIDEST: Final = 8
"""The widest gap, in `min_gap`s; so long without an edge also ends an episode."""

_DOUBLINGS: Final = 3  # to the widest


@dataclass(frozen=True, slots=True)
class Spacing:
    """One episode: its openings (announced or not), how many were announced, and its last times."""

    since: datetime
    last_edge_at: datetime
    openings: int = 0
    announced: int = 0
    announced_at: datetime | None = None

    def is_over(self, min_gap: timedelta, now: datetime) -> bool:
        return elapsed(self.last_edge_at, now) >= WIDEST * min_gap

    def allows(self, min_gap: timedelta, now: datetime) -> bool:
        """May an opening be announced now?"""
        return self.announced_at is None or elapsed(self.announced_at, now) >= self.gap(min_gap)

    def allowed_at(self, min_gap: timedelta) -> datetime | None:
        """When an opening may be announced again. None: it always may."""
        return None if self.announced_at is None else self.announced_at + self.gap(min_gap)

    def gap(self, min_gap: timedelta) -> timedelta:
        """How far apart the last announced opening and the next one must be."""
        return min_gap * (1 << min(max(self.announced - 1, 0), _DOUBLINGS))


# Written out: `replace` takes three times as long, and a backtest asks a million times.
def after_opening(spacing: Spacing | None, min_gap: timedelta, at: datetime) -> Spacing:
    """An opening at `at`, not yet announced."""
    if spacing is None or spacing.is_over(min_gap, at):
        return Spacing(at, at, openings=1)
    return Spacing(spacing.since, at, spacing.openings + 1, spacing.announced, spacing.announced_at)


def after_announcement(spacing: Spacing, at: datetime) -> Spacing:
    return Spacing(spacing.since, spacing.last_edge_at, spacing.openings, spacing.announced + 1, at)


def after_resolve(spacing: Spacing | None, at: datetime) -> Spacing | None:
    if spacing is None:
        return None
    return Spacing(spacing.since, at, spacing.openings, spacing.announced, spacing.announced_at)
