"""Decides the past of one product again, with the rules of today: what would they have told? Pure.

It is the monitor's own `decide_observed` that decides. Alerts of different products know nothing of each
other, so each product is replayed by itself; and of the polls that saw nothing new only those are decided
at which a timer runs out, since no other would change anything.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from monitor.core.announce import may_add_at
from monitor.core.answered import Answered
from monitor.core.assemble import Observed
from monitor.core.decision import PollRecord, Transition
from monitor.core.evaluate import decide_observed
from monitor.core.moment import from_ms, to_ms
from monitor.core.product import Absent, Feed, Observation, ProductKey, known_from
from monitor.core.world import FeedState, Settings, World, absorb


@dataclass(frozen=True, slots=True)
class Sight:
    """What the ok poll answered at `at_ms` saw anew of a product, with the attributes of that time."""

    at_ms: int
    observation: Observation


@dataclass(frozen=True, slots=True)
class Past:
    """One product: what was seen of it, in order, and when its feed was answered since the start.

    `sights` begins with those before the start that say what the product was then.
    """

    key: ProductKey
    feed: Feed
    sights: Sequence[Sight]
    answered: Answered


def replay(past: Past, settings: Settings, new_id: Callable[[], str]) -> Iterator[Transition]:
    """Everything that the rules would have told or muted of this product, in order of time.

    Silences and notices aside. To the rules all is new at the first answer: what is there then is existing.
    """
    if not past.answered.times:
        return
    start = past.answered.times[0]
    replaying = _Replaying(past, settings, new_id)
    replaying.learn([sight for sight in past.sights if sight.at_ms < start])
    sights = [sight for sight in past.sights if sight.at_ms >= start]
    if not sights or sights[0].at_ms > start:
        yield from replaying.decide(start, Observed())
        yield from replaying.run_timers(start, sights[0].at_ms if sights else None)
    ends = [*(sight.at_ms for sight in sights[1:]), None]
    for sight, until_ms in zip(sights, ends, strict=False):
        yield from replaying.decide(sight.at_ms, replaying.observed(sight))
        yield from replaying.run_timers(sight.at_ms, until_ms)


class _Replaying:
    """The world of one product while its past goes by."""

    def __init__(self, past: Past, settings: Settings, new_id: Callable[[], str]) -> None:
        self._past = past
        self._settings = settings
        self._new_id = new_id
        self._rules = {rule.name: rule for rule in settings.rules}
        feed, start = past.feed, from_ms(past.answered.times[0])
        self._world = World(feeds={feed: FeedState(start)}, products={feed: {}})

    def learn(self, sights: Sequence[Sight]) -> None:
        """What was before any of the rules watched."""
        settings, self._settings = self._settings, replace(self._settings, rules=())
        for sight in sights:
            self.decide(sight.at_ms, self.observed(sight))
        self._settings = settings
        feed = self._past.feed
        self._world.feeds[feed] = FeedState(from_ms(self._past.answered.times[0]))

    def observed(self, sight: Sight) -> Observed:
        observed, key = Observed(), self._past.key
        if not isinstance(sight.observation, Absent):
            observed.listed[key] = sight.observation
        elif key in self._world.products[self._past.feed]:
            observed.unlisted[key] = sight.observation
        return observed

    def decide(self, at_ms: int, observed: Observed) -> Sequence[Transition]:
        feed, now = self._past.feed, from_ms(at_ms)
        answered_at = self._past.answered.last_before(at_ms)
        if answered_at is not None:
            state = self._world.feeds[feed]
            self._world.feeds[feed] = replace(state, last_ok_at=from_ms(answered_at))
        record = PollRecord(feed, now, timedelta(0))
        decided = decide_observed(self._world, record, observed, self._settings, now, self._new_id)
        absorb(self._world, decided[1])
        return decided[0].transitions

    def run_timers(self, now_ms: int, until_ms: int | None) -> Iterator[Transition]:
        """What time alone brings before the next sight. All that was due by `now_ms` has been decided."""
        while (due_ms := self._due_after(now_ms)) is not None:
            at_ms = self._past.answered.first_from(due_ms)
            if at_ms is None or (until_ms is not None and at_ms >= until_ms):
                return
            yield from self.decide(at_ms, Observed())
            now_ms = at_ms

    def _due_after(self, now_ms: int) -> int | None:
        """None also while it is not known what the product is: then nothing moves."""
        product = self._world.products[self._past.feed].get(self._past.key)
        if product is None or known_from(product.current) is None:
            return None
        dues = [
            to_ms(due)
            for key, alert in self._world.alerts.items()
            for due in may_add_at(alert, self._rules[alert.rule], self._world.spacings.get(key))
        ]
        return min((due_ms for due_ms in dues if due_ms > now_ms), default=None)
