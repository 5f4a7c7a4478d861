import json
import re
from html import unescape

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from flows.acts.evaluate import evaluate
from flows.acts.membership import add_to_incident
from flows.acts.report import add_facts, open_incident
from flows.desk import Desk
from models.document import Document
from models.incident import facts_of, find
from models.report import Report, read_report
from models.store import reading
from models.tables import LedgerEntry
from models.vocabulary import PersonRole
from tests.conftest import DEMO
from tests.console.conftest import SignInAs, csrf

UNKNOWN = {"title": "Lost phone", "kind": "lost_or_stolen_device", "organisation": {"country": "FR"}}


@pytest.fixture
def legal(signed_in_as: SignInAs) -> TestClient:
    """A browser in which the lawyer is signed in."""
    return signed_in_as("Lea Martin", PersonRole.LEGAL)


def opened(desk: Desk, report: Report) -> str:
    """An incident with its duties worked out."""
    number = open_incident(desk, report, by="Lea Martin")
    evaluate(desk, number)
    return number


def facts(desk: Desk, number: str) -> Report:
    """The latest facts."""
    with reading(desk.engine) as session:
        return facts_of(session, find(session, number))


def hidden(page: str, name: str) -> str:
    """What a form carries along."""
    return unescape(re.findall(rf'name="{name}" value="([^"]*)"', page)[0])


def filled(page: str) -> dict[str, list[str]]:
    """What a browser would send if nothing in the first form of the page were touched."""
    form = page[page.index("/facts/change") : page.index("</form>", page.index("/facts/change"))]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        first = re.search(r'<option value="([^"]*)"', options)
        sent[name] = [unescape(chosen[1] or chosen[2]) if chosen else unescape(first[1]) if first else ""]
    return sent


def test_a_form_sent_back_as_it_was_changes_nothing(desk: Desk, legal: TestClient) -> None:
    number = opened(desk, read_report(str(DEMO / "first_facts.yaml")))

    shown = legal.post(f"/incidents/{number}/facts/change", data=filled(legal.get(f"/incidents/{number}/facts").text))

    assert shown.status_code == 200, shown.text
    assert "Nothing of it is new." in shown.text


def test_what_new_facts_would_change_is_seen_before_they_are_kept(desk: Desk, legal: TestClient) -> None:
    number = opened(desk, read_report(str(DEMO / "first_facts.yaml")))
    form = filled(legal.get(f"/incidents/{number}/facts").text)
    later = {"times.aware_at": "2026-11-23T10:30", "people[7].jurisdiction": "BR", "people[1].count": "9000"}

    shown = legal.post(f"/incidents/{number}/facts/change", data={**form, **later}).text

    assert "clock moves" in shown
    assert "LGPD" in shown
    assert "8,150" in shown
    assert "9,000" in shown
    assert facts(desk, number).times.aware_at != "2026-11-23T10:30:00+01:00"
    sent = legal.post(
        f"/incidents/{number}/facts",
        data={"csrf": csrf(shown), "document": hidden(shown, "document"), "version": hidden(shown, "version")},
    )
    assert sent.status_code == 303
    known = facts(desk, number)
    assert str(known.times.aware_at) == "2026-11-23 10:30:00+01:00"
    assert known.people is not None
    assert (known.people[1].count, known.people[1].languages) == (9000, ["de"])
    with reading(desk.engine) as session:
        actor = session.exec(select(LedgerEntry.actor).where(LedgerEntry.kind == "facts.added")).one()
    assert actor == "Lea Martin"


def test_facts_that_somebody_else_added_meanwhile_are_neither_lost_nor_passed_over(
    desk: Desk, legal: TestClient
) -> None:
    number = opened(desk, read_report(str(DEMO / "first_facts.yaml")))
    shown = legal.post(
        f"/incidents/{number}/facts/change",
        data={**filled(legal.get(f"/incidents/{number}/facts").text), "records": "40000"},
    ).text
    add_facts(desk, number, Document({"cause": "malicious_internal"}, "a test", {}), by="Sam Okoro")

    again = legal.post(
        f"/incidents/{number}/facts",
        data={"csrf": csrf(shown), "document": hidden(shown, "document"), "version": hidden(shown, "version")},
    )

    assert "Somebody added facts meanwhile" in again.text
    assert facts(desk, number).records == 31400
    legal.post(
        f"/incidents/{number}/facts",
        data={
            "csrf": csrf(shown),
            "document": hidden(again.text, "document"),
            "version": hidden(again.text, "version"),
        },
    )
    assert (facts(desk, number).records, facts(desk, number).cause) == (40000, "malicious_internal")


