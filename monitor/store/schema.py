"""The tables, their indexes and the `observation` view. Names are public: people query them.

Times are integer milliseconds since 1970 in UTC, flags are 0 or 1, decimal numbers are text: SQLite's
STRICT tables know no other types, and integers are less than half the size of datetimes.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Int = BigInteger().with_variant(Integer, "sqlite")  # STRICT tables refuse BIGINT

source = Table(
    "source",
    metadata,
    Column("id", Int, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    sqlite_strict=True,
)

product = Table(
    "product",
    metadata,
    Column("id", Int, primary_key=True),
    Column("source_id", Int, ForeignKey("source.id"), nullable=False),
    Column("aidc_id", Int, nullable=False),
    Column("product_code", Text, nullable=False),
    Column("name", Text),
    Column("cpu_cores", Text),
    Column("memory_gb", Text),
    Column("gpu_name", Text),
    Column("gpu_count", Int),
    Column("disk_gb", Text),
    Column("price", Text),
    Column("price_unit", Int),
    Column("first_seen_at", Int, nullable=False),
    Column("last_seen_at", Int, nullable=False),  # written when the product leaves; open spans tell the rest
    UniqueConstraint("source_id", "aidc_id", "product_code"),
    sqlite_strict=True,
)

# No index on `at`: ids grow with time, so a time is found by bisection over the primary key.
poll = Table(
    "poll",
    metadata,
    Column("id", Int, primary_key=True),
    Column("source_id", Int, nullable=False),
    Column("aidc_id", Int),  # null: one request for all data centres
    Column("at", Int, nullable=False),
    Column("duration_ms", Int, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("excerpt", Text),
    Column("valid", Int, nullable=False),
    Column("invalid", Int, nullable=False),
    Column("unusable", Int, nullable=False),
    CheckConstraint("outcome IN ('ok', 'failed')", name="outcome"),
    sqlite_strict=True,
)

SPAN_KIND: Final = (
    "CASE WHEN remaining_count IS NOT NULL THEN 'valid'"
    " WHEN reason IS NOT NULL THEN 'invalid' ELSE 'absent' END"
)
# One row for as long as every poll saw the same. Without rowid: the key is the only index it needs.
snapshot = Table(
    "snapshot",
    metadata,
    Column("product_id", Int, ForeignKey("product.id"), primary_key=True),
    Column("first_poll_id", Int, primary_key=True),
    Column("until_poll_id", Int),  # exclusive; null: it is so still
    Column("kind", Text, Computed(SPAN_KIND, persisted=False)),  # computed: it would be a tenth of the file
    Column("remaining_count", Int),
    Column("stock_error", Text),
    Column("reason", Text),
    CheckConstraint("remaining_count IS NULL OR reason IS NULL", name="kind"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# Until `poll_id` the product's `field` was `old`, from it on `new`.
product_change = Table(
    "product_change",
    metadata,
    Column("product_id", Int, ForeignKey("product.id"), primary_key=True),
    Column("field", Text, primary_key=True),
    Column("poll_id", Int, primary_key=True),
    Column("old", Text),
    Column("new", Text),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

alert = Table(
    "alert",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("product_id", Int, ForeignKey("product.id"), primary_key=True),
    Column("state", Text, nullable=False),
    Column("since", Int, nullable=False),
    Column("cleared_at", Int),
    Column("cause", Text, nullable=False),
    Column("opening", Text),
    Column("announced_at", Int),
    Column("muted", Text),
    Column("peak", Int, nullable=False),
    Column("first_told_at", Int),  # null: nobody was told of this window yet
    Column("escalated_at", Int),
    Column("told_remaining", Int),  # the nodes that were left when it was told last
    CheckConstraint("state IN ('pending', 'firing', 'clearing')", name="state"),
    sqlite_strict=True,
)

rule_feed = Table(
    "rule_feed",
    metadata,
    Column("rule", Text, nullable=False),
    Column("source_id", Int, ForeignKey("source.id"), nullable=False),
    Column("aidc_id", Int),
    Column("first_poll_id", Int, nullable=False),
    sqlite_strict=True,
)

transition = Table(
    "transition",
    metadata,
    Column("id", Int, primary_key=True),
    Column("event_id", Text, nullable=False, unique=True),
    Column("rule", Text, nullable=False),
    Column("product_id", Int, ForeignKey("product.id"), nullable=False),
    Column("poll_id", Int),
    Column("at", Int, nullable=False),
    Column("edge", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("opening", Text, nullable=False),  # the event id of the `fired` that it belongs to
    Column("facts", Text, nullable=False),
    CheckConstraint("edge IN ('fired', 'resolved', 'repeated')", name="edge"),
    sqlite_strict=True,
)
Index("ix_transition_at", transition.c.at)
Index(
    "ix_transition_resolve_of_opening",
    transition.c.opening,
    sqlite_where=text("edge = 'resolved'"),
    postgresql_where=text("edge = 'resolved'"),
)
Index(
    "ix_transition_acknowledged",
    transition.c.opening,
    sqlite_where=text("cause = 'acknowledged'"),
    postgresql_where=text("cause = 'acknowledged'"),
)

notice = Table(
    "notice",
    metadata,
    Column("id", Int, primary_key=True),
    Column("event_id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("at", Int, nullable=False),
    Column("ended_at", Int),  # null: the episode goes on
    Column("facts", Text, nullable=False),
    sqlite_strict=True,
)
Index(
    "ix_notice_open_episode",
    notice.c.kind,
    notice.c.subject,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Int, primary_key=True),
    Column("transition_id", Int, ForeignKey("transition.id", ondelete="CASCADE")),
    Column("notice_id", Int, ForeignKey("notice.id", ondelete="CASCADE")),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("attempts", Int, nullable=False, server_default=text("0")),
    Column("next_at", Int),
    Column("expires_at", Int, nullable=False),
    Column("claimed_at", Int),  # set while in flight: after a crash it may have arrived
    Column("possible_repeat", Int, nullable=False, server_default=text("0")),
    Column("ended_at", Int),
    CheckConstraint("state IN ('pending', 'retry', 'sent', 'failed', 'expired', 'muted')", name="state"),
    CheckConstraint("(transition_id IS NULL) <> (notice_id IS NULL)", name="tells_one"),
    sqlite_strict=True,
)
Index(
    "ix_delivery_waiting",
    delivery.c.channel,
    sqlite_where=text("state IN ('pending', 'retry')"),
    postgresql_where=text("state IN ('pending', 'retry')"),
)
Index("ix_delivery_transition_id", delivery.c.transition_id)
Index("ix_delivery_notice_id", delivery.c.notice_id)

# One row per delivery and try; the deliveries that went in one message share `message_id`.
attempt = Table(
    "attempt",
    metadata,
    Column("id", Int, primary_key=True),
    Column("delivery_id", Int, ForeignKey("delivery.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", Text, nullable=False),
    Column("at", Int, nullable=False),
    Column("duration_ms", Int, nullable=False),
    Column("outcome", Text, nullable=False),  # accepted, permanent, transient, ambiguous
    Column("reason", Text),
    sqlite_strict=True,
)
Index("ix_attempt_delivery_id", attempt.c.delivery_id)

silence = Table(
    "silence",
    metadata,
    Column("id", Int, primary_key=True),
    Column("rule", Text),
    Column("product_code", Text),
    Column("from_at", Int, nullable=False),
    Column("until_at", Int, nullable=False),
    Column("reason", Text),
    Column("created_at", Int, nullable=False),
    Column("ended_at", Int),  # before its time, by hand
    sqlite_strict=True,
)
