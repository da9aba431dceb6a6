"""Builders for tests of the core: rules, rows, and a stage on which polls are played."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from monitor.core.alert import Inactive, State
from monitor.core.answer import Failed, FailureKind, Listing, Poll, Row
from monitor.core.decision import (
    Alert,
    Cause,
    Decision,
    MuteReason,
    Notice,
    NoticeKind,
    Silence,
    Transition,
    TransitionKind,
)
from monitor.core.evaluate import decide
from monitor.core.matching import TEXT_KEYS, Criterion, Match, Range, Rule
from monitor.core.notices import decide_blind
from monitor.core.product import Attributes, Feed, Invalid, ProductKey, Seen
from monitor.core.shift import shifted
from monitor.core.world import Changes, FeedState, Product, Settings, World, absorb

START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
FEED = Feed("default", None)
CODE = "PRD-1"
H800 = Attributes(
    "H800 node",
    Decimal(128),
    Decimal(2048),
    "NVIDIA-H800",
    8,
    Decimal(7000),
    Decimal("15.5"),
    11,
)

Answer = Failed | Listing | Mapping[str, int | Seen | Invalid]
Told = tuple[TransitionKind, Cause, MuteReason | None]


def key_of(code: str = CODE, aidc_id: int = 1, source: str = "default") -> ProductKey:
    return ProductKey(source, aidc_id, code)


def seen(
    remaining: int, stock_error: str | None = None, based_on: Attributes = H800, **changed: object
) -> Seen:
    values = {name: getattr(based_on, name) for name in Attributes.__slots__} | changed
    return Seen(remaining, stock_error, Attributes(**values))


def row(observed: int | Seen | Invalid, code: str = CODE, aidc_id: int | None = 1) -> Row:
    return Row(aidc_id, code, seen(observed) if isinstance(observed, int) else observed)


def table(**wanted: str) -> Match:
    """A match: `table(gpu_name="NVIDIA*", remaining=">=2")`; `|` between what will do as well."""
    return tuple(
        Criterion(name, globs=tuple(text.split("|")))
        if name in TEXT_KEYS
        else Criterion(name, ranges=tuple(map(Range.parse, text.split("|"))))
        for name, text in wanted.items()
    )


def rule(
    *any_of: Match, name: str = "nodes", notify: tuple[str, ...] = ("phone",), **settings: object
) -> Rule:
    """Without a table: any product that is to be had. Openings are not spaced unless said so."""
    given: dict[str, object] = {"min_gap": timedelta(0), **settings}
    return Rule(name, any_of or ((),), notify, **given)  # type: ignore[arg-type]


def failed(kind: FailureKind = FailureKind.TIMEOUT, reason: str | None = None) -> Failed:
    return Failed(kind, reason or kind.value, excerpt="<html>")


class Stage:
    """A world, its settings and a clock. A poll is played 15 seconds after the one before it."""

    def __init__(
        self,
        *rules: Rule,
        feeds: tuple[Feed, ...] = (FEED,),
        blind_after: timedelta = MINUTE,
        silences: tuple[Silence, ...] = (),
    ) -> None:
        self.now = START
        self.feed = feeds[0]
        self.settings = Settings(
            rules=rules or (rule(),),
            channels={"phone": timedelta(hours=6), "mail": timedelta(hours=1), "ops": timedelta(hours=2)},
            notify=("ops",),
            blind_after={feed.source: blind_after for feed in feeds},
        )
        self.world = World(feeds={feed: FeedState(START) for feed in feeds}, silences=silences)
        self.decision = Decision(None)
        self.transitions: list[Transition] = []
        self.notices: list[Notice] = []
        self._ids = map("event-{}".format, count(1))

    def poll(
        self,
        answer: Answer,
        *,
        after: timedelta = timedelta(seconds=15),
        feed: Feed | None = None,
    ) -> list[Told]:
        """Play one poll; the transitions that it brought, in short."""
        self.now += after
        listing = answer if isinstance(answer, Failed | Listing) else listing_of(answer)
        poll = Poll(feed or self.feed, self.now, SECOND, listing)
        return self._absorb(*decide(self.world, poll, self.settings, self.now, self._next_id))

    def watch_the_clock(self, *, after: timedelta, feed: Feed | None = None) -> None:
        """Time passes without any poll."""
        self.now += after
        chosen = feed or self.feed
        self._absorb(*decide_blind(self.world, chosen, self.settings, self.now, self._next_id))

    def restart(self, *rules: Rule) -> None:
        """What is read back from the database: all but what only saves work; with new rules, a reload."""
        states = {
            feed: replace(state, started_at=self.now, last_failure=None)
            for feed, state in self.world.feeds.items()
        }
        world = deepcopy(self.world)
        self.world = World(
            feeds=states,
            products={
                feed: {key: _unlisted(product) for key, product in products.items()}
                for feed, products in world.products.items()
            },
            unsettled=world.unsettled,
            alerts=world.alerts,
            rule_feeds=world.rule_feeds,
            spacings=world.spacings,
            episodes=world.episodes,
            silences=world.silences,
        )
        self.reload(*rules)

    def reload(self, *rules: Rule) -> None:
        if rules:
            settings = self.settings
            self.settings = Settings(rules, settings.channels, settings.notify, settings.blind_after)
        for feed, state in self.world.feeds.items():
            self.world.feeds[feed] = replace(state, evaluate_all=True)

    def step_the_clock(self, step: timedelta) -> None:
        """The wall clock is set; no time passes."""
        self.now += step
        self.world = shifted(self.world, step)

    def silence(self, *, for_: timedelta, rule: str | None = None, product_code: str | None = None) -> None:
        self.world.silences += (Silence(self.now, self.now + for_, rule, product_code),)

    def state(self, code: str = CODE, rule: str = "nodes") -> State:
        alert = self.alert(code, rule)
        return alert.state if alert else Inactive()

    def alert(self, code: str = CODE, rule: str = "nodes") -> Alert | None:
        return self.world.alerts.get((rule, key_of(code)))

    @property
    def outcome(self) -> str:
        """Of the last poll, as it is recorded."""
        return (self.decision.poll and self.decision.poll.reason) or "ok"

    @property
    def last(self) -> Transition:
        return self.transitions[-1]

    def told_of(self, kind: NoticeKind) -> list[Notice]:
        return [notice for notice in self.notices if notice.kind is kind]

    def _next_id(self) -> str:
        return next(self._ids)

    def _absorb(self, decision: Decision, changes: Changes) -> list[Told]:
        absorb(self.world, changes)
        self.decision = decision
        self.transitions += decision.transitions
        self.notices += decision.notices
        return [in_short(transition) for transition in decision.transitions]


def _unlisted(product: Product) -> Product:
    return replace(product, listed=None)


def listing_of(answer: Mapping[str, int | Seen | Invalid]) -> Listing:
    return Listing(tuple(row(observed, code) for code, observed in answer.items()))


def in_short(transition: Transition) -> Told:
    return transition.kind, transition.cause, muted(transition)


def muted(transition: Transition) -> MuteReason | None:
    """All deliveries of a transition are muted for one reason, or none is."""
    (reason,) = {delivery.muted for delivery in transition.deliveries}
    return reason


def fired(cause: Cause, why_muted: MuteReason | None = None) -> list[Told]:
    return [(TransitionKind.FIRED, cause, why_muted)]


def resolved(cause: Cause, why_muted: MuteReason | None = None) -> list[Told]:
    return [(TransitionKind.RESOLVED, cause, why_muted)]


def repeated(cause: Cause, why_muted: MuteReason | None = None) -> list[Told]:
    return [(TransitionKind.REPEATED, cause, why_muted)]
