from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from flows.acts import audit
from flows.acts.break_glass import break_glass
from flows.acts.evidence import preserve_file
from flows.acts.heading import leads
from flows.acts.membership import add_to_incident, memberships
from flows.acts.overview import overview
from flows.acts.sightings import saw, seen_by_command, sightings
from flows.acts.team import add_member
from flows.acts.timeline import timeline
from flows.acts.tokens import Scope, make_token, tokens
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.incident import find, identity
from models.store import reading, writing
from models.tables import Delivery, Membership, Person
from models.vocabulary import PersonRole
from tests.console.conftest import SignInAs, csrf

OpenIncident = Callable[[], str]
WHY = "The commander is ill and the clock runs out tonight"


def token(page: TestClient) -> dict[str, str]:
    return {"csrf": csrf(page.get("/account").text)}


def messages(desk: Desk) -> list[str]:
    with reading(desk.engine) as session:
        return [row.subject for row in session.exec(select(Delivery))]


def test_a_lawyer_admits_and_excludes_members_and_both_stand_in_the_story(
    desk: Desk, signed_in_as: SignInAs, open_demo_incident: OpenIncident
) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    add_member(desk, "Noor Haddad", [PersonRole.PR])
    number = open_demo_incident()

    assert "<option>Noor Haddad</option>" in page.get(f"/incidents/{number}/members").text
    form = {**token(page), "name": "Noor Haddad"}
    assert page.post(f"/incidents/{number}/members", data=form).status_code == 303
    assert [one.name for one in memberships(desk, number)] == ["Lea Martin", "Noor Haddad"]
    assert page.post(f"/incidents/{number}/members/remove", data=form).status_code == 303
    assert [one.name for one in memberships(desk, number)] == ["Lea Martin"]
    words = [event.words for event in timeline(desk, number)]
    assert "Noor Haddad sees the incident from now on" in words
    assert "Noor Haddad no longer sees the incident" in words


def test_nobody_takes_themselves_out_so_that_somebody_is_always_left(
    desk: Desk, signed_in_as: SignInAs, open_demo_incident: OpenIncident
) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    number = open_demo_incident()

    refused = page.post(f"/incidents/{number}/members/remove", data={**token(page), "name": "Lea Martin"})

    assert refused.status_code == 403


@pytest.mark.parametrize("role", [PersonRole.RESPONDER, PersonRole.ADMINISTRATOR])
def test_who_breaks_the_glass_sees_the_incident_for_some_hours_and_everybody_hears_why(
    desk: Desk, signed_in_as: SignInAs, open_demo_incident: OpenIncident, role: PersonRole
) -> None:
    number = open_demo_incident()
    page = signed_in_as("Ben Sato", role)
    assert page.get(f"/incidents/{number}").status_code in (403, 404)

    broken = page.post("/glass", data={**token(page), "number": number, "reason": WHY, "hours": 2})

    assert (broken.status_code, broken.headers["location"]) == (303, f"/incidents/{number}")
    assert page.get(f"/incidents/{number}").status_code == 200
    assert any(f"Ben Sato broke the glass and sees it until {datetime.now(UTC):%Y}" in said for said in messages(desk))
    assert f": {WHY}" in timeline(desk, number)[-1].words
    assert [record["kind"] for record in audit.records(desk)][-1] == "glass.broken"

    with writing(desk.engine) as session:
        row = session.exec(select(Membership).where(Membership.reason == WHY)).one()
        row.ends_at = datetime.now(UTC)
        session.add(row)
    assert page.get(f"/incidents/{number}").status_code in (403, 404)
    assert memberships(desk, number) == []


def test_who_broke_the_glass_may_be_admitted_for_good(desk: Desk, open_demo_incident: OpenIncident) -> None:
    add_member(desk, "Ben Sato", [PersonRole.RESPONDER])
    number = open_demo_incident()
    break_glass(desk, number, "Ben Sato", reason=WHY)

    add_to_incident(desk, number, "Ben Sato", by="Lea Martin")

    [standing] = memberships(desk, number)
    assert (standing.name, standing.ends_at, standing.added_by) == ("Ben Sato", None, "Lea Martin")


def test_the_glass_is_not_broken_without_a_reason_or_for_longer_than_a_day_or_by_a_member(
    desk: Desk, open_demo_incident: OpenIncident
) -> None:
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    add_member(desk, "Ben Sato", [PersonRole.RESPONDER])
    number = open_demo_incident()

    with pytest.raises(BadInputError, match="say why"):
        break_glass(desk, number, "Ben Sato", reason="  because  ")
    with pytest.raises(BadInputError, match="1 to 24 hours"):
        break_glass(desk, number, "Ben Sato", reason=WHY, lasts=timedelta(hours=25))
    with pytest.raises(NotAllowedError, match=r"sees INC-.* already"):
        break_glass(desk, number, "Lea Martin", reason=WHY)
    assert messages(desk) == []


