"""What other timings of a rule, or a slower interval, would have told of the same past. Pure.

Only when an opening is announced depends on them. That is found with the monitor's own state machine and
spacing, from when the rule was met and when not: its whole decision would take ten times as long. A test
holds what comes out against `core.replay`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import assert_never

from monitor.core.alert import Edge, Firing, Inactive, State, edge, moves_at, next_state, resolved_at
from monitor.core.answered import Polls
from monitor.core.evaluate import condition_of
from monitor.core.matching import Condition, Met, NotMet, Rule
from monitor.core.moment import from_ms, to_ms
from monitor.core.product import ProductKey
from monitor.core.replay import Sight
from monitor.core.spacing import Spacing, after_announcement, after_opening, after_resolve

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Run:
    """From the answer at `from_ms` on the rule's condition was of this kind."""

    from_ms: int
    condition: Condition


@dataclass(frozen=True, slots=True)
class Chance:
    """Something to announce: the rule was met from one answer to another; `until_ms` None: to the end."""

    from_ms: int
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Cost:
    """Of the chances of a rule: how many were announced while they lasted, and how late.

    `later`: after the first poll that saw them; `left`: before they were over, of those that are.
    """

    chances: int
    later: Sequence[timedelta]
    left: Sequence[timedelta]

    @property
    def told(self) -> int:
        return len(self.later)

    @property
    def lost(self) -> int:
        return self.chances - self.told


def quantile(values: Sequence[timedelta], share: float) -> timedelta | None:
    """The least of them that so large a share does not exceed. None: there are none."""
    return sorted(values)[max(ceil(share * len(values)), 1) - 1] if values else None


def runs(rule: Rule, key: ProductKey, sights: Sequence[Sight], start_ms: int) -> list[Run]:
    """When the rule was met, not met or unknown, from the first answer (at `start_ms`) on."""
    found: list[Run] = []
    ends = [*(sight.at_ms for sight in sights[1:]), None]
    for sight, until_ms in zip(sights, ends, strict=False):
        if until_ms is not None and until_ms <= start_ms:
            continue
        now_is = condition_of(rule, key, sight.observation)
        if not found or type(found[-1].condition) is not type(now_is):
            found.append(Run(max(sight.at_ms, start_ms), now_is))
    return found


def chances(rule: Rule, told: Iterable[Run], start_ms: int) -> list[Chance]:
    """From when the rule came to be met until it was known not to be."""
    found: list[Chance] = []
    since: int | None = None
    for run in told:
        if isinstance(run.condition, Met):
            since = run.from_ms if since is None else since
        elif isinstance(run.condition, NotMet) and since is not None:
            found.append(Chance(since, run.from_ms))
            since = None
    found += [] if since is None else [Chance(since, None)]
    return [one for one in found if rule.announce_existing or one.from_ms > start_ms]


def announcements(rule: Rule, told: Sequence[Run], polls: Polls, start_ms: int) -> list[int]:
    """When an opening of the product would have been announced, with these polls only."""
    announcer = _Announcer(rule, start_ms)
    ends = [*(run.from_ms for run in told[1:]), None]
    for run, until_ms in zip(told, ends, strict=False):
        at_ms = polls.first_from(run.from_ms)
        while at_ms is not None and (until_ms is None or at_ms < until_ms):
            announcer.see(run.condition, at_ms)
            due = announcer.due()
            at_ms = polls.first_from(to_ms(due)) if due is not None and to_ms(due) > at_ms else None
    return announcer.announced


def cost(all_of_them: Sequence[Chance], announced: Sequence[int]) -> Cost:
    """`announced` in order: a chance is told by the first announcement that falls into it."""
    later, left = [], []
    for chance in all_of_them:
        index = bisect_left(announced, chance.from_ms)
        if index == len(announced) or (chance.until_ms is not None and announced[index] >= chance.until_ms):
            continue
        later.append((announced[index] - chance.from_ms) * _MILLISECOND)
        if chance.until_ms is not None:
            left.append((chance.until_ms - announced[index]) * _MILLISECOND)
    return Cost(len(all_of_them), later, left)


def together(costs: Iterable[Cost]) -> Cost:
    """Of several products."""
    parts = list(costs)
    return Cost(
        sum(part.chances for part in parts),
        [later for part in parts for later in part.later],
        [left for part in parts for left in part.left],
    )


class _Announcer:
    """One alert: its state, whether its opening is held back, and whether it was there from the start."""

    def __init__(self, rule: Rule, start_ms: int) -> None:
        self.announced: list[int] = []
        self._rule = rule
        self._start_ms = start_ms
        self._state: State = Inactive()
        self._spacing: Spacing | None = None
        self._is_held = False
        self._is_existing = False

    def see(self, condition: Condition, at_ms: int) -> None:
        before, now = self._state, from_ms(at_ms)
        self._state = after = next_state(before, condition, self._rule, now)
        if isinstance(before, Inactive):
            self._is_existing = at_ms == self._start_ms and not self._rule.announce_existing
        match edge(before, after):
            case Edge.FIRED:
                self._spacing = after_opening(self._spacing, self._rule.min_gap, now)
                self._is_held = not self._is_existing
            case Edge.RESOLVED:
                self._spacing = after_resolve(self._spacing, resolved_at(before, now))
                self._is_held = False
            case None:
                pass
            case _ as never:
                assert_never(never)
        if self._is_held and isinstance(condition, Met):
            self._announce(at_ms, now)

    def due(self) -> datetime | None:
        """When time alone moves it."""
        if not isinstance(self._state, Firing):
            return moves_at(self._state, self._rule)
        return self._spacing.allowed_at(self._rule.min_gap) if self._is_held and self._spacing else None

    def _announce(self, at_ms: int, now: datetime) -> None:
        if self._spacing is not None and self._spacing.allows(self._rule.min_gap, now):
            self._spacing = after_announcement(self._spacing, now)
            self._is_held = False
            self.announced.append(at_ms)
