"""Alerts that are snoozed, acknowledged and escalated; when the watch ran; incidents whose texts were removed."""

import sqlalchemy as sa
from alembic import op

from models.tables import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANTS = ("made_at", "ended_at", "snoozed_until", "acknowledged_at")
NAMES = ("snoozed_by", "acknowledged_by")


def upgrade() -> None:
    with op.batch_alter_table("alert") as alert:
        alert.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="rung"))
        alert.add_column(sa.Column("ways", sa.String(), nullable=False, server_default="chat"))
        alert.add_column(sa.Column("fires_at", Instant(timezone=True), nullable=True))
        for name in INSTANTS:
            alert.add_column(sa.Column(name, Instant(timezone=True), nullable=True))
        for name in NAMES:
            alert.add_column(sa.Column(name, sa.String(), nullable=True))
    op.execute("UPDATE alert SET fires_at = due_at")
    with op.batch_alter_table("alert") as alert:
        alert.alter_column("kind", existing_type=sa.String(), existing_nullable=False, server_default=None)
        alert.alter_column("ways", existing_type=sa.String(), existing_nullable=False, server_default=None)
        alert.alter_column("fires_at", existing_type=Instant(timezone=True), nullable=False)
        alert.drop_index("ix_alert_state_due_at")
        alert.create_index("ix_alert_state_fires_at", ["state", "fires_at"])
        alert.create_index("ix_alert_due_at", ["due_at"])
    op.create_table(
        "watch_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("watcher", sa.String(), nullable=False),
        sa.Column("started_at", Instant(timezone=True), nullable=False),
        sa.Column("seen_at", Instant(timezone=True), nullable=False),
        sa.Column("told_at", Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_run")),
    )
    op.create_index("ix_watch_run_watcher", "watch_run", ["watcher"])
    op.create_index("ix_watch_run_seen_at", "watch_run", ["seen_at"])
    op.add_column("incident", sa.Column("purged_at", Instant(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("incident", "purged_at")  # not rebuilt: on SQLite the rows of other tables point at it
    op.drop_table("watch_run")
    with op.batch_alter_table("alert") as alert:
        alert.drop_index("ix_alert_due_at")
        alert.drop_index("ix_alert_state_fires_at")
        for name in ("kind", "ways", "fires_at", *INSTANTS, *NAMES):
            alert.drop_column(name)
        alert.create_index("ix_alert_state_due_at", ["state", "due_at"])
