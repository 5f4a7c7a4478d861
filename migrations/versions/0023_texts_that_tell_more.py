"""Which duties besides its own a text tells a person."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("person_delivery") as table:
        table.add_column(sa.Column("also", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("person_delivery") as table:
        table.drop_column("also")
