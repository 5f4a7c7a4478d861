"""Feeds of deadlines for calendar programs."""

import sqlalchemy as sa
from alembic import op

from models.tables import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("made_at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_calendar_feed_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_feed"),
        sa.UniqueConstraint("person_id", name="uq_calendar_feed_person_id"),
        sa.UniqueConstraint("token_sha256", name="uq_calendar_feed_token_sha256"),
    )


def downgrade() -> None:
    op.drop_table("calendar_feed")
