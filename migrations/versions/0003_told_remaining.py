"""An alert keeps the count that was told last."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Int = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # STRICT tables refuse BIGINT


def upgrade() -> None:
    op.add_column("alert", sa.Column("told_remaining", Int, nullable=True))
