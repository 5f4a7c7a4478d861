"""Who filed a notice by hand and what proves it; when a delivery was last tried."""

import sqlalchemy as sa
from alembic import op

import models.tables

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("delivery") as table:
        table.add_column(sa.Column("tried_at", models.tables.Instant(timezone=True), nullable=True))
    with op.batch_alter_table("receipt") as table:
        table.add_column(sa.Column("filed_by", sa.String(), nullable=True))
        table.add_column(sa.Column("evidence_id", sa.Integer(), nullable=True))
        table.create_foreign_key("fk_receipt_evidence_id_evidence", "evidence", ["evidence_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("receipt") as table:
        table.drop_constraint("fk_receipt_evidence_id_evidence", type_="foreignkey")
        table.drop_column("evidence_id")
        table.drop_column("filed_by")
    with op.batch_alter_table("delivery") as table:
        table.drop_column("tried_at")
