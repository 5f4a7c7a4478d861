"""Cases of affected people who write or call."""

import sqlalchemy as sa
from alembic import op

from models.tables import Instant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", Instant(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("due_at", Instant(timezone=True), nullable=False),
        sa.Column("answered_at", Instant(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person_case"),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_person_case_incident_id_incident"),
    )
    op.create_index("ix_person_case_person", "person_case", ["person"])
    op.create_index("ix_person_case_incident_id_state_due_at", "person_case", ["incident_id", "state", "due_at"])


def downgrade() -> None:
    op.drop_table("person_case")