def test_contracts_and_what_the_incident_did_beyond_the_data_have_fields_of_their_own(
    desk: Desk, legal: TestClient
) -> None:
    number = opened(desk, read_report(str(DEMO / "first_facts.yaml")))
    form = filled(legal.get(f"/incidents/{number}/facts").text)
    assert form["contracts[0].party"] == ["Harbour Card Services"]
    more = {
        "contracts[0].party": "",
        "contracts[1].party": "Acme",
        "contracts[1].within_hours": "24",
        "impact.altered_pages.views": "5000",
        "impact.direct_losses[0].currency": "CNY",
        "impact.direct_losses[0].amount": "1000000",
    }

    shown = legal.post(f"/incidents/{number}/facts/change", data={**form, **more})

    assert json.loads(hidden(shown.text, "document")) == {
        "contracts": [{"party": "Acme", "within_hours": 24, "contact": None, "citation": None}],
        "impact": {"altered_pages": {"views": 5000}, "direct_losses": [{"currency": "CNY", "amount": 1000000}]},
    }
    assert legal.post(
        f"/incidents/{number}/facts",
        data={
            "csrf": csrf(shown.text),
            "document": hidden(shown.text, "document"),
            "version": hidden(shown.text, "version"),
        },
    ).is_redirect
    known = facts(desk, number)
    assert [(one.party, one.start) for one in known.contracts] == [("Acme", "aware_at")]


@pytest.mark.parametrize(
    ("yaml", "said"), [("recordz: 4", "did you mean"), ("a: [", "not valid YAML"), ("- 1", "facts are a mapping")]
)
def test_any_fact_is_added_in_the_reports_format_and_a_wrong_one_is_named(
    desk: Desk, legal: TestClient, yaml: str, said: str
) -> None:
    number = opened(desk, Report.model_validate(UNKNOWN))
    token = csrf(legal.get(f"/incidents/{number}/facts").text)
    url = f"/incidents/{number}/facts/change"

    right = legal.post(url, data={"csrf": token, "yaml": "impact: {threat: serious}"})
    wrong = legal.post(url, data={"csrf": token, "yaml": yaml})

    assert json.loads(hidden(right.text, "document")) == {"impact": {"threat": "serious"}}
    assert wrong.status_code == 422
    assert said in unescape(wrong.text)


def test_each_fact_that_decides_duties_is_asked_for_with_the_duties_that_hang_on_it(
    desk: Desk, legal: TestClient
) -> None:
    number = opened(desk, Report.model_validate(UNKNOWN))

    shown = legal.get(f"/incidents/{number}/undecided").text

    assert 'id="organisation.role"' in shown
    assert '<select id="ask-organisation.role"' in shown
    assert re.search(r"Role towards the data <span class=\"soft\">\(duties that hang on it: \d{3}\)", shown)
    change = legal.post(
        f"/incidents/{number}/facts/change",
        data={"csrf": csrf(shown), "organisation.role": "processor", "then": "undecided"},
    ).text
    assert json.loads(hidden(change, "document")) == {"organisation": {"role": "processor"}}


def test_legal_decides_in_place_what_the_facts_leave_open(desk: Desk, legal: TestClient) -> None:
    number = opened(desk, Report.model_validate(UNKNOWN))
    token = csrf(legal.get(f"/incidents/{number}/duties").text)

    legal.post(
        f"/incidents/{number}/duties/decide",
        data={"csrf": token, "provision": "eu-gdpr-33", "verdict": "required", "reason": "better <i>safe</i>"},
    )

    shown = legal.get(f"/incidents/{number}").text
    assert 'id="duty-eu-gdpr-33-initial"' in shown
    assert "better &lt;i&gt;safe&lt;/i&gt;" in shown


def test_who_may_not_add_facts_or_decide_is_refused(desk: Desk, signed_in_as: SignInAs) -> None:
    number = opened(desk, Report.model_validate(UNKNOWN))
    page = signed_in_as("Noor Haddad", PersonRole.PR)
    add_to_incident(desk, number, "Noor Haddad", by="Lea Martin")
    shown = page.get(f"/incidents/{number}/undecided").text
    token = csrf(shown)

    assert "<select" not in shown
    assert page.get(f"/incidents/{number}/facts").status_code == 403
    assert (
        page.post(f"/incidents/{number}/facts", data={"csrf": token, "document": "{}", "version": 1}).status_code == 403
    )
    decision = {"csrf": token, "provision": "eu-gdpr-33", "verdict": "required", "reason": "so"}
    assert page.post(f"/incidents/{number}/duties/decide", data=decision).status_code == 403
