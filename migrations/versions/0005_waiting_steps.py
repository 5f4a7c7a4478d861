"""When time next changes an incident's steps, which steps are overdue, and that a run was cancelled."""

import sqlalchemy as sa
from alembic import op

import models.tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = models.tables.Instant(timezone=True)
    with op.batch_alter_table("incident") as table:
        table.add_column(sa.Column("wake_at", instant, nullable=True))
        table.add_column(sa.Column("halted_at", instant, nullable=True))
        table.add_column(sa.Column("halted_by", sa.String(), nullable=True))
    op.create_index(op.f("ix_incident_wake_at"), "incident", ["wake_at"])
    with op.batch_alter_table("step") as table:
        table.add_column(sa.Column("overdue", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("step") as table:
        table.alter_column("overdue", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("step") as table:
        table.drop_column("overdue")
    op.drop_index(op.f("ix_incident_wake_at"), "incident")
    with op.batch_alter_table("incident") as table:
        for name in ("halted_by", "halted_at", "wake_at"):
            table.drop_column(name)
