"""Is the monitor itself well? Facts come in, problems in words come out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from monitor.core.product import Feed

LEAST_PATIENCE_S: Final = 60.0
COMMITTED_WITHIN_S: Final = 10.0
RECORDED_WITHIN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """`busy_since`: when the send in flight began, on the monotonic clock; it may take `deadline_s`."""

    name: str
    is_alive: bool
    is_stuck: bool
    busy_since: float | None
    deadline_s: float = 0.0


@dataclass(slots=True)
class Health:
    """Progress of every loop, on the monotonic clock. A loop that makes none for too long is dead."""

    monotonic: Callable[[], float]
    visited: dict[Feed, float] = field(default_factory=dict)
    patience_s: dict[Feed, float] = field(default_factory=dict)
    database_refuses_since: float | None = None

    def expect(self, feed: Feed, interval: timedelta, timeout: timedelta) -> None:
        """From now on the feed is to be visited in each of its slots, a poll that takes its time allowed."""
        slowest_s = (interval + timeout).total_seconds() + COMMITTED_WITHIN_S
        self.patience_s[feed] = max(3 * interval.total_seconds(), LEAST_PATIENCE_S, slowest_s)
        self.visited.setdefault(feed, self.monotonic())

    def forget(self, feed: Feed) -> None:
        self.patience_s.pop(feed, None)
        self.visited.pop(feed, None)

    def visit(self, feed: Feed) -> None:
        self.visited[feed] = self.monotonic()

    def dead(self, lanes: Iterable[LaneFacts]) -> list[str]:
        """What only a restart can mend: the watchdog is not fed while there is one."""
        now = self.monotonic()
        problems = [
            f"feed {feed} was not visited for {now - self.visited[feed]:.0f} s"
            for feed, patience_s in self.patience_s.items()
            if now - self.visited[feed] > patience_s
        ]
        for lane in lanes:
            if not lane.is_alive:
                problems.append(f"lane {lane.name} is dead")
            elif lane.busy_since is not None and now - lane.busy_since > _patience_s(lane):
                problems.append(f"lane {lane.name} hangs")
        return problems

    def problems(self, lanes: Iterable[LaneFacts]) -> list[str]:
        """Everything that keeps the heartbeat from being sent.

        A database that refuses is among these but not among the dead: the edges that it did not take
        live in this process, and a restart would lose them.
        """
        facts = list(lanes)
        found = self.dead(facts)
        found += [f"channel {lane.name} is stuck" for lane in facts if lane.is_stuck]
        if self.database_refuses_since is not None:
            found.append("the database refuses to be written")
        return found


def _patience_s(lane: LaneFacts) -> float:
    return max(LEAST_PATIENCE_S, lane.deadline_s + RECORDED_WITHIN_S)
