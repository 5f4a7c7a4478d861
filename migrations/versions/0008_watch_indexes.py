"""An index for each question that the watch asks of the alerts."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_alert_incident_id_state_fires_at", "alert", ["incident_id", "state", "fires_at"])
    op.create_index("ix_alert_duty_id_state", "alert", ["duty_id", "state"])
    op.drop_index("ix_alert_incident_id", "alert")
    op.drop_index("ix_alert_duty_id", "alert")


def downgrade() -> None:
    op.create_index("ix_alert_duty_id", "alert", ["duty_id"])
    op.create_index("ix_alert_incident_id", "alert", ["incident_id"])
    op.drop_index("ix_alert_duty_id_state", "alert")
    op.drop_index("ix_alert_incident_id_state_fires_at", "alert")
