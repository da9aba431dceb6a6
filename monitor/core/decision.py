"""What a poll decided, as values: everything that one transaction is to write. Pure.

The words of the rows are those of the database: a transition is the durable row of an edge, a notice
is what the monitor says of itself, a delivery is one of either for one channel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from monitor.core.alert import State
from monitor.core.product import Feed, Observation, ProductKey


class Cause(StrEnum):
    """What changed in the product when an alert fired or resolved, or why it is told again."""

    STOCK = "stock"
    FIRST_SIGHT = "first sight"
    EXISTING = "existing"  # first sight, at the rule's very first ok poll of the feed
    COUNT = "count"
    PRICE = "price"
    STOCK_ERROR = "stock error"
    LISTING = "listing"
    OTHER = "other"
    REMINDER = "reminder"
    SILENCE_ENDED = "silence ended"
    OPENED_AGAIN = "opened again"
    MORE = "more"

    @property
    def is_follow_up(self) -> bool:
        """It adds to an opening that was told before: needless once that is over, and no opening itself."""
        return self in {Cause.REMINDER, Cause.MORE}


class TransitionKind(StrEnum):
    """`fired` and `resolved` are edges; `repeated` tells of an alert that fires on."""

    FIRED = "fired"
    RESOLVED = "resolved"
    REPEATED = "repeated"


class MuteReason(StrEnum):
    SILENCE = "silence"
    FLAPPING = "flapping"
    EXISTING = "existing"
    RULE_SETTING = "rule setting"
    CHANNEL_SETTING = "channel setting"
    NOT_A_SALE = "not a sale"
    MERGED = "merged"


class NoticeKind(StrEnum):
    """What the monitor says of itself. An episode is open until `NoticeEnd`; it is told once."""

    BLIND = "blind"
    BACK = "back"
    KEY_REFUSED = "key refused"
    MATCHES_NOTHING = "rule matches nothing"
    PRODUCT_UNKNOWN = "product unknown"
    BLOCKED = "blocked"
    FOREIGN_ROWS = "foreign rows"
    DELIVERY_FAILED = "delivery failed"
    DATABASE_TROUBLE = "database trouble"
    CLOCK_SET = "clock set"
    REHEARSAL = "rehearsal"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a transition was decided on: enough to write its message years later.

    Numbers are the provider's; times are UTC. None: not known, or not to the point.
    """

    source: str
    aidc_id: int
    product_code: str
    remaining: int | None
    stock_error: str | None = None
    name: str | None = None
    gpu_name: str | None = None
    gpu_count: int | None = None
    cpu_cores: Decimal | None = None
    memory_gb: Decimal | None = None
    disk_gb: Decimal | None = None
    price: Decimal | None = None
    price_unit: int | None = None
    seen_at: datetime | None = None
    unseen_from: datetime | None = None  # the last ok poll before a gap in which this happened
    gone_for: timedelta | None = None  # how long the product had not been available
    wanted: str | None = None  # the count that the rule asks for, on Cause.COUNT
    wants_gpus: bool = False  # it asks for GPUs in all, not for nodes
    told_before: int | None = None  # the nodes that were left when it was told last, on Cause.MORE
    lasted: timedelta | None = None  # a resolve: how long the rule's own firing was
    fired_at: datetime | None = None
    peak: int | None = None
    openings: int = 1  # openings since the first of a flapping episode, this one counted
    openings_since: datetime | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryIntent:
    """A transition or notice for one channel: to be sent, or muted with its reason."""

    channel: str
    muted: MuteReason | None = None
    give_up_after: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Transition:
    """`opening` is the event id of the `fired` transition that this one belongs to (its own, if fired)."""

    event_id: str
    rule: str
    product: ProductKey
    at: datetime
    kind: TransitionKind
    cause: Cause
    opening: str
    facts: Facts
    deliveries: tuple[DeliveryIntent, ...]


NoticeFacts = dict[str, str | int | float | None]
"""What fills the sentence of a notice; times are integer milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Notice:
    """`subject` says whose episode it is (a feed, a rule, a channel ...); `facts` fill its sentence."""

    event_id: str
    kind: NoticeKind
    subject: str
    at: datetime
    facts: NoticeFacts
    deliveries: tuple[DeliveryIntent, ...]
    is_episode: bool = True  # False: told, and at once over


@dataclass(frozen=True, slots=True)
class NoticeEnd:
    """The episode is over: the next one is told again."""

    kind: NoticeKind
    subject: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule x one product while it is not inactive, with what later decisions need to know."""

    rule: str
    product: ProductKey
    state: State
    cause: Cause
    opening: str | None = None
    announced_at: datetime | None = None  # the last time that this firing was told
    muted: MuteReason | None = None  # why its `fired` was not
    peak: int = 0
    told_remaining: int | None = None  # the nodes that were left when it was told last


@dataclass(frozen=True, slots=True)
class SpanStart:
    """From this poll on the product is seen so; the span open until now ends at this poll."""

    product: ProductKey
    observation: Observation


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """`field` names a field of Attributes; values are the text that the database keeps."""

    product: ProductKey
    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class PollRecord:
    """The row of one poll. `reason` is None when it was ok."""

    feed: Feed
    at: datetime
    duration: timedelta
    reason: str | None = None
    excerpt: str | None = None
    valid: int = 0
    invalid: int = 0
    unusable: int = 0


@dataclass(slots=True)
class Decision:
    """All that one transaction writes. A product without a row yet gets one from its first SpanStart."""

    poll: PollRecord | None
    spans: list[SpanStart] = field(default_factory=list)
    attributes: list[AttributeChange] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)  # an Inactive one is deleted
    rule_feeds: list[tuple[str, Feed]] = field(default_factory=list)  # the rule's first ok poll of the feed
    transitions: list[Transition] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    notice_ends: list[NoticeEnd] = field(default_factory=list)

    def channels(self) -> set[str]:
        """The channels that have something new to send."""
        told: Sequence[Transition | Notice] = [*self.transitions, *self.notices]
        return {d.channel for told_one in told for d in told_one.deliveries if d.muted is None}


@dataclass(frozen=True, slots=True)
class Silence:
    """Mutes announcements of a rule, of a product code, or (both None) of everything, for a while."""

    from_at: datetime
    until_at: datetime
    rule: str | None = None
    product_code: str | None = None

    def covers(self, rule: str, product_code: str, now: datetime) -> bool:
        named = self.rule in (None, rule) and self.product_code in (None, product_code)
        return named and self.from_at <= now < self.until_at
