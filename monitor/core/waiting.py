"""Has what somebody waits for come, and can it be seen at all? Pure: a look at the stock, and a time.

What is met is met in an ok poll that is fresh; what a rule's `for`, silences and spacing make of it is for
messages only. Unknown is not met, and a feed that answers no more is said to be blind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.core.alert import elapsed
from monitor.core.evaluate import condition_of
from monitor.core.matching import Match, Met, NotMet, Rule, covers, met_tables
from monitor.core.product import Attributes, Feed, Observation, ProductKey, Seen

FRESH_INTERVALS: Final = 3
"""An ok poll younger than so many intervals tells what there is now."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How the polls of one feed went. `failure`: why the newest one failed, if it did."""

    feed: Feed
    interval: timedelta
    blind_after: timedelta
    last_poll_at: datetime | None = None
    last_ok_at: datetime | None = None
    failure: str | None = None

    def covers(self, key: ProductKey) -> bool:
        return self.feed.source == key.source and self.feed.aidc_id in (None, key.aidc_id)


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of the stock at `at`. `gone`: who should be polling is not there, in a sentence.

    `products` is another object after each poll, and the same until then.
    """

    at: datetime
    feeds: tuple[Answered, ...]
    products: Mapping[ProductKey, tuple[Attributes, Observation]]
    gone: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A product that meets the rule, as the poll at `seen_at` saw it."""

    key: ProductKey
    seen: Seen
    seen_at: datetime


def found_by(rule: Rule, look: Look) -> Found | None:
    """The product to take: of the rule's first table that is met, the one with the most nodes left."""
    met = [found for key, (_, seen) in look.products.items() if (found := _met(rule, key, seen, look))]
    return min(met, key=lambda found: _preference(rule, found), default=None)


def blindness(look: Look, since: datetime) -> dict[Feed, str | None]:
    """The feeds of which nothing was heard for too long, with the reason if there is one.

    `since`: when the wait began; a feed that never answered is given the same patience from there.
    """
    return {
        answered.feed: answered.failure
        for answered in look.feeds
        if elapsed(max(answered.last_ok_at or since, since), look.at) >= answered.blind_after
    }


def may_match(rule: Rule, feed: Feed) -> bool:
    """Could the rule be met by a product of this feed, as far as source and data centre tell?"""
    return any(_may_match(match, feed) for match in rule.any_of)


def due_at(look: Look) -> datetime | None:
    """No feed is asked again before this; None: one may be at any moment."""
    asked = [answered.last_poll_at and answered.last_poll_at + answered.interval for answered in look.feeds]
    known = [at for at in asked if at is not None]
    return min(known, default=None) if len(known) == len(asked) else None


def _met(rule: Rule, key: ProductKey, seen: Observation, look: Look) -> Found | None:
    if not isinstance(seen, Seen) or seen.remaining == 0:
        return None
    if not isinstance(condition_of(rule, key, seen), Met):
        return None
    fresh = [at for feed in look.feeds if feed.covers(key) and (at := _fresh_at(feed, look.at))]
    return Found(key, seen, max(fresh)) if fresh else None


def _fresh_at(feed: Answered, now: datetime) -> datetime | None:
    if feed.last_ok_at is None or elapsed(feed.last_ok_at, now) >= FRESH_INTERVALS * feed.interval:
        return None
    return feed.last_ok_at


def _preference(rule: Rule, found: Found) -> tuple[int, int, ProductKey]:
    first = rule.any_of.index(met_tables(rule, found.key, found.seen)[0])
    return first, -found.seen.remaining, found.key


def _may_match(match: Match, feed: Feed) -> bool:
    """Only what the feed itself fixes is asked; a feed of all data centres fixes none."""
    fixed = {"source"} if feed.aidc_id is None else {"source", "aidc_id"}
    asked = tuple(criterion for criterion in match if criterion.key in fixed)
    key = ProductKey(feed.source, feed.aidc_id or 0, "")
    return not isinstance(covers(Rule("", (asked,), ()), key, Attributes()), NotMet)
