"""Single sign-on by OpenID Connect."""

import sqlalchemy as sa
from alembic import op

import models.tables

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INSTANT = models.tables.Instant(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("account") as table:
        table.add_column(sa.Column("subject", sa.String(), nullable=True))
        table.create_unique_constraint(op.f("uq_account_subject"), ["subject"])
    with op.batch_alter_table("sign_in") as table:
        table.add_column(sa.Column("by_single_sign_on", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("sign_in") as table:
        table.alter_column("by_single_sign_on", server_default=None)
    op.create_table(
        "single_sign_on_try",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state_sha256", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("then", sa.String(), nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_single_sign_on_try")),
        sa.UniqueConstraint("state_sha256", name=op.f("uq_single_sign_on_try_state_sha256")),
    )
    op.create_index(op.f("ix_single_sign_on_try_ends_at"), "single_sign_on_try", ["ends_at"])


def downgrade() -> None:
    op.drop_table("single_sign_on_try")
    with op.batch_alter_table("sign_in") as table:
        table.drop_column("by_single_sign_on")
    with op.batch_alter_table("account") as table:
        table.drop_constraint(op.f("uq_account_subject"), type_="unique")
        table.drop_column("subject")
