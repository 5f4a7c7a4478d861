"""Mails that answer mails to people, each belonging to a case."""

import sqlalchemy as sa
from alembic import op

from models.tables import Instant

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_mail"),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_case_mail_incident_id_incident"),
        sa.ForeignKeyConstraint(["case_id"], ["person_case.id"], name="fk_case_mail_case_id_person_case"),
        sa.UniqueConstraint("incident_id", "digest", name="uq_case_mail_incident_id_digest"),
    )
    op.create_index("ix_case_mail_case_id", "case_mail", ["case_id"])


def downgrade() -> None:
    op.drop_table("case_mail")
