"""Alerts of other tools as candidates."""

import sqlalchemy as sa
from alembic import op

from models.tables import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "candidate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("resolved", sa.Boolean(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", Instant(timezone=True), nullable=False),
        sa.Column("last_seen_at", Instant(timezone=True), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", Instant(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_candidate_incident_id_incident"),
        sa.PrimaryKeyConstraint("id", name="pk_candidate"),
        sa.UniqueConstraint("source", "about", name="uq_candidate_source_about"),
    )
    op.create_index("ix_candidate_incident_id", "candidate", ["incident_id"])
    op.create_index("ix_candidate_source_first_seen_at", "candidate", ["source", "first_seen_at"])
    op.create_index("ix_candidate_state_last_seen_at", "candidate", ["state", "last_seen_at"])
    op.create_table(
        "candidate_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_candidate_event"),
        sa.UniqueConstraint("source", "event", name="uq_candidate_event_source_event"),
    )
    op.create_index("ix_candidate_event_at", "candidate_event", ["at"])


def downgrade() -> None:
    op.drop_table("candidate_event")
    op.drop_table("candidate")
