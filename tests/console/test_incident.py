import types
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from console.facts import CHOICES
from console.page import LOCALES, Words
from flows.acts.contain import ready_steps
from flows.acts.evaluate import evaluate
from flows.acts.membership import add_to_incident
from flows.acts.playbook import start_playbook
from flows.acts.timeline import firsts, latest, timeline
from flows.desk import Desk
from models.report import Report
from models.vocabulary import PersonRole
from playbooks.plan import StepState
from tests.console.conftest import SignInAs


def worked_out(desk: Desk, number: str) -> str:
    """The incident with its duties worked out and its playbook started."""
    evaluate(desk, number)
    start_playbook(desk, number)
    ready_steps(desk, number)
    return number


def test_an_incident_shows_first_which_clock_runs_out_first_and_what_waits_for_whom(
    signed_in_as: SignInAs, open_demo_incident: Callable[[], str], desk: Desk
) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    number = worked_out(desk, open_demo_incident())

    shown = unescape(page.get(f"/incidents/{number}").text)

    assert 0 < shown.index("The clock that runs out first") < shown.index("What waits for whom")
    assert 'id="duty-eu-gdpr-33-initial"' in shown
    assert "Regulation (EU) 2016/679, Art. 33(1)" in shown
    assert f"/runs?tags={number}" in shown
    assert Words("en").word("category", "driving_licence") in shown
    assert "31,400" in shown


def test_the_duties_page_shows_with_reasons_what_does_not_arise_too(
    signed_in_as: SignInAs, open_demo_incident: Callable[[], str], desk: Desk
) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    number = worked_out(desk, open_demo_incident())

    shown = page.get(f"/incidents/{number}/duties").text

    assert "Do not arise (" in shown
    assert shown.count("<details") > 300


def test_the_timeline_is_a_picture_and_a_list(
    signed_in_as: SignInAs, open_demo_incident: Callable[[], str], desk: Desk
) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    number = worked_out(desk, open_demo_incident())

    picture = page.get(f"/incidents/{number}/timeline.svg")

    assert picture.headers["content-type"] == "image/svg+xml"
    assert "eu-gdpr-33" in picture.text
    assert "Incident reported" in page.get(f"/incidents/{number}/timeline").text


@pytest.mark.parametrize("part", ["", "/duties", "/timeline", "/timeline.svg"])
def test_nobody_but_members_learns_that_a_private_incident_exists(
    signed_in_as: SignInAs, open_demo_incident: Callable[[], str], desk: Desk, part: str
) -> None:
    page = signed_in_as("Noor Haddad", PersonRole.PR)
    number = open_demo_incident()

    hidden, absent = page.get(f"/incidents/{number}{part}"), page.get(f"/incidents/INC-2026-9999{part}")

    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.text.replace(number, "") == absent.text.replace("INC-2026-9999", "")
    add_to_incident(desk, number, "Noor Haddad", by="Lea Martin")
    assert page.get(f"/incidents/{number}{part}").status_code == 200


def fields(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """The path of every field of a model, those of the models in it too."""
    for name, field in model.model_fields.items():
        path = f"{above}{field.alias or name}"
        inner = inner_model(field.annotation)
        if inner is None or path in ("data", "people", "contracts") or path.startswith("impact."):
            yield path
        if inner is not None:
            yield from fields(inner, f"{path}.")


def inner_model(kind: Any) -> type[BaseModel] | None:
    """The model that a field holds, or a list of them."""
    if isinstance(kind, type) and not isinstance(kind, types.GenericAlias) and issubclass(kind, BaseModel):
        return kind
    return next((found for part in get_args(kind) if (found := inner_model(part))), None)


@pytest.mark.parametrize("language", LOCALES)
def test_every_fact_has_a_name_and_every_word_of_a_choice_is_known(language: str) -> None:
    words = Words(language)

    for path in fields(Report):
        assert words.label(path)
    for family, choices in CHOICES.items():
        assert all(words.word(family, value) for value in choices)


@pytest.mark.parametrize("language", LOCALES)
def test_every_state_of_a_step_has_a_name(language: str) -> None:
    assert all(Words(language).say(f"step_state.{state}") for state in StepState)


def test_the_timeline_comes_a_page_at_a_time_and_loses_nothing_in_between(desk: Desk, number: str) -> None:
    worked_out(desk, number)
    everything = timeline(desk, number)

    newest = latest(desk, number, 3)
    rest = latest(desk, number, len(everything), newest[-1].seq)

    assert [*reversed(rest), *reversed(newest)] == everything
    assert firsts(desk, number, ["incident.reported", "delivery.sent"]) == {"incident.reported": everything[0].at}
