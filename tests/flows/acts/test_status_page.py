import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.acts.close import close, reopen
from flows.acts.remedy import put_right
from flows.acts.report import open_incident
from flows.acts.watch import watch_once
from flows.desk import Desk, open_desk
from flows.settings import Settings, read_settings
from models.clock import VirtualClock
from models.document import read_document
from models.errors import BadInputError
from models.report import report_of
from models.tables import Delivery, Receipt
from tests.flows.meridia import COMMANDER, LEGAL, draft, every, join_team, notices, queue, send, sign
from tests.ticket_servers import TOKEN, StatusPageServer, serving

FACTS = b"title: Something\ntimes: {aware_at: 2026-11-23T08:30:00+01:00}\norganisation: {name: M}\n"


@pytest.fixture
def page() -> Iterator[StatusPageServer]:
    """A status page on loopback."""
    server = StatusPageServer()
    with serving(server):
        yield server


@pytest.fixture
def office(home: Path, clock: VirtualClock, tables: Path, page: StatusPageServer) -> Iterator[Desk]:
    """A desk whose holding statements go to the status page."""
    shutil.copy(tables, home / "tocsin.db")
    settings = Settings(
        home=home,
        clock=clock.path,
        statuspage_page="p1",
        statuspage_key=SecretStr(TOKEN),
        statuspage_url=page.url,
        statuspage_forms=("holding",),
    )
    desk = open_desk(settings)
    join_team(desk)
    yield desk
    desk.engine.dispose()


def test_only_the_signed_text_reaches_the_page_its_correction_updates_it_and_closing_resolves_it(
    office: Desk, page: StatusPageServer
) -> None:
    number = open_incident(office, report_of(read_document("r.yaml", FACTS)), by=LEGAL)
    draft(office, number)
    queue(office, number)
    watch_once(office)
    assert page.incidents == [], "nothing is signed"

    [english] = notices(office, number, audience="press", form="holding", language="en")
    sign(office, number, *notices(office, number, audience="press", form="holding"))
    queue(office, number)
    send(office, number)

    [there] = page.incidents
    [row] = every(office, Delivery, number, channel="statuspage")
    assert row.notice_id == english.notice, "the Chinese one goes as it did"
    assert [one["body"] for one in there["incident_updates"]] == [row.body["text"]]
    assert [one.reference for one in every(office, Receipt) if one.delivery_id == row.id] == [there["id"]]

    made = put_right(office, number, english.notice, "correction", by=LEGAL, reason="a wrong day")
    sign(office, number, *[line for line in notices(office, number) if line.notice == made.notice])
    queue(office, number)
    send(office, number)
    assert len(there["incident_updates"]) == 2
    assert len(page.incidents) == 1

    close(office, number, by=COMMANDER, reason="over", despite=True)
    watch_once(office)
    assert (there["status"], len(there["incident_updates"])) == ("resolved", 3)
    reopen(office, number, by=COMMANDER, reason="not over")
    watch_once(office)
    assert len(there["incident_updates"]) == 3, "what is said next is signed first"


def test_settings_that_cannot_be_are_named(monkeypatch: pytest.MonkeyPatch, office: Desk) -> None:
    for name, value, words in (
        ("TOCSIN_STATUSPAGE_FORMS", "page,letter", "'letter' is no public text"),
        ("TOCSIN_STATUSPAGE_COMPONENTS", "c1=broken", "write ID=STATUS"),
    ):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            with pytest.raises(BadInputError, match=f"{name}: .*{words}"):
                read_settings()
    monkeypatch.setenv("TOCSIN_STATUSPAGE_COMPONENTS", "c1=partial_outage, c2=major_outage")
    assert dict(read_settings().statuspage_components) == {"c1": "partial_outage", "c2": "major_outage"}
