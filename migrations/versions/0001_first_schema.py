"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Int = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # STRICT tables refuse BIGINT


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", Int, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", Int, nullable=False),
        sa.Column("ended_at", Int, nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("event_id", name=op.f("uq_notice_event_id")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_notice_open_episode",
        "notice",
        ["kind", "subject"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "poll",
        sa.Column("id", Int, nullable=False),
        sa.Column("source_id", Int, nullable=False),
        sa.Column("aidc_id", Int, nullable=True),
        sa.Column("at", Int, nullable=False),
        sa.Column("duration_ms", Int, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("excerpt", sa.Text(), nullable=True),
        sa.Column("valid", Int, nullable=False),
        sa.Column("invalid", Int, nullable=False),
        sa.Column("unusable", Int, nullable=False),
        sa.CheckConstraint("outcome IN ('ok', 'failed')", name=op.f("ck_poll_outcome")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll")),
        sqlite_strict=True,
    )
    op.create_table(
        "silence",
        sa.Column("id", Int, nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("product_code", sa.Text(), nullable=True),
        sa.Column("from_at", Int, nullable=False),
        sa.Column("until_at", Int, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
        sqlite_strict=True,
    )
    op.create_table(
        "source",
        sa.Column("id", Int, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("name", name=op.f("uq_source_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "product",
        sa.Column("id", Int, nullable=False),
        sa.Column("source_id", Int, nullable=False),
        sa.Column("aidc_id", Int, nullable=False),
        sa.Column("product_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("cpu_cores", sa.Text(), nullable=True),
        sa.Column("memory_gb", sa.Text(), nullable=True),
        sa.Column("gpu_name", sa.Text(), nullable=True),
        sa.Column("gpu_count", Int, nullable=True),
        sa.Column("disk_gb", sa.Text(), nullable=True),
        sa.Column("price", sa.Text(), nullable=True),
        sa.Column("price_unit", Int, nullable=True),
        sa.Column("first_seen_at", Int, nullable=False),
        sa.Column("last_seen_at", Int, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_product_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint(
            "source_id", "aidc_id", "product_code", name=op.f("uq_product_source_id_aidc_id_product_code")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "rule_feed",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("source_id", Int, nullable=False),
        sa.Column("aidc_id", Int, nullable=True),
        sa.Column("first_poll_id", Int, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_rule_feed_source_id_source")),
        sqlite_strict=True,
    )
    op.create_table(
        "alert",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("product_id", Int, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", Int, nullable=False),
        sa.Column("cleared_at", Int, nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("opening", sa.Text(), nullable=True),
        sa.Column("announced_at", Int, nullable=True),
        sa.Column("muted", sa.Text(), nullable=True),
        sa.Column("peak", Int, nullable=False),
        sa.CheckConstraint("state IN ('pending', 'firing', 'clearing')", name=op.f("ck_alert_state")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_alert_product_id_product")),
        sa.PrimaryKeyConstraint("rule", "product_id", name=op.f("pk_alert")),
        sqlite_strict=True,
    )
    op.create_table(
        "product_change",
        sa.Column("product_id", Int, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("poll_id", Int, nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_change_product_id_product")
        ),
        sa.PrimaryKeyConstraint("product_id", "field", "poll_id", name=op.f("pk_product_change")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "snapshot",
        sa.Column("product_id", Int, nullable=False),
        sa.Column("first_poll_id", Int, nullable=False),
        sa.Column("until_poll_id", Int, nullable=True),
        sa.Column(
            "kind",
            sa.Text(),
            sa.Computed(
                "CASE WHEN remaining_count IS NOT NULL THEN 'valid'"
                " WHEN reason IS NOT NULL THEN 'invalid' ELSE 'absent' END",
                persisted=False,
            ),
            nullable=True,
        ),
        sa.Column("remaining_count", Int, nullable=True),
        sa.Column("stock_error", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("remaining_count IS NULL OR reason IS NULL", name=op.f("ck_snapshot_kind")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_snapshot_product_id_product")),
        sa.PrimaryKeyConstraint("product_id", "first_poll_id", name=op.f("pk_snapshot")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "transition",
        sa.Column("id", Int, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("product_id", Int, nullable=False),
        sa.Column("poll_id", Int, nullable=True),
        sa.Column("at", Int, nullable=False),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.CheckConstraint("edge IN ('fired', 'resolved', 'repeated')", name=op.f("ck_transition_edge")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_transition_product_id_product")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transition")),
        sa.UniqueConstraint("event_id", name=op.f("uq_transition_event_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_transition_at", "transition", ["at"], unique=False)
    op.create_index(
        "ix_transition_resolve_of_opening",
        "transition",
        ["opening"],
        unique=False,
        sqlite_where=sa.text("edge = 'resolved'"),
        postgresql_where=sa.text("edge = 'resolved'"),
    )

    op.create_table(
        "delivery",
        sa.Column("id", Int, nullable=False),
        sa.Column("transition_id", Int, nullable=True),
        sa.Column("notice_id", Int, nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", Int, server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", Int, nullable=True),
        sa.Column("expires_at", Int, nullable=False),
        sa.Column("claimed_at", Int, nullable=True),
        sa.Column("possible_repeat", Int, server_default=sa.text("0"), nullable=False),
        sa.Column("ended_at", Int, nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'retry', 'sent', 'failed', 'expired', 'muted')",
            name=op.f("ck_delivery_state"),
        ),
        sa.CheckConstraint(
            "(transition_id IS NULL) <> (notice_id IS NULL)", name=op.f("ck_delivery_tells_one")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_delivery_notice_id_notice"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["transition_id"],
            ["transition.id"],
            name=op.f("fk_delivery_transition_id_transition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sqlite_strict=True,
    )
    op.create_index("ix_delivery_notice_id", "delivery", ["notice_id"], unique=False)
    op.create_index("ix_delivery_transition_id", "delivery", ["transition_id"], unique=False)
    op.create_index(
        "ix_delivery_waiting",
        "delivery",
        ["channel"],
        unique=False,
        sqlite_where=sa.text("state IN ('pending', 'retry')"),
        postgresql_where=sa.text("state IN ('pending', 'retry')"),
    )

    op.create_table(
        "attempt",
        sa.Column("id", Int, nullable=False),
        sa.Column("delivery_id", Int, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("at", Int, nullable=False),
        sa.Column("duration_ms", Int, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id_delivery"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sqlite_strict=True,
    )
    op.create_index("ix_attempt_delivery_id", "attempt", ["delivery_id"], unique=False)
