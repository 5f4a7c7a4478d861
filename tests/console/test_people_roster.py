from datetime import UTC, datetime, timedelta
from os import utime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from flows.acts.people import counts_of
from flows.acts.people_noted import roster_noted
from flows.acts.people_upload import waiting_file
from flows.acts.sightings import sightings
from flows.desk import Desk
from models.vocabulary import PersonRole
from tests.console.conftest import SignInAs, csrf

ROSTER = "Kennung;Vollständiger Name;Ort\nk1;Zebulon Planted;Lyon\nk2;Ana Planted;Nice\n".encode("cp1252")


@pytest.fixture
def page(signed_in_as: SignInAs) -> TestClient:
    return signed_in_as("Sam Okoro", PersonRole.RESPONDER, PersonRole.COMMANDER)


def sent(page: TestClient, number: str, content: bytes, name: str = "Kunden.csv", token: str | None = None) -> int:
    form = {"csrf": token or csrf(page.get(f"/incidents/{number}/people").text)}
    return page.post(f"/incidents/{number}/people/file", data=form, files={"file": (name, content)}).status_code


def confirmed(page: TestClient, number: str, **fields: str) -> tuple[int, str]:
    shown = page.get(f"/incidents/{number}/people/file").text
    stamp = shown.partition('name="stamp" value="')[2].partition('"')[0]
    answer = page.post(f"/incidents/{number}/people/file/load", data={"csrf": csrf(shown), "stamp": stamp, **fields})
    return answer.status_code, answer.text


def left(desk: Desk, number: str) -> list[Path]:
    return [path for path in (desk.settings.home / "people" / number / "uploaded").rglob("*") if path.is_file()]


def test_a_roster_is_loaded_by_upload_once_its_columns_are_confirmed_and_nothing_of_it_is_left(
    desk: Desk, page: TestClient, number: str
) -> None:
    assert sent(page, number, ROSTER) == 303
    assert roster_noted(desk, number).loaded is None
    shown = page.get(f"/incidents/{number}/people/file").text
    assert "Vollständiger Name" in shown
    assert "Planted" not in shown

    columns = {"column-0": "identifier", "column-1": "full_name", "column-2": "+"}
    assert confirmed(page, number, **columns, country="FR", relationship="customer")[0] == 303

    noted = roster_noted(desk, number).loaded
    assert noted is not None
    assert (noted.by, noted.counts["kept"]) == ("Sam Okoro", 2)
    [group] = counts_of(desk, number).groups
    assert (group.jurisdiction, group.relationship, group.count) == ("FR", "customer", 2)
    assert left(desk, number) == []
    assert "Kunden.csv" in page.get(f"/incidents/{number}/people/rows").text


def test_what_is_wrong_with_the_columns_is_said_beside_them_and_the_file_goes_on_waiting(
    desk: Desk, page: TestClient, number: str
) -> None:
    sent(page, number, ROSTER)

    status, shown = confirmed(page, number)

    assert status == 422
    assert "Kunden.csv: no column says who a person is" in shown
    assert str(desk.settings.home) not in shown
    assert len(left(desk, number)) == 1


def test_a_file_without_headings_may_show_somebody_so_that_the_look_is_noted(
    desk: Desk, page: TestClient, number: str
) -> None:
    sent(page, number, b"Zebulon,Planted\nAna,Planted\n")

    page.get(f"/incidents/{number}/people/file")

    assert [(one.name, one.what) for one in sightings(desk, number)] == [("Sam Okoro", "the first row of a roster")]


@pytest.mark.parametrize("name", ["../../../x.csv", "..", ".csv", "C:\\x\\y.csv", "ä" * 300 + ".csv"])
def test_a_name_that_a_path_was_added_to_stays_in_its_folder(
    desk: Desk, page: TestClient, number: str, name: str
) -> None:
    assert sent(page, number, ROSTER, name) == 303

    [path] = left(desk, number)
    assert path.parent == desk.settings.home / "people" / number / "uploaded" / "waiting"
    assert path.stat().st_mode & 0o077 == 0


def test_another_file_takes_the_place_of_one_that_waits_and_is_not_loaded_in_its_name(
    desk: Desk, page: TestClient, number: str
) -> None:
    sent(page, number, ROSTER)
    shown = page.get(f"/incidents/{number}/people/file").text
    stamp = shown.partition('name="stamp" value="')[2].partition('"')[0]
    sent(page, number, b"email\nx@planted.example\n", "other.csv")

    form = {"csrf": csrf(shown), "stamp": stamp, "column-0": "identifier"}
    refused = page.post(f"/incidents/{number}/people/file/load", data=form)

    assert refused.status_code == 422
    assert roster_noted(desk, number).loaded is None
    assert [path.name for path in left(desk, number)] == ["other.csv"]


def test_a_file_is_removed_when_asked_and_after_a_day(desk: Desk, page: TestClient, number: str) -> None:
    sent(page, number, ROSTER)
    old = (datetime.now(UTC) - timedelta(days=1, minutes=1)).timestamp()
    utime(left(desk, number)[0], (old, old))
    assert waiting_file(desk, number) is None
    assert left(desk, number) == []

    sent(page, number, ROSTER)
    form = {"csrf": csrf(page.get(f"/incidents/{number}/people/file").text)}
    assert page.post(f"/incidents/{number}/people/file/discard", data=form).status_code == 303
    assert left(desk, number) == []


def test_another_sites_form_and_who_may_not_see_the_roster_leave_no_file(
    desk: Desk, page: TestClient, signed_in_as: SignInAs, number: str
) -> None:
    pr = signed_in_as("Noor Haddad", PersonRole.PR)

    assert sent(page, number, ROSTER, token="guessed") == 403
    assert sent(pr, number, ROSTER, token=csrf(pr.get("/account").text)) in (403, 404)
    assert left(desk, number) == []
