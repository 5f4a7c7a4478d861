"""Sending to people: how far it may go, one row for each person, text and channel, and the limits all workers share."""

import sqlalchemy as sa
from alembic import op

from models.tables import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def instant(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, Instant(timezone=True), nullable=nullable)


def key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=f"pk_{table}")


def of_incident(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=f"fk_{table}_incident_id_incident")


def upgrade() -> None:
    op.create_table(
        "people_sending",
        number("id"),
        number("incident_id"),
        text("state"),
        text("why", nullable=True),
        text("wave"),
        instant("due_at", nullable=True),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("ways", sa.JSON(), nullable=False),
        sa.Column("unreached", sa.JSON(), nullable=False),
        instant("started_at"),
        instant("changed_at"),
        text("changed_by"),
        instant("alarmed_at", nullable=True),
        text("zone"),
        key("people_sending"),
        of_incident("people_sending"),
        sa.UniqueConstraint("incident_id", name="uq_people_sending_incident_id"),
    )
    op.create_table(
        "person_delivery",
        number("id"),
        text("key"),
        number("incident_id"),
        text("person"),
        number("seq"),
        number("notice_id"),
        number("notice_version", nullable=True),
        text("text_sha256", nullable=True),
        text("cohort"),
        text("wave"),
        text("channel"),
        number("rank"),
        text("state"),
        number("attempts"),
        number("doubtful"),
        text("holder", nullable=True),
        instant("lease_until", nullable=True),
        instant("next_try_at", nullable=True),
        instant("dated_at", nullable=True),
        text("answer", nullable=True),
        sa.Column("followed", sa.Boolean(), nullable=False),
        text("batch", nullable=True),
        instant("sent_at", nullable=True),
        instant("returned_at", nullable=True),
        key("person_delivery"),
        of_incident("person_delivery"),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name="fk_person_delivery_notice_id_notice"),
        sa.UniqueConstraint("key", name="uq_person_delivery_key"),
        sa.UniqueConstraint(
            "incident_id", "person", "notice_id", "channel", name="uq_person_delivery_incident_id_person_notice_id_channel"
        ),
    )
    for name, columns in (
        ("claim", ["incident_id", "state", "channel", "wave", "id"]),
        ("sent", ["incident_id", "sent_at"]),
        ("holder", ["holder"]),
    ):
        op.create_index(f"ix_person_delivery_{name}", "person_delivery", columns)
    op.create_index("ix_person_delivery_notice_id", "person_delivery", ["notice_id"])
    op.create_table(
        "sending_slot",
        number("id"),
        number("incident_id"),
        text("name"),
        instant("free_at"),
        key("sending_slot"),
        of_incident("sending_slot"),
        sa.UniqueConstraint("incident_id", "name", name="uq_sending_slot_incident_id_name"),
    )


def downgrade() -> None:
    op.drop_table("sending_slot")
    op.drop_table("person_delivery")
    op.drop_table("people_sending")
