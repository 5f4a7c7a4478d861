"""Answers kept for requests that come again; an incident's severity beside it; an index for lists of incidents."""

import json

import sqlalchemy as sa
from alembic import op

from models.tables import Instant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LATEST = """
SELECT entry.incident_id, entry.payload FROM ledger_entry AS entry
WHERE entry.kind = 'duties.evaluated' AND entry.seq = (
  SELECT MAX(later.seq) FROM ledger_entry AS later
  WHERE later.incident_id = entry.incident_id AND later.kind = 'duties.evaluated')
"""


def upgrade() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("asked_sha256", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=True),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kept_answer_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_answer")),
        sa.UniqueConstraint("person_id", "key", name=op.f("uq_kept_answer_person_id_key")),
    )
    op.create_index(op.f("ix_kept_answer_at"), "kept_answer", ["at"])
    op.create_index("ix_duty_incident_id_state_due_at", "duty", ["incident_id", "state", "due_at"])
    op.add_column("incident", sa.Column("severity", sa.String(), nullable=True))
    _fill_severity(op.get_bind())


def _fill_severity(connection: sa.Connection) -> None:
    for incident_id, payload in connection.execute(sa.text(LATEST)).all():
        said = json.loads(payload) if isinstance(payload, str) else payload
        connection.execute(
            sa.text("UPDATE incident SET severity = :severity WHERE id = :id"),
            {"severity": said["severity"], "id": incident_id},
        )


def downgrade() -> None:
    op.drop_column("incident", "severity")  # not rebuilt: on SQLite the rows of other tables point at it
    op.drop_index("ix_duty_incident_id_state_due_at", "duty")
    op.drop_table("kept_answer")
