"""Plays answers the way of the daemon: parse, decide, commit some, absorb, put into words. Judges each."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count, cycle
from typing import Final, TypeVar

from monitor.core.answer import Failed, Listing, Poll
from monitor.core.decision import Decision, Notice, Transition
from monitor.core.evaluate import decide
from monitor.core.outbox import Item
from monitor.core.product import Feed
from monitor.core.world import Changes, FeedState, Settings, World, absorb
from monitor.source.client import PARSED_IN_A_THREAD
from monitor.source.payload import RowMemo, parse
from tests.torture.fuzz.judge import compare_answer, compare_decision, with_odd_errors
from tests.torture.fuzz.model import RULES, Model
from tests.torture.fuzz.reading import Reading, read
from tests.torture.fuzz.shelf import Shelf
from tests.torture.fuzz.telling import STYLES, tell

T = TypeVar("T")
START: Final = datetime.fromisoformat("2026-03-01T10:00:00+00:00")
INTERVAL: Final = timedelta(seconds=15)
TOOK: Final = timedelta(milliseconds=38)
SETTINGS: Final = Settings(
    tuple(
        replace(rule, remind_every=timedelta(minutes=4), more_at=Decimal(2)) if rule.name == "any" else rule
        for rule in RULES
    ),
    {"phone": timedelta(hours=6), "mail": timedelta(hours=6)},
    ("mail",),
    {"default": timedelta(minutes=1)},
)
LONGEST_HOLD_S: Final = 0.050
TRIES: Final = 5
"""A piece of work that took too long is tried so often again: a machine that is busy makes anything slow."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of one answer. `hold_s`: how long the event loop was kept from everything else by it."""

    answer: Listing | Failed
    decision: Decision | None
    hold_s: float = 0.0
    complaints: list[str] = field(default_factory=list)


class Player:
    """One feed from its first poll on. With a `shelf` everything is committed into a database as well."""

    def __init__(self, feed: Feed, shelf: Shelf | None = None) -> None:
        self.feed = feed
        self.now = START
        self.world = World(feeds={feed: FeedState(START)}, products={feed: {}})
        self._shelf = shelf
        self._model = Model(feed)
        self._memo = RowMemo()
        self._styles = cycle(STYLES)
        self._new_id = map("event-{}".format, count(1)).__next__

    def play(self, body: bytes) -> Played:
        """Raises what the monitor raises: that is for the caller to report."""
        reading, memo = read(body), self._memo
        self._memo = _copy(memo)
        parse_s, answer = _timed(lambda: parse(body, self._memo))
        if reading.too_deep:
            decide(self.world, self._poll(answer), SETTINGS, self.now, self._new_id)
            return Played(answer, None)
        complaints = [*compare_answer(answer, reading), *_hoarded(self._memo, answer)]
        if complaints:
            return Played(answer, None, 0.0, complaints)
        if len(body) > PARSED_IN_A_THREAD:
            return self._decide(answer, with_odd_errors(reading, answer))
        parse_again = lambda: _timed(lambda: parse(body, _copy(memo)))[0]  # noqa: E731
        return self._decide(answer, with_odd_errors(reading, answer), parse_s, parse_again)

    def fail(self, failed: Failed) -> Played:
        """A poll that brought no answer at all."""
        return self._decide(failed, Reading(failed.kind))

    def restart(self) -> list[str]:
        """As after the end of the process: what is not stored is forgotten. Complaints when more is."""
        self._memo = RowMemo()
        if self._shelf is not None:
            self.world, complaints = self._shelf.restored(self.world, self.feed, SETTINGS, self.now)
            return complaints
        products = {key: replace(one, listed=None) for key, one in self.world.products[self.feed].items()}
        state = replace(self.world.feeds[self.feed], started_at=self.now, evaluate_all=True)
        self.world = replace(self.world, products={self.feed: products}, feeds={self.feed: state})
        return []

    def _decide(
        self,
        answer: Listing | Failed,
        reading: Reading,
        parse_s: float = 0.0,
        parse_again: Callable[[], float] = lambda: 0.0,
    ) -> Played:
        self.now += INTERVAL
        decide_s, (decision, changes) = self._timed_decision(answer)
        hold_s = parse_s + decide_s
        if hold_s > LONGEST_HOLD_S:
            hold_s = min(parse_again() + self._timed_decision(answer)[0] for _ in range(TRIES))
        complaints = compare_decision(decision, self._model.poll(reading))
        if not complaints:
            complaints = self._commit_and_tell(decision, changes)
        return Played(answer, decision, hold_s, complaints)

    def _timed_decision(self, answer: Listing | Failed) -> tuple[float, tuple[Decision, Changes]]:
        poll = self._poll(answer)
        return _timed(lambda: decide(self.world, poll, SETTINGS, self.now, self._new_id))

    def _commit_and_tell(self, decision: Decision, changes: Changes) -> list[str]:
        if self._shelf is None:
            told, complaints = [_items(decision)], list[str]()
        else:
            told, complaints = self._shelf.commit(decision, self.now)
        absorb(self.world, changes)
        return complaints + [why for items in told if items for why in tell(items, next(self._styles))]

    def _poll(self, answer: Listing | Failed) -> Poll:
        return Poll(self.feed, self.now - TOOK, TOOK, answer)


def _copy(memo: RowMemo) -> RowMemo:
    """Parsing replaces its rows and changes none: so the earlier memo serves to parse the same again."""
    copy = RowMemo()
    copy.rows = memo.rows
    return copy


def _hoarded(memo: RowMemo, answer: Listing | Failed) -> list[str]:
    """The memory of rows is one answer's: of a list it holds no row that is not in it."""
    if isinstance(answer, Failed) or len(memo.rows) <= len(answer.rows) + answer.unusable:
        return []
    return [f"{len(memo.rows)} rows are remembered of {len(answer.rows) + answer.unusable}"]


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    """Time of this thread on a core: what others do on the machine is not the answer's fault."""
    started = time.thread_time()
    done = work()
    return time.thread_time() - started, done


def _items(decision: Decision) -> tuple[Item, ...]:
    told: list[Transition | Notice] = [*decision.transitions, *decision.notices]
    return tuple(Item(number, one, possible_repeat=number % 5 == 4) for number, one in enumerate(told))
