"""What one rule would do about one product next: the decision, tried on polls that were never made. Pure.

Nothing here knows what a rule does. A copy of the state is cut down to the product, polls are made up, and
`evaluate` decides them as it decides those of the provider.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR
from itertools import count
from math import ceil
from typing import Final, assert_never

from monitor.core.alert import Clearing, Firing, Inactive, Pending, State
from monitor.core.assemble import Observed
from monitor.core.decision import Alert, Cause, MuteReason, PollRecord, Transition, TransitionKind
from monitor.core.evaluate import condition_of, decide_observed
from monitor.core.matching import Met, Rule
from monitor.core.product import Absent, Attributes, Feed, Observation, ProductKey, Seen
from monitor.core.spacing import Spacing
from monitor.core.world import Product, Settings, World, absorb

MOST_STEPS: Final = 5
_HELD: Final = frozenset({MuteReason.SILENCE, MuteReason.FLAPPING})


@dataclass(frozen=True, slots=True)
class Timer:
    """`what`: `for`, `keep_firing_for`, `remind_every`, `min_gap` or `silence`; it runs until `at`."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Announced:
    """A transition: told to these channels, or to none of them because it is `muted`."""

    kind: TransitionKind
    cause: Cause
    channels: tuple[str, ...]
    muted: MuteReason | None


@dataclass(frozen=True, slots=True)
class Step:
    """What the poll at `at` would bring: another state, or something to tell."""

    at: datetime
    state: State
    announced: tuple[Announced, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """All that decides on one rule and one product; `key` is the product's."""

    world: World
    settings: Settings
    feed: Feed
    key: ProductKey

    @property
    def rule(self) -> Rule:
        return self.settings.rules[0]

    @property
    def alert(self) -> Alert | None:
        return self.world.alerts.get((self.rule.name, self.key))

    @property
    def spacing(self) -> Spacing | None:
        return self.world.spacings.get((self.rule.name, self.key))


def cut(world: World, settings: Settings, feed: Feed, rule: Rule, product: Product) -> Cut:
    """A world in which there is nothing but this product and this rule. The one given is left as it is."""
    of_both = (rule.name, product.key)
    small = World(
        feeds={feed: replace(world.feeds[feed], evaluate_all=True)},
        products={feed: {product.key: product}},
        alerts={of_both: world.alerts[of_both]} if of_both in world.alerts else {},
        rule_feeds={(name, seen) for name, seen in world.rule_feeds if name == rule.name},
        spacings={of_both: world.spacings[of_both]} if of_both in world.spacings else {},
        silences=world.silences,
    )
    return Cut(small, replace(settings, rules=(rule,), notify=()), feed, product.key)


def course(of: Cut, observation: Observation, first_at: datetime, interval: timedelta) -> list[Step]:
    """What would follow if each poll from `first_at` on saw this, up to the first thing that is told.

    Steps at which nothing changes are left out.
    """
    now = cut(of.world, of.settings, of.feed, of.rule, of.world.products[of.feed][of.key])
    ids = map(str, count())
    steps: list[Step] = []
    at: datetime | None = first_at
    for _ in range(MOST_STEPS):
        if at is None:
            break
        before = now.alert
        decision, changes = decide_observed(
            now.world,
            PollRecord(of.feed, at, timedelta(0)),
            _observed(of.key, observation),
            of.settings,
            at,
            ids.__next__,
        )
        absorb(now.world, changes)
        announced = tuple(_announced(t) for t in decision.transitions)
        state = now.alert.state if now.alert else Inactive()
        if announced or state != (before.state if before else Inactive()):
            steps.append(Step(at, state, announced))
        if any(one.muted not in _HELD for one in announced):
            break
        at = _next_poll(now, at, first_at, interval)
    return steps


def timers(of: Cut, now: datetime) -> list[Timer]:
    """What runs for the alert, the earliest first; those that have run out wait for a poll."""
    return sorted(_timers(of, now), key=lambda timer: timer.at)


def enough(rule: Rule, key: ProductKey, attributes: Attributes) -> Seen | None:
    """The fewest nodes, without a stock error, that would meet the rule. None: no count would."""
    for remaining in sorted(_counts(rule, attributes)):
        seen = Seen(remaining, None, attributes)
        if isinstance(condition_of(rule, key, seen), Met):
            return seen
    return None


def _observed(key: ProductKey, observation: Observation) -> Observed:
    if isinstance(observation, Absent):
        return Observed(unlisted={key: Absent(sure=True)})
    return Observed(listed={key: observation})


def _announced(transition: Transition) -> Announced:
    channels = tuple(delivery.channel for delivery in transition.deliveries)
    muted = next((delivery.muted for delivery in transition.deliveries), None)
    return Announced(transition.kind, transition.cause, channels, muted)


def _next_poll(of: Cut, at: datetime, first_at: datetime, interval: timedelta) -> datetime | None:
    """The poll at which a timer will have run out."""
    due = next((timer.at for timer in timers(of, at) if timer.at > at), None)
    if due is None:
        return None
    return first_at + ceil((due - first_at) / interval) * interval


def _timers(of: Cut, now: datetime) -> Iterator[Timer]:
    alert, rule = of.alert, of.rule
    match alert.state if alert else Inactive():
        case Pending(since):
            yield Timer("for", since + rule.hold_for)
        case Clearing(_, cleared_at):
            yield Timer("keep_firing_for", cleared_at + rule.keep_firing_for)
        case Inactive() | Firing():
            pass
        case _ as never:
            assert_never(never)
    if alert is not None and rule.remind_every is not None and alert.announced_at is not None:
        yield Timer("remind_every", alert.announced_at + rule.remind_every)
    yield from _held(of, now)
    for silence in of.world.silences:
        if silence.covers(rule.name, of.key.product_code, now):
            yield Timer("silence", silence.until_at)


def _held(of: Cut, now: datetime) -> Iterator[Timer]:
    """An opening that was too soon after the last one, or one that would be."""
    spacing, min_gap = of.spacing, of.rule.min_gap
    if spacing is None or spacing.announced_at is None:
        return
    is_held = of.alert is not None and of.alert.muted is MuteReason.FLAPPING
    is_open = of.alert is not None and isinstance(of.alert.state, Firing | Clearing)
    would_be = not is_open and not spacing.is_over(min_gap, now) and not spacing.allows(min_gap, now)
    if is_held or would_be:
        yield Timer("min_gap", spacing.announced_at + spacing.gap(min_gap))


def _counts(rule: Rule, attributes: Attributes) -> set[int]:
    """The counts at which a criterion may turn."""
    found = {1}
    per_node = {"remaining": 1, "total_gpus": attributes.gpu_count or 0}
    for match in rule.any_of:
        for criterion in match:
            if per_node.get(criterion.key):
                for wanted in criterion.ranges:
                    if wanted.low is not None:
                        low = int((wanted.low / per_node[criterion.key]).to_integral_value(ROUND_FLOOR))
                        found |= {low, low + 1}
    return {each for each in found if each > 0}
