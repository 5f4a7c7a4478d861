import re
from html import unescape
from io import BytesIO

import pytest
from docx import Document as Docx
from fastapi.testclient import TestClient

from flows.acts.membership import add_to_incident
from flows.acts.read_notice import NoticeLine, notice_list, notice_text
from flows.acts.timeline import timeline
from flows.desk import Desk
from models.vocabulary import PersonRole
from tests.console.conftest import SignInAs, csrf

NUMBER = "INC-2026-0001"
ROLES = {"Lea Martin": PersonRole.LEGAL, "Noor Haddad": PersonRole.PR, "Sam Okoro": PersonRole.COMMANDER}


@pytest.fixture
def desk(drafted: Desk) -> Desk:
    """A desk on which the demo's texts are drafted and none is signed."""
    return drafted


def page_of(signed_in_as: SignInAs, desk: Desk, name: str) -> TestClient:
    page = signed_in_as(name, ROLES[name])
    add_to_incident(desk, NUMBER, name, by="Lea Martin")
    return page


def first(desk: Desk, **wanted: object) -> NoticeLine:
    """The first draft without errors that is as wanted."""
    lines = (line for line in notice_list(desk, NUMBER) if line.state == "draft" and not line.errors)
    return next(line for line in lines if all(getattr(line, name) == value for name, value in wanted.items()))


def address(notice: int, act: str = "") -> str:
    return f"/incidents/{NUMBER}/notices/{notice}{act}"


def post(page: TestClient, notice: int, act: str, **form: str) -> int:
    shown = page.get(address(notice)).text
    return page.post(address(notice, f"/{act}"), data={"csrf": csrf(shown), **form}).status_code


def test_every_text_is_listed_with_what_it_waits_for(signed_in_as: SignInAs, desk: Desk) -> None:
    shown = unescape(page_of(signed_in_as, desk, "Lea Martin").get(f"/incidents/{NUMBER}/notices").text)

    for line in notice_list(desk, NUMBER):
        assert line.what in shown
    assert "signature by" in shown


def test_a_text_is_shown_with_its_findings_and_signed_as_it_stands(signed_in_as: SignInAs, desk: Desk) -> None:
    page = page_of(signed_in_as, desk, "Lea Martin")
    line = first(desk, audience="authority", language="en")
    text = notice_text(desk, NUMBER, line.notice)

    shown = unescape(page.get(address(line.notice)).text)
    assert text.sha256 in shown
    assert all(finding["message"] in shown for finding in text.findings)

    assert post(page, line.notice, "approve", sha256=text.sha256, note="read") == 303
    signed = [entry for entry in timeline(desk, NUMBER) if entry.kind == "notice.approved"]
    assert [entry.actor for entry in signed] == ["Lea Martin"]


def test_a_stale_form_signs_nothing_and_says_so(signed_in_as: SignInAs, desk: Desk) -> None:
    page = page_of(signed_in_as, desk, "Lea Martin")
    line = first(desk, audience="authority", language="en")
    text = notice_text(desk, NUMBER, line.notice)
    assert post(page, line.notice, "edit", sha256=text.sha256, text=f"{text.text}\n\nOne more sentence.") == 303

    assert post(page, line.notice, "approve", sha256=text.sha256, note="read") == 409
    assert post(page, line.notice, "approve", sha256="4be0") == 422
    assert [entry for entry in timeline(desk, NUMBER) if entry.kind == "notice.approved"] == []


def test_an_edit_over_somebody_elses_is_refused_and_what_was_typed_is_still_there(
    signed_in_as: SignInAs, desk: Desk
) -> None:
    page = page_of(signed_in_as, desk, "Noor Haddad")
    line = first(desk, audience="press", language="en")
    text = notice_text(desk, NUMBER, line.notice)
    form = {"csrf": csrf(page.get(address(line.notice)).text), "sha256": text.sha256}

    assert page.post(address(line.notice, "/edit"), data=form | {"text": text.text + "\n\nMine."}).status_code == 303
    late = page.post(address(line.notice, "/edit"), data=form | {"text": text.text + "\n\nTheirs <b>."})

    assert late.status_code == 409
    assert "was changed meanwhile" in unescape(late.text)
    assert "Theirs &lt;b&gt;." in late.text
    assert notice_text(desk, NUMBER, line.notice).text.endswith("Mine.")


def test_versions_are_compared_word_by_word_and_restored(signed_in_as: SignInAs, desk: Desk) -> None:
    page = page_of(signed_in_as, desk, "Noor Haddad")
    line = first(desk, audience="press", language="en")
    text = notice_text(desk, NUMBER, line.notice)
    post(page, line.notice, "edit", sha256=text.sha256, text=text.text + "\n\nAdded words.")

    shown = page.get(address(line.notice, f"/differences?old={text.version}&new={text.version + 1}")).text
    assert re.search(r"<ins>[^<]*Added[^<]*</ins>", shown)
    assert post(page, line.notice, "restore", version=str(text.version)) == 303
    assert notice_text(desk, NUMBER, line.notice).text == text.text


def test_a_text_is_held_released_and_sent_back_with_reasons(signed_in_as: SignInAs, desk: Desk) -> None:
    page = page_of(signed_in_as, desk, "Lea Martin")
    line = first(desk, audience="authority", language="en")

    assert post(page, line.notice, "hold", reason=" ") == 422
    assert post(page, line.notice, "hold", reason="counsel reads it") == 303
    assert "counsel reads it" in page.get(address(line.notice)).text
    assert post(page, line.notice, "release") == 303
    assert post(page, line.notice, "reject", reason="too long") == 303
    kinds = [entry.kind for entry in timeline(desk, NUMBER)][-3:]
    assert kinds == ["notice.held", "notice.released", "notice.rejected"]


@pytest.mark.parametrize("form", ["text", "html", "docx", "pdf", "json", "sheet"])
def test_a_text_is_downloaded_in_every_format(signed_in_as: SignInAs, desk: Desk, form: str) -> None:
    page = page_of(signed_in_as, desk, "Lea Martin")
    line = first(desk, audience="authority", language="en")

    answer = page.get(address(line.notice, f"/file/{form}"))

    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    content = "\n".join(p.text for p in Docx(BytesIO(answer.content)).paragraphs) if form == "docx" else answer.text
    assert form == "pdf" or "31,400" in content or "31400" in content
    assert form != "pdf" or answer.content.startswith(b"%PDF")


def test_who_may_only_see_changes_nothing_and_who_may_not_know_learns_nothing(
    signed_in_as: SignInAs, desk: Desk
) -> None:
    care = signed_in_as("Mei Chen", PersonRole.CUSTOMER_CARE)
    line = first(desk, audience="authority", language="en")
    assert care.get(address(line.notice)).status_code == 404
    add_to_incident(desk, NUMBER, "Mei Chen", by="Lea Martin")
    shown = care.get(address(line.notice)).text
    for act in ("edit", "approve", "reject", "hold", "release", "restore", "correction"):
        form = {"csrf": csrf(shown), "sha256": line.sha256, "text": "x", "reason": "x", "version": "1"}
        assert care.post(address(line.notice, f"/{act}"), data=form).status_code == 403
    assert 'name="text"' not in shown
    assert care.post(address(line.notice, "/release"), data={}).status_code == 403


def test_a_text_that_is_not_there_and_a_format_that_is_none_are_told_in_one_line(
    signed_in_as: SignInAs, desk: Desk
) -> None:
    page = page_of(signed_in_as, desk, "Lea Martin")

    assert page.get(address(99_999)).status_code == 422
    assert "there are text, html" in unescape(page.get(address(1, "/file/odt")).text)
