"""Tickets of steps, and when the ticket system was asked about them."""

import sqlalchemy as sa
from alembic import op

from models.tables import Instant

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("step_key", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("of_task", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_at", Instant(timezone=True), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ticket"),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_ticket_incident_id_incident"),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_ticket_delivery_id_delivery"),
        sa.UniqueConstraint("incident_id", "step_key", name="uq_ticket_incident_id_step_key"),
        sa.UniqueConstraint("delivery_id", name="uq_ticket_delivery_id"),
    )
    op.create_index("ix_ticket_incident_id", "ticket", ["incident_id"])
    op.create_index("ix_ticket_state_incident_id", "ticket", ["state", "incident_id"])
    op.create_table(
        "ticket_watch",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("asked_at", Instant(timezone=True), nullable=True),
        sa.Column("asked_all_at", Instant(timezone=True), nullable=True),
        sa.Column("next_at", Instant(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("system", name="pk_ticket_watch"),
    )


def downgrade() -> None:
    op.drop_table("ticket_watch")
    op.drop_table("ticket")
