"""What the daemon knows between two polls. Values; only `absorb` changes one, after the commit.

Everything here can be read back from the database: it is kept in memory so that a poll needs no query.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.core.alert import Inactive
from monitor.core.decision import Alert, NoticeKind, Silence
from monitor.core.manner import Manners
from monitor.core.matching import Rule
from monitor.core.product import (
    UNKNOWN_ATTRIBUTES,
    Absent,
    Attributes,
    Feed,
    Invalid,
    Observation,
    ProductKey,
    Seen,
)
from monitor.core.spacing import Spacing

AlertKey = tuple[str, ProductKey]
Episode = tuple[NoticeKind, str]


@dataclass(frozen=True, slots=True)
class Product:
    """What is known of one product.

    `listed` is the row as it was parsed last (the very object: an unchanged row is not looked at again);
    `current` is what the open span says; `last_known` skips the polls that could say nothing; `left_at` is
    when it was last seen to become unavailable.
    """

    key: ProductKey
    current: Observation
    last_known: Seen | Absent | None
    attributes: Attributes = UNKNOWN_ATTRIBUTES
    listed: Seen | Invalid | None = None
    left_at: datetime | None = None
    unknown_since: datetime | None = None
    blocked_since: datetime | None = None

    @property
    def is_unsettled(self) -> bool:
        """Time alone may have something to say of it."""
        return self.unknown_since is not None or self.blocked_since is not None


@dataclass(frozen=True, slots=True)
class FeedState:
    """`empties`: empty answers in a row, other failures left out."""

    started_at: datetime
    last_poll_at: datetime | None = None
    last_ok_at: datetime | None = None
    ever_listed: bool = False
    empties: int = 0
    last_failure: str | None = None
    evaluate_all: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """What decisions need of the configuration. Durations of channels: how long a delivery is tried."""

    rules: tuple[Rule, ...]
    channels: Mapping[str, timedelta]
    notify: tuple[str, ...]
    blind_after: Mapping[str, timedelta]
    manners: Manners = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """`idle_polls`: how often each feed was seen since a rule watches no product at all."""

    feeds: dict[Feed, FeedState] = field(default_factory=dict)
    products: dict[Feed, dict[ProductKey, Product]] = field(default_factory=dict)
    unsettled: set[ProductKey] = field(default_factory=set)
    alerts: dict[AlertKey, Alert] = field(default_factory=dict)
    rule_feeds: set[tuple[str, Feed]] = field(default_factory=set)
    watched: dict[str, set[ProductKey]] = field(default_factory=dict)
    idle_polls: dict[str, dict[Feed, int]] = field(default_factory=dict)
    spacings: dict[AlertKey, Spacing] = field(default_factory=dict)
    episodes: set[Episode] = field(default_factory=set)
    silences: tuple[Silence, ...] = ()
    key_refusals: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Changes:
    """What a decision changes in the world, once its transaction has been committed.

    `idle_polls` are those of this feed; 0: the rule watches something.
    """

    feed: Feed
    state: FeedState
    products: dict[ProductKey, Product] = field(default_factory=dict)
    alerts: dict[AlertKey, Alert] = field(default_factory=dict)
    rule_feeds: set[tuple[str, Feed]] = field(default_factory=set)
    watched: dict[str, dict[ProductKey, bool]] = field(default_factory=dict)
    idle_polls: dict[str, int] = field(default_factory=dict)
    spacings: dict[AlertKey, Spacing] = field(default_factory=dict)
    begun: set[Episode] = field(default_factory=set)
    ended: set[Episode] = field(default_factory=set)
    key_refusals: int = 0


def absorb(world: World, changes: Changes) -> None:
    """Make the world what the committed transaction says it is."""
    world.feeds[changes.feed] = changes.state
    world.products.setdefault(changes.feed, {}).update(changes.products)
    for product in changes.products.values():
        (world.unsettled.add if product.is_unsettled else world.unsettled.discard)(product.key)
    for key, alert in changes.alerts.items():
        if isinstance(alert.state, Inactive):
            world.alerts.pop(key, None)
        else:
            world.alerts[key] = alert
    world.rule_feeds |= changes.rule_feeds
    for rule, covered in changes.watched.items():
        _absorb_watched(world.watched.setdefault(rule, set()), covered)
    for rule, polls in changes.idle_polls.items():
        _absorb_idle(world.idle_polls, rule, changes.feed, polls)
    world.spacings.update(changes.spacings)
    world.episodes = (world.episodes | changes.begun) - changes.ended
    world.key_refusals[changes.feed.source] = changes.key_refusals


def _absorb_watched(watched: set[ProductKey], covered: Mapping[ProductKey, bool]) -> None:
    for product, is_covered in covered.items():
        (watched.add if is_covered else watched.discard)(product)


def _absorb_idle(idle_polls: dict[str, dict[Feed, int]], rule: str, feed: Feed, polls: int) -> None:
    if polls:
        idle_polls.setdefault(rule, {})[feed] = polls
    else:
        idle_polls.pop(rule, None)
