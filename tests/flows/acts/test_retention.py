from datetime import timedelta
from pathlib import Path

import pytest

from flows.acts.close import close, reopen
from flows.acts.evidence import preserve_file
from flows.acts.retention import expired, purge
from flows.acts.standing import standing
from flows.acts.team import add_member
from flows.acts.timeline import timeline
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import BadInputError, NotAllowedError
from models.tables import Evidence, NoticeVersion
from models.vocabulary import PersonRole
from tests.flows.meridia import COMMANDER, LEGAL, RESPONDER, add, every, ledger, notices, queue, send, sign

NUMBER = "INC-2026-0001"
ADMIN = "Ada Admin"
PLANTED = "Zebedee Quackenbush"


@pytest.fixture
def closed(drafted: Desk, tmp_path: Path) -> Desk:
    """A closed incident whose facts, texts and evidence name somebody, and of whose notices one was sent."""
    add_member(drafted, ADMIN, [PersonRole.ADMINISTRATOR])
    add(drafted, NUMBER, f"title: {PLANTED} lost it")
    (tmp_path / "letter.txt").write_text(PLANTED)
    preserve_file(drafted, NUMBER, None, tmp_path / "letter.txt", by=RESPONDER)
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    close(drafted, NUMBER, by=LEGAL, reason="over", despite=True)
    return drafted


def test_a_closed_incident_is_shown_only_once_its_time_has_come(closed: Desk, clock: VirtualClock) -> None:
    assert expired(closed, 30) == []
    clock.set(clock() + timedelta(days=30))

    [one] = expired(closed, 30)

    assert (one.number, one.evidence) == (NUMBER, len(every(closed, Evidence)))
    assert every(closed, NoticeVersion)[0].text, "showing it removes nothing"
    with pytest.raises(BadInputError, match="TOCSIN_RETENTION_DAYS is not set"):
        expired(closed)


def test_what_is_removed_is_gone_from_every_file_and_the_ledger_still_verifies(closed: Desk) -> None:
    before = ledger(closed, NUMBER)
    hashes = [version.sha256 for version in every(closed, NoticeVersion)]

    counted = purge(closed, NUMBER, by=ADMIN)

    assert counted.texts == len(hashes)
    assert [version.sha256 for version in every(closed, NoticeVersion)] == hashes
    assert {version.text for version in every(closed, NoticeVersion)} == {""}
    assert ledger(closed, NUMBER)[:-1] == before
    assert ledger(closed, NUMBER)[-1]["payload"]["texts"] == len(hashes)
    assert not list((closed.settings.home / "evidence" / NUMBER).iterdir())
    files = [path for path in closed.settings.home.rglob("*") if path.is_file() and "cache" not in path.parts]
    assert [path for path in files if PLANTED.encode() in path.read_bytes()] == []


def test_a_purged_incident_can_still_be_looked_at_and_is_not_opened_again(closed: Desk) -> None:
    purge(closed, NUMBER, by=ADMIN)

    assert standing(closed, NUMBER).title == "(removed)"
    assert timeline(closed, NUMBER)[-1].words.startswith("Removed for good: ")
    assert expired(closed, 1) == []
    with pytest.raises(NotAllowedError, match="were removed"):
        reopen(closed, NUMBER, by=COMMANDER, reason="again")
    with pytest.raises(NotAllowedError, match="was purged already"):
        purge(closed, NUMBER, by=ADMIN)


def test_only_an_administrator_removes_and_only_what_is_closed(closed: Desk) -> None:
    with pytest.raises(NotAllowedError, match="is no administrator"):
        purge(closed, NUMBER, by=LEGAL)
    reopen(closed, NUMBER, by=COMMANDER, reason="it goes on")

    with pytest.raises(NotAllowedError, match="is open"):
        purge(closed, NUMBER, by=ADMIN)