def test_a_wrong_number_does_not_tell_which_incidents_there_are(
    desk: Desk, signed_in_as: SignInAs, open_demo_incident: OpenIncident
) -> None:
    page = signed_in_as("Ben Sato", PersonRole.RESPONDER)
    number = open_demo_incident()

    refused = page.post("/glass", data={**token(page), "number": number[:-1] + "9", "reason": WHY})

    assert refused.status_code == 422
    assert number not in refused.text


def test_who_broke_the_glass_leads_no_longer_than_it_lasts(desk: Desk, open_demo_incident: OpenIncident) -> None:
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    number = open_demo_incident()
    add_member(desk, "Ben Sato", [PersonRole.COMMANDER])
    break_glass(desk, number, "Ben Sato", reason=WHY)

    def led_by() -> tuple[tuple[str, ...], tuple[str, ...]]:
        with reading(desk.engine) as session:
            incident = find(session, number)
            lea = session.exec(select(Person).where(Person.name == "Lea Martin")).one()
            [line] = overview(desk, identity(lea))
            return leads(session, incident), line.leads

    assert led_by()[0] == led_by()[1]
    assert "Ben Sato" in led_by()[0]
    with writing(desk.engine) as session:
        row = session.exec(select(Membership).where(col(Membership.ends_at).is_not(None))).one()
        row.ends_at = datetime.now(UTC) - timedelta(seconds=1)
        session.add(row)
    assert "Ben Sato" not in (*led_by()[0], *led_by()[1])


def test_a_program_cannot_break_the_glass(desk: Desk, signed_in_as: SignInAs, open_demo_incident: OpenIncident) -> None:
    page, number = signed_in_as("Ben Sato", PersonRole.RESPONDER), open_demo_incident()
    made = make_token(desk, "Ben Sato", purpose="x", scopes=Scope, by="Ada")

    form = {"number": number, "reason": WHY}
    assert page.post("/glass", data=form, headers={"authorization": f"Bearer {made}"}).status_code == 403


def test_evidence_is_for_who_may_see_people_and_each_look_at_it_is_noted(
    desk: Desk, signed_in_as: SignInAs, open_demo_incident: OpenIncident
) -> None:
    file = desk.settings.home / 'mail "box" <script>.html'
    file.write_bytes(b"<script>alert(1)</script> Marie Example, 1990-01-01")
    legal, pr = signed_in_as("Lea Martin", PersonRole.LEGAL), signed_in_as("Noor Haddad", PersonRole.PR)
    number = open_demo_incident()
    add_to_incident(desk, number, "Noor Haddad", by="Lea Martin")
    piece = preserve_file(desk, number, None, file, by="Lea Martin").id

    taken = legal.get(f"/incidents/{number}/evidence/{piece}")

    assert taken.content == file.read_bytes()
    assert taken.headers["content-type"] == "application/octet-stream"
    assert taken.headers["content-disposition"].startswith("attachment")
    assert "<script>" not in legal.get(f"/incidents/{number}/evidence").text
    assert pr.get(f"/incidents/{number}/evidence/{piece}").status_code == 403
    assert pr.get(f"/incidents/{number}/evidence").status_code == 403
    assert legal.get(f"/incidents/{number}/evidence/999").status_code == 404
    assert [(one.name, one.what) for one in sightings(desk, number)] == [("Lea Martin", "evidence")] * 2
    seen = [record for record in audit.records(desk) if record["kind"] == "personal_data.seen"]
    assert [(record["who"], record["incident"]) for record in seen] == [("Lea Martin", number)] * 2


def test_evidence_of_another_incident_is_not_reached_by_its_number(
    desk: Desk, signed_in_as: SignInAs, open_demo_incident: OpenIncident
) -> None:
    file = desk.settings.home / "log.txt"
    file.write_text("x")
    page = signed_in_as("Ben Sato", PersonRole.RESPONDER)
    theirs, mine = open_demo_incident(), open_demo_incident()
    add_to_incident(desk, mine, "Ben Sato", by="Lea Martin")
    piece = preserve_file(desk, theirs, None, file, by="Lea Martin").id

    assert page.get(f"/incidents/{mine}/evidence/{piece}").status_code == 404
    assert page.get(f"/incidents/{theirs}/evidence/{piece}").status_code == 404


