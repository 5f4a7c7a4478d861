"""Slack: who is who there, what was taken, the incidents' conversations and the questions in them."""

import sqlalchemy as sa
from alembic import op

from models.tables import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "slack_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("linked_by", sa.String(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_slack_user_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_slack_user"),
        sa.UniqueConstraint("person_id", name="uq_slack_user_person_id"),
        sa.UniqueConstraint("slack_id", name="uq_slack_user_slack_id"),
    )
    op.create_table(
        "slack_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_slack_request"),
        sa.UniqueConstraint("key", name="uq_slack_request_key"),
    )
    op.create_index("ix_slack_request_at", "slack_request", ["at"])
    op.create_table(
        "slack_room",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("summary", sa.String(), nullable=True),
        sa.Column("trying", sa.Boolean(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("busy_until", Instant(timezone=True), nullable=True),
        sa.Column("next_try_at", Instant(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_slack_room_incident_id_incident"),
        sa.PrimaryKeyConstraint("incident_id", name="pk_slack_room"),
    )
    op.create_table(
        "slack_guest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_slack_guest_incident_id_incident"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_slack_guest_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_slack_guest"),
        sa.UniqueConstraint("incident_id", "person_id", name="uq_slack_guest_incident_id_person_id"),
    )
    op.create_index("ix_slack_guest_incident_id", "slack_guest", ["incident_id"])
    op.create_table(
        "slack_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("trying", sa.Boolean(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_slack_question_incident_id_incident"),
        sa.PrimaryKeyConstraint("id", name="pk_slack_question"),
        sa.UniqueConstraint("incident_id", "key", name="uq_slack_question_incident_id_key"),
    )
    op.create_index("ix_slack_question_incident_id", "slack_question", ["incident_id"])
    op.create_index("ix_slack_question_message", "slack_question", ["message"])


def downgrade() -> None:
    for table in ("slack_question", "slack_guest", "slack_room", "slack_request", "slack_user"):
        op.drop_table(table)
