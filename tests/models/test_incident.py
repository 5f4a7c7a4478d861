from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import Engine

from flows.acts.report import add_facts, open_incident
from flows.desk import Desk
from flows.settings import Settings
from models.document import read_document
from models.errors import BadInputError
from models.incident import facts_of, find, next_number
from models.report import read_report
from models.store import reading, writing
from models.tables import Incident

SPRING = datetime(2026, 3, 2, 9, tzinfo=UTC)


def opened(store: Engine, *numbers: str) -> None:
    with writing(store) as session:
        for number in numbers:
            session.add(Incident(number=number, title="x", opened_at=SPRING, opened_by="Lea Martin"))
            session.flush()


def number_after(store: Engine, *numbers: str, now: datetime = SPRING) -> str:
    opened(store, *numbers)
    with reading(store) as session:
        return next_number(session, now)


def test_the_first_incident_of_a_year_is_number_one(store: Engine) -> None:
    assert number_after(store) == "INC-2026-0001"


def test_numbers_follow_each_other(store: Engine) -> None:
    assert number_after(store, "INC-2026-0001", "INC-2026-0002") == "INC-2026-0003"


def test_a_new_year_begins_at_one_and_an_old_one_goes_on(store: Engine) -> None:
    opened(store, "INC-2025-0041", "INC-2026-0007")

    assert number_after(store, now=datetime(2027, 1, 1, tzinfo=UTC)) == "INC-2027-0001"
    assert number_after(store, now=datetime(2025, 12, 31, tzinfo=UTC)) == "INC-2025-0042"


def test_the_ten_thousandth_incident_of_a_year_has_a_number_too(store: Engine) -> None:
    assert number_after(store, "INC-2026-9999") == "INC-2026-10000"
    assert number_after(store, "INC-2026-10000") == "INC-2026-10001"


def test_incidents_reported_at_once_get_different_numbers(store: Engine, home: object) -> None:
    desk = Desk(Settings(), store, clock=lambda: SPRING)
    report = read_report("facts.yaml", b"title: Strange traffic")
    start = Barrier(4)

    def reported(by: str) -> str:
        start.wait()
        return open_incident(replace(desk), report, by=by)

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(reported, ["Ada", "Ben", "Cy", "Di"]))

    assert sorted(numbers) == [f"INC-2026-000{count}" for count in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("INC-2026-001", "did you mean 'INC-2026-0001'?"),
        ("2026-0002", "did you mean 'INC-2026-0002'?"),
        ("inc-2026-0001", "INC-2026-0001"),
        ("", "known are INC-2026-0002, INC-2026-0001"),
    ],
)
def test_a_number_that_is_not_there_names_the_nearest_there_is(store: Engine, asked: str, hint: str) -> None:
    opened(store, "INC-2026-0001", "INC-2026-0002")

    with reading(store) as session, pytest.raises(BadInputError) as caught:
        find(session, asked)
    assert hint in str(caught.value)


def test_where_no_incident_is_known_one_is_told_how_to_report_it(store: Engine) -> None:
    with reading(store) as session, pytest.raises(BadInputError, match="report one with `tocsin report FILE`"):
        find(session, "INC-2026-0001")


def test_each_version_of_the_facts_stays_to_be_read(desk: Desk, number: str) -> None:
    add_facts(desk, number, read_document("more.yaml", b"records: 33850"), by="Nadia Roux")

    with reading(desk.engine) as session:
        incident = find(session, number)
        assert facts_of(session, incident).records == 33_850
        assert facts_of(session, incident, 1).records == 31_400
        with pytest.raises(BadInputError, match="has no facts version 3; it has 2"):
            facts_of(session, incident, 3)


def test_that_there_are_none_is_a_fact_that_is_kept(desk: Desk, open_demo_incident: Callable[[], str]) -> None:
    number = open_incident(desk, read_report("facts.yaml", b"title: Strange traffic"), by="Nadia Roux")

    added = add_facts(desk, number, read_document("more.yaml", b"organisation: {attributes: []}"), by="Nadia Roux")

    assert added.changed == (("organisation.attributes", None, []),)
    with reading(desk.engine) as session:
        assert facts_of(session, find(session, number)).organisation.attributes == []