TUESDAY_NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_what_is_unusual_is_the_organisations_to_say(desk: Desk, number: str) -> None:
    desk.settings.many_records, desk.settings.office_hours = 5, "00:00-06:00"
    add_member(desk, "Ben Sato", [PersonRole.RESPONDER])
    with reading(desk.engine) as session:
        ben = session.exec(select(Person.id).where(Person.name == "Ben Sato")).one() or 0

    for at, unusual in (
        (TUESDAY_NOON.replace(hour=3), ("many records",)),
        (TUESDAY_NOON, ("many records", "out of hours")),
    ):
        assert saw(desk, number, ben, "x", records=5, now=at, address="192.0.2.8", agent="") == unusual


@pytest.mark.parametrize(
    ("records", "now", "address", "unusual"),
    [
        (1, TUESDAY_NOON, "192.0.2.77", ()),
        (999, TUESDAY_NOON, "192.0.2.77", ("many records",)),
        (1, TUESDAY_NOON.replace(hour=20), "192.0.2.77", ("out of hours",)),
        (1, TUESDAY_NOON.replace(hour=6, minute=59), "192.0.2.77", ("out of hours",)),
        (1, TUESDAY_NOON.replace(day=28), "192.0.2.77", ("out of hours",)),
        (1, TUESDAY_NOON, "198.51.100.9", ("a new place",)),
        (1, TUESDAY_NOON, "2001:db8::1", ("a new place",)),
    ],
)
def test_unusual_access_is_many_records_or_out_of_hours_or_a_new_place_and_the_members_hear_of_it_once(
    desk: Desk, number: str, records: int, now: datetime, address: str, unusual: tuple[str, ...]
) -> None:
    add_member(desk, "Ben Sato", [PersonRole.RESPONDER])
    with reading(desk.engine) as session:
        ben = session.exec(select(Person.id).where(Person.name == "Ben Sato")).one()
    assert ben is not None

    def look(records: int, at: datetime, address: str) -> tuple[str, ...]:
        return saw(desk, number, ben, "the roster", records=records, now=at, address=address, agent="")

    assert look(1, TUESDAY_NOON - timedelta(hours=1), "192.0.2.8") == ()
    assert look(records, now, address) == unusual
    assert len(messages(desk)) == bool(unusual)
    assert all(f"unusual access by Ben Sato to the roster: {unusual[0]}" in said for said in messages(desk))
    look(records, now + timedelta(minutes=1), address)
    assert len(messages(desk)) == bool(unusual)


def test_an_administrator_adds_invites_resets_and_removes_people_on_one_page(
    desk: Desk, signed_in_as: SignInAs
) -> None:
    page = signed_in_as("Ada Byron", PersonRole.ADMINISTRATOR)
    name = "<script>alert(1)</script>"
    form = token(page)

    added = page.post("/admin/people", data={**form, "name": name, "role": ["legal", "pr"], "email": "x@example.org"})
    invited = page.post("/admin/people/invite", data={**form, "name": name})

    assert added.status_code == 303
    assert "/welcome/" in invited.text
    assert "<script>alert" not in invited.text
    assert "/welcome/" not in page.get("/admin").text
    assert page.post("/admin/people/reset", data={**form, "name": name}).status_code == 422
    assert page.post("/admin/people/remove", data={**form, "name": name}).status_code == 303
    assert page.post("/admin/people/invite", data={**form, "name": "Ghost"}).status_code == 403


def test_no_token_makes_itself_more_powerful_through_the_team(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Ada Byron", PersonRole.ADMINISTRATOR)
    made = make_token(desk, "Ada Byron", purpose="x", scopes=[Scope.ADMIN], by="Ada")
    bearer = {"authorization": f"Bearer {made}"}

    asked = {"name": "Ada Byron", "role": "legal"}
    assert page.post("/admin/people", data=asked, headers=bearer).status_code == 403
    assert page.post("/admin/people/invite", data=asked, headers=bearer).status_code == 403


def test_what_a_form_sends_beside_its_fields_changes_nothing(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Noor Haddad", PersonRole.PR)
    sent = {**token(page), "purpose": "x", "scope": "read", "days": 9}

    page.post(
        "/account/tokens", data={**sent, "name": "Ada", "person_id": 1, "made_by": "Ada", "roles": "administrator"}
    )

    [made] = tokens(desk)
    assert (made.name, made.made_by, made.scopes) == ("Noor Haddad", "Noor Haddad", ("read",))
    assert page.get("/admin").status_code == 403


def test_who_works_by_the_command_is_noted_too_in_the_team_or_not(desk: Desk, number: str) -> None:
    add_member(desk, "Ben Sato", [PersonRole.RESPONDER])

    seen_by_command(desk, number, "Ben Sato", "rows set aside", 12)
    seen_by_command(desk, number, "root", "rows set aside", 3)

    assert [(one.name, one.records, one.address) for one in sightings(desk, number)] == [("Ben Sato", 12, "command")]
    assert [(record["who"], record["records"]) for record in audit.records(desk)] == [("Ben Sato", 12), ("root", 3)]
