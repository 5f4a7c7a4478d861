"""Why and until when a text is held, which sent text it corrects, and what was drafted under a person's words."""

import sqlalchemy as sa
from alembic import op

import models.tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain additions, and so no foreign key: SQLite would copy the table, which rows of others point to.
    op.add_column("notice", sa.Column("held_reason", sa.String(), nullable=True))
    op.add_column("notice", sa.Column("held_until", models.tables.Instant(timezone=True), nullable=True))
    op.add_column("notice", sa.Column("corrects", sa.Integer(), nullable=True))
    op.create_index("ix_notice_corrects", "notice", ["corrects"])
    op.add_column("notice_version", sa.Column("drafted", sa.String(), nullable=True))
    op.add_column("notice_version", sa.Column("note", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("notice_version", "note")
    op.drop_column("notice_version", "drafted")
    op.drop_index("ix_notice_corrects", "notice")
    for column in ("corrects", "held_until", "held_reason"):
        op.drop_column("notice", column)
