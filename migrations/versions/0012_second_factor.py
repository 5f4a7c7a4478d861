"""A second factor, and sign-ins that failed by where they came from."""

import sqlalchemy as sa
from alembic import op

import models.tables

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = models.tables.Instant(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("account") as table:
        table.add_column(sa.Column("totp_offered", sa.String(), nullable=True))
        table.add_column(sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("account") as table:
        table.alter_column("totp_step", server_default=None)
    with op.batch_alter_table("sign_in") as table:
        table.add_column(sa.Column("waits_for_code", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("sign_in") as table:
        table.alter_column("waits_for_code", server_default=None)
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("code_sha256", sa.String(), nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recovery_code_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_account_id"), "recovery_code", ["account_id"])
    op.create_table(
        "failed_sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_in")),
    )
    op.create_index("ix_failed_sign_in_address_at", "failed_sign_in", ["address", "at"])
    op.create_index(op.f("ix_failed_sign_in_at"), "failed_sign_in", ["at"])


def downgrade() -> None:
    op.drop_table("failed_sign_in")
    op.drop_table("recovery_code")
    with op.batch_alter_table("sign_in") as table:
        table.drop_column("waits_for_code")
    with op.batch_alter_table("account") as table:
        table.drop_column("totp_step")
        table.drop_column("totp_offered")
