from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import Session, select

from models.clock import zone
from models.store import reading, writing
from models.tables import FactsVersion, Incident, Person, PersonRoleRow, metadata

AT = datetime(2026, 3, 2, 8, 15, 30, 123_456, tzinfo=UTC)


def incident(number: str = "INC-2026-0001", **given: Any) -> Incident:
    return Incident(**{"number": number, "title": "x", "opened_at": AT, "opened_by": "Lea Martin", **given})


@pytest.mark.parametrize(
    "moment",
    [
        AT,
        AT.astimezone(zone("Asia/Kathmandu")),
        datetime(2026, 10, 25, 2, 30, tzinfo=zone("Europe/Paris"), fold=0),
        datetime(2026, 10, 25, 2, 30, tzinfo=zone("Europe/Paris"), fold=1),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2099, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
    ids=str,
)
def test_an_instant_comes_back_as_the_same_instant_in_utc(store: Engine, moment: datetime) -> None:
    with writing(store) as session:
        session.add(incident(opened_at=moment))

    with reading(store) as session:
        found = session.exec(select(Incident)).one().opened_at
    assert found == moment.astimezone(UTC)
    assert found.utcoffset() == moment.astimezone(UTC).utcoffset()


def test_instants_are_compared_as_instants_whatever_zone_they_came_in(store: Engine) -> None:
    with writing(store) as session:
        session.add(incident("INC-2026-0001", opened_at=datetime(2026, 3, 2, 9, tzinfo=zone("Europe/Paris"))))
        session.add(incident("INC-2026-0002", opened_at=datetime(2026, 3, 2, 8, 30, tzinfo=UTC)))

    with reading(store) as session:
        early = session.exec(
            select(Incident.number).where(
                Incident.opened_at < datetime(2026, 3, 2, 16, 15, tzinfo=zone("Asia/Shanghai"))
            )
        ).all()
    assert early == ["INC-2026-0001"]


def test_a_time_without_a_zone_is_refused(store: Engine) -> None:
    with pytest.raises(StatementError, match="has no zone"), writing(store) as session:
        session.add(incident(opened_at=AT.replace(tzinfo=None)))

    with reading(store) as session:
        assert session.exec(select(Incident)).all() == []


def test_a_time_that_is_not_known_stays_unknown(store: Engine) -> None:
    with writing(store) as session:
        session.add(incident())

    with reading(store) as session:
        assert session.exec(select(Incident)).one().closed_at is None


def test_facts_come_back_as_the_same_json(store: Engine) -> None:
    facts = {"title": "Größe 漏洞 \u2028", "people": [{"count": None}, {"count": 3}], "share": 0.25, "open": False}
    with writing(store) as session:
        opened = incident()
        session.add(opened)
        session.flush()
        session.add(
            FactsVersion(
                incident_id=opened.id or 0, version=1, report=facts, sha256="a", changed=[], added_at=AT, added_by="x"
            )
        )

    with reading(store) as session:
        assert session.exec(select(FactsVersion)).one().report == facts


def add(session: Session, *rows: object) -> None:
    session.add_all(rows)
    session.flush()


@pytest.mark.parametrize(
    "rows",
    [
        (lambda: [incident(), incident()]),
        (lambda: [Person(name="Lea Martin"), Person(name="Lea Martin")]),
        (lambda: [PersonRoleRow(person_id=999, role="legal")]),
    ],
    ids=["the same number twice", "the same name twice", "a role of nobody"],
)
def test_the_database_itself_refuses_what_cannot_be(store: Engine, rows: Any) -> None:
    with pytest.raises(IntegrityError), Session(store) as session:
        add(session, *rows())


def test_every_time_column_keeps_its_zone_of_origin() -> None:
    timed = {
        table.name
        for table in metadata.sorted_tables
        if any(c.type.__class__.__name__ == "Instant" for c in table.columns)
    }
    zoned = {table.name for table in metadata.sorted_tables if "zone" in table.columns}

    signing_in = {
        "account",
        "sign_in",
        "sign_in_link",
        "single_sign_on_try",
        "failed_sign_in",
        "recovery_code",
        "api_token",
    }
    asked_for = {
        "kept_answer",
        "slack_request",
        "slack_user",
        "calendar_feed",
        "candidate_event",
        "personal_view",
        "subscription",
    }
    at_work = {"lease", "watch_run", "sending_slot", "ticket_watch"}
    of_their_incident = {"notice", "person_delivery", "case_mail", "event_delivery"}
    assert timed - zoned == signing_in | asked_for | at_work | of_their_incident, "these are of the machine's own time"


def test_no_enumeration_of_the_database_holds_us_to_a_list_of_words(store: Engine) -> None:
    with store.connect() as connection:
        if connection.dialect.name == "postgresql":
            assert connection.execute(text("select count(*) from pg_type where typtype = 'e'")).scalar() == 0
    assert not [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if column.type.__class__.__name__ == "Enum"
    ]
