"""What a monitor would have stored of a made-up past, poll by poll. Pure.

A poll that saw nothing new is told in a number; any other is decided by the monitor's own code, which looks
only at the products that changed. That both together are what the daemon would have stored is tested.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import merge
from itertools import count
from typing import Final

from monitor.core.answer import Failed, Row
from monitor.core.assemble import Observed
from monitor.core.decision import Decision, PollRecord
from monitor.core.evaluate import decide_observed
from monitor.core.moment import from_ms, to_ms
from monitor.core.product import Absent, Feed, Invalid, ProductKey, Seen
from monitor.core.world import FeedState, Settings, World, absorb
from monitor.simulator.assortment import Assortment
from monitor.simulator.offer import Offer, row
from monitor.simulator.polling import Sent
from monitor.simulator.story import Line, Shown, story
from monitor.source.row import read_row
from monitor.store.backfill import QuietPolls, Told

FEED: Final = Feed("default", None)
MOST_QUIET: Final = 1000
_SETTINGS: Final = Settings((), {}, (), {FEED.source: timedelta(minutes=1)})

Numbered = tuple[int, int, Shown]
"""From that millisecond on the product of that number is shown so."""


def lines(seed: int, products: Assortment, start: datetime, end: datetime) -> Iterator[Numbered]:
    """The stories of all products in one order of time."""
    return merge(
        *(
            _numbered(number, story(seed, offer, habit, to_ms(start), to_ms(end)))
            for number, (offer, habit) in enumerate(products)
        ),
        key=lambda line: line[:2],
    )


def _numbered(number: int, told: Iterable[Line]) -> Iterator[Numbered]:
    for at, shown in told:
        yield at, number, shown


def as_stored(products: Assortment, shown: Iterable[Numbered], polls: Iterable[Sent]) -> Iterator[Told]:
    """Everything for the database, in order of time. Of alerts and notices there is none: no rule watched."""
    watcher = _Watcher([offer for offer, _ in products])
    waiting = iter(shown)
    line = next(waiting, None)
    quiet: QuietPolls | None = None
    for sent in polls:
        while line is not None and line[0] <= sent.at_ms:
            watcher.shows(line[1], line[2])
            line = next(waiting, None)
        if sent.failed is None and not watcher.has_news:
            quiet = quiet or QuietPolls(FEED, watcher.valid, watcher.invalid)
            quiet.sent.append((sent.at_ms, sent.took_ms))
            if len(quiet.sent) == MOST_QUIET:
                yield quiet
                quiet = None
            continue
        if quiet is not None:
            yield quiet
            quiet = None
        yield watcher.polled(sent)
    if quiet is not None:
        yield quiet


@dataclass(slots=True)
class _Watcher:
    """The provider's list as it is now, beside what the last ok poll saw of it."""

    offers: list[Offer]
    now: dict[int, Row | None] = field(default_factory=dict)
    seen: dict[int, Row | None] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    missed_once: set[int] = field(default_factory=set)
    valid: int = 0
    invalid: int = 0
    world: World = field(default_factory=World)
    _rows: dict[tuple[int, Shown], Row | None] = field(default_factory=dict)
    _new_id: Callable[[], str] = field(default_factory=lambda: map("{:012}".format, count()).__next__)

    @property
    def has_news(self) -> bool:
        return bool(self.changed or self.missed_once)

    def shows(self, number: int, shown: Shown) -> None:
        """From now on the provider's list says so."""
        row_now = self._row(number, shown)
        self.now[number] = row_now
        if row_now is self.seen.get(number):
            self.changed.discard(number)
        else:
            self.changed.add(number)

    def polled(self, sent: Sent) -> Decision:
        """What this poll has to be stored."""
        record = PollRecord(FEED, from_ms(sent.at_ms), timedelta(milliseconds=sent.took_ms))
        self.world.feeds.setdefault(FEED, FeedState(record.at))
        observed = sent.failed or self._observed()
        now = record.at + record.duration
        decision, changes = decide_observed(self.world, record, observed, _SETTINGS, now, self._new_id)
        absorb(self.world, changes)
        if decision.poll is not None and not isinstance(observed, Failed):
            decision.poll = replace(decision.poll, valid=self.valid, invalid=self.invalid)
        return Decision(decision.poll, decision.spans, decision.attributes)

    def _observed(self) -> Observed:
        """Only what changed, and what is missed for the second time, which makes it sure."""
        observed = Observed()
        known = self.world.products.get(FEED, {})
        for number in sorted(self.missed_once - self.changed):
            observed.unlisted[self._key(number)] = Absent(sure=True)
        self.missed_once.clear()
        for number in sorted(self.changed):
            row_now, before = self.now[number], self.seen.get(number)
            self._count(before, -1)
            self._count(row_now, 1)
            self.seen[number] = row_now
            if row_now is not None:
                observed.listed[self._key(number)] = row_now.observed
            elif self._key(number) in known:
                observed.unlisted[self._key(number)] = Absent(sure=False)
                self.missed_once.add(number)
        self.changed.clear()
        return observed

    def _count(self, row_then: Row | None, by: int) -> None:
        self.valid += by * (row_then is not None and isinstance(row_then.observed, Seen))
        self.invalid += by * (row_then is not None and isinstance(row_then.observed, Invalid))

    def _key(self, number: int) -> ProductKey:
        offer = self.offers[number]
        return ProductKey(FEED.source, offer.aidc_id, offer.product_code)

    def _row(self, number: int, shown: Shown) -> Row | None:
        """As the monitor reads it from the wire, the same object for the same row; None: not listed."""
        key = (number, shown)
        if key not in self._rows:
            self._rows[key] = _read(self.offers[number], shown)
        return self._rows[key]


def _read(offer: Offer, shown: Shown) -> Row | None:
    stock = shown.stock
    if not stock.listed:
        return None
    priced = replace(offer, remaining=stock.remaining, stock_error=stock.stock_error, price=shown.price)
    wire = {**row(priced), **({"remainingCount": None} if shown.garbled else {})}
    return read_row(json.dumps(wire).encode())
