"""Runs that fail wait longer each time before the next one."""

import sqlalchemy as sa
from alembic import op

import models.tables

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("lease") as table:
        table.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("not_before", models.tables.Instant(timezone=True), nullable=True))
    with op.batch_alter_table("lease") as table:
        table.alter_column("failures", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("lease") as table:
        table.drop_column("not_before")
        table.drop_column("failures")
