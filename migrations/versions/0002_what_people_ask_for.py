"""Acknowledgements, escalations, and silences that are ended before their time."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Int = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # STRICT tables refuse BIGINT


def upgrade() -> None:
    op.add_column("alert", sa.Column("first_told_at", Int, nullable=True))
    op.add_column("alert", sa.Column("escalated_at", Int, nullable=True))
    op.add_column("silence", sa.Column("ended_at", Int, nullable=True))
    op.create_index(
        "ix_transition_acknowledged",
        "transition",
        ["opening"],
        unique=False,
        sqlite_where=sa.text("cause = 'acknowledged'"),
        postgresql_where=sa.text("cause = 'acknowledged'"),
    )
