"""What rules would have announced of a past, and what their timings and the interval cost. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from monitor.core.answered import Slower
from monitor.core.decision import Cause, MuteReason, Transition, TransitionKind
from monitor.core.matching import Rule
from monitor.core.moment import to_ms
from monitor.core.product import ProductKey
from monitor.core.replay import Past, replay
from monitor.core.whatif import Cost, announcements, chances, cost, runs, together
from monitor.core.world import Settings

SLOWER: Final = (2, 4, 20)
"""So many times as long as the interval at which it was polled."""

_HOLD_FOR: Final = (0, 30, 60, 120, 300)
_KEEP_FIRING_FOR: Final = (0, 60, 300)
_MIN_GAP: Final = (0, 60, 300)


@dataclass(frozen=True, slots=True)
class Opening:
    """One `fired` edge. `told_at`: when people would have been told of it (None: never, because `muted`).

    `ended_at` None: it fired to the end of the record.
    """

    product: ProductKey
    fired_at: datetime
    cause: Cause
    remaining: int | None
    told_at: datetime | None
    muted: MuteReason | None
    ended_at: datetime | None
    peak: int | None


@dataclass(frozen=True, slots=True)
class Timing:
    """The rule with one thing changed: `setting` is its key in the configuration, or "interval"."""

    setting: str
    value: timedelta
    rule: Rule
    every: int = 1


@dataclass(frozen=True, slots=True)
class Tried:
    """`setting` None: as configured."""

    setting: str | None
    value: timedelta | None
    cost: Cost


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule, over all products that it watches. `messages`: of each channel, reminders and ends too."""

    rule: Rule
    products: tuple[ProductKey, ...]
    openings: tuple[Opening, ...]
    messages: int
    tried: tuple[Tried, ...]

    @property
    def told(self) -> int:
        return sum(opening.told_at is not None for opening in self.openings)


def backtest(past: Past, settings: Settings, usual_ms: int, new_id: Callable[[], str]) -> Iterator[Outcome]:
    """Of each of the rules over one product, which they watch. `usual_ms`: the interval of its polls.

    Every rule must have the same single channel: what is muted is told by deliveries.
    """
    transitions = list(replay(past, settings, new_id))
    for rule in settings.rules:
        own = [one for one in transitions if one.rule == rule.name]
        found = tuple(_openings(own))
        messages = sum(not _muted(one) for one in own)
        yield Outcome(rule, (past.key,), found, messages, tuple(_tried(rule, past, found, usual_ms)))


def merged(outcomes: Sequence[Outcome]) -> Outcome:
    """Of several products, at least one, of the same rule."""
    return Outcome(
        outcomes[0].rule,
        tuple(product for one in outcomes for product in one.products),
        tuple(sorted((o for one in outcomes for o in one.openings), key=attrgetter("fired_at", "product"))),
        sum(one.messages for one in outcomes),
        tuple(
            replace(same[0], cost=together(tried.cost for tried in same))
            for same in zip(*(one.tried for one in outcomes), strict=True)
        ),
    )


def timings(rule: Rule, usual_ms: int) -> Iterator[Timing]:
    """What is tried: slower polls, and each timing of the rule at a few other values, in seconds."""
    for every in SLOWER if usual_ms else ():
        yield Timing("interval", timedelta(milliseconds=every * usual_ms), rule, every)
    for value in _others(_HOLD_FOR, rule.hold_for):
        yield Timing("for", value, replace(rule, hold_for=value))
    for value in _others(_KEEP_FIRING_FOR, rule.keep_firing_for):
        yield Timing("keep_firing_for", value, replace(rule, keep_firing_for=value))
    for value in _others(_MIN_GAP, rule.min_gap):
        yield Timing("min_gap", value, replace(rule, min_gap=value))


def _others(seconds: Iterable[int], own: timedelta) -> list[timedelta]:
    return [value for value in (timedelta(seconds=number) for number in seconds) if value != own]


def _tried(rule: Rule, past: Past, found: Iterable[Opening], usual_ms: int) -> Iterator[Tried]:
    start_ms = past.answered.times[0]
    met = runs(rule, past.key, past.sights, start_ms)
    there = chances(rule, met, start_ms)
    yield Tried(None, None, cost(there, [to_ms(one.told_at) for one in found if one.told_at is not None]))
    for timing in timings(rule, usual_ms):
        polls = Slower(past.answered, timing.every * usual_ms) if timing.every > 1 else past.answered
        announced = announcements(timing.rule, met, polls, start_ms)
        yield Tried(timing.setting, timing.value, cost(there, announced))


def _openings(transitions: Sequence[Transition]) -> Iterator[Opening]:
    """An opening that was held back is told when it is told again."""
    later: dict[str, list[Transition]] = {}
    for one in transitions:
        if one.kind is not TransitionKind.FIRED:
            later.setdefault(one.opening, []).append(one)
    for one in transitions:
        if one.kind is TransitionKind.FIRED:
            yield _opening(one, later.get(one.opening, []))


def _opening(fired: Transition, later: Sequence[Transition]) -> Opening:
    muted = _muted(fired)
    again = [one.at for one in later if one.cause is Cause.OPENED_AGAIN]
    ended = next((one for one in later if one.kind is TransitionKind.RESOLVED), None)
    return Opening(
        fired.product,
        fired.at,
        fired.cause,
        fired.facts.remaining,
        fired.at if muted is None else next(iter(again), None),
        None if again else muted,
        None if ended is None else ended.at,
        None if ended is None else ended.facts.peak,
    )


def _muted(one: Transition) -> MuteReason | None:
    return one.deliveries[0].muted
