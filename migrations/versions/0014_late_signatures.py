"""When the time of those who are asked to sign a text runs out, for the watch."""

import sqlalchemy as sa
from alembic import op

from models.tables import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notice") as notice:
        notice.add_column(sa.Column("sign_until", Instant(timezone=True), nullable=True))
        notice.create_index("ix_notice_sign_until", ["sign_until"])
    # The first pass of the watch looks at every draft, and gives it the time that its playbook says.
    op.execute(
        "UPDATE notice SET sign_until = (SELECT created_at FROM notice_version WHERE notice_version.notice_id = notice.id "
        "AND notice_version.version = notice.version) WHERE state = 'draft'"
    )


def downgrade() -> None:
    with op.batch_alter_table("notice") as notice:
        notice.drop_index("ix_notice_sign_until")
        notice.drop_column("sign_until")
