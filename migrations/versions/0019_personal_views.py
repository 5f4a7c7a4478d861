"""Memberships that end, and who looked at personal data."""

import sqlalchemy as sa
from alembic import op

import models.tables

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INSTANT = models.tables.Instant(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("membership") as table:
        table.add_column(sa.Column("ends_at", INSTANT, nullable=True))
        table.add_column(sa.Column("reason", sa.String(), nullable=True))
    op.create_table(
        "personal_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("unusual", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_personal_view_incident_id_incident")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_personal_view_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_view")),
    )
    op.create_index(op.f("ix_personal_view_incident_id"), "personal_view", ["incident_id"])
    op.create_index("ix_personal_view_person_id_at", "personal_view", ["person_id", "at"])


def downgrade() -> None:
    op.drop_table("personal_view")
    with op.batch_alter_table("membership") as table:
        table.drop_column("reason")
        table.drop_column("ends_at")
