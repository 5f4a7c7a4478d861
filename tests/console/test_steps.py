import hashlib
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from console.upload import own_name
from flows.acts.contain import ready_steps
from flows.acts.evaluate import evaluate
from flows.acts.membership import add_to_incident
from flows.acts.playbook import start_playbook
from flows.acts.report import open_incident
from flows.acts.step_list import StepLine, step_list
from flows.acts.work import finish_step, skip_step
from flows.desk import Desk
from models.report import read_report
from models.store import reading
from models.tables import Approval, Evidence, LedgerEntry
from models.vocabulary import PersonRole
from tests.conftest import DEMO
from tests.console.conftest import SignInAs, csrf


@pytest.fixture
def sam(signed_in_as: SignInAs) -> TestClient:
    """A browser in which whoever leads is signed in."""
    return signed_in_as("Sam Okoro", PersonRole.COMMANDER)


@pytest.fixture
def number(desk: Desk, sam: TestClient) -> str:
    """An incident whose playbook has begun."""
    number = open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by="Sam Okoro")
    evaluate(desk, number)
    start_playbook(desk, number)
    ready_steps(desk, number)
    return number


def first(desk: Desk, number: str, *, evidence: bool) -> StepLine:
    """The first step that waits for a person, with or without evidence to record."""
    waiting = [step for step in step_list(desk, number) if step.state == "waiting_for_person"]
    return next(step for step in waiting if bool(step.missing_evidence) is evidence)


def stands(desk: Desk, number: str, key: str) -> StepLine:
    """The step as it stands now."""
    return next(step for step in step_list(desk, number) if step.key == key)


NO_FILE: dict[str, tuple[str | None, bytes]] = {"other": (None, b"x")}


def form(token: str, step: str, **more: str) -> dict[str, str]:
    """A filled form about one step."""
    return {"csrf": token, "step": step, **more}


def test_a_step_is_done_assigned_and_skipped_in_the_viewers_name(desk: Desk, sam: TestClient, number: str) -> None:
    step = first(desk, number, evidence=False)
    url, token = f"/incidents/{number}/steps", csrf(sam.get(f"/incidents/{number}/steps").text)

    sam.post(url, data=form(token, step.key, act="assign", to="Sam Okoro"))
    assert stands(desk, number, step.key).assigned_to == "Sam Okoro"
    outcome = step.answers[0] if step.answers else ""
    sent = sam.post(url, data=form(token, step.key, act="done", words="two <b>servers</b>", outcome=outcome))
    assert sent.status_code == 303
    done = stands(desk, number, step.key)
    assert (done.state, done.done_by, done.note) == ("done", "Sam Okoro", "two <b>servers</b>")
    other = first(desk, number, evidence=True)
    assert sam.post(url, data=form(token, other.key, act="skip", words=" ")).status_code == 422
    sam.post(url, data=form(token, other.key, act="skip", words="the host is gone"))
    assert stands(desk, number, other.key).state == "skipped"
    shown = sam.get(url).text
    assert "two &lt;b&gt;servers" in shown
    assert "the host is gone" in shown


def test_a_step_that_needs_evidence_is_not_done_before_it_is_kept(desk: Desk, sam: TestClient, number: str) -> None:
    step = first(desk, number, evidence=True)
    page = sam.get(f"/incidents/{number}/steps").text
    token = csrf(page)
    content = bytes(range(256)) * 40_000
    done = form(token, step.key, act="done", outcome=step.answers[0] if step.answers else "")

    refused = sam.post(f"/incidents/{number}/steps", data=done)
    kept = sam.post(
        f"/incidents/{number}/evidence",
        data=form(token, step.key, name=step.missing_evidence[0].replace("evidence", "disk image")),
        files={"file": ("../../etc/passwd", content)},
    )

    assert refused.status_code == 403
    assert "needs evidence" in refused.text
    assert kept.status_code == 303, kept.text
    [piece] = stands(desk, number, step.key).evidence
    assert (piece.size, piece.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert piece.recorded_by == "Sam Okoro"
    assert piece.sha256 in sam.get(f"/incidents/{number}/steps").text
    folder = desk.settings.home / "evidence" / number
    assert [file.name for file in folder.iterdir()] == [piece.sha256]
    assert (folder / piece.sha256).read_bytes() == content


@pytest.mark.parametrize(
    ("fields", "files", "status"),
    [
        ({"csrf": "made up"}, {"file": ("a.log", b"x")}, 403),
        ({}, {}, 422),
        ({"step": "no_such_step"}, {"file": ("a.log", b"x")}, 422),
        ({}, {"file": ("", b"")}, 422),
        ({"name": "x" * 20_000}, {"file": ("a.log", b"x")}, 422),
    ],
    ids=["forged", "no file", "no such step", "no name", "endless field"],
)
def test_what_is_no_evidence_is_refused_and_leaves_nothing(
    desk: Desk,
    sam: TestClient,
    number: str,
    fields: dict[str, str],
    files: dict[str, tuple[str | None, bytes]],
    status: int,
) -> None:
    step = first(desk, number, evidence=True)
    token = csrf(sam.get(f"/incidents/{number}/steps").text)
    data = {**form(token, step.key), **fields}

    sent = sam.post(f"/incidents/{number}/evidence", data=data, files=files or NO_FILE)

    assert sent.status_code == status, sent.text
    with reading(desk.engine) as session:
        assert session.exec(select(Evidence)).all() == []
    assert left_in(desk.settings.home / "evidence" / number) == []


def left_in(folder: Path) -> list[Path]:
    """What lies in a folder, if there is one."""
    return list(folder.iterdir()) if folder.exists() else []


def test_what_would_fill_the_disk_is_refused_before_it_is_read(sam: TestClient, number: str) -> None:
    page = sam.get(f"/incidents/{number}/steps").text

    def never_ending() -> Iterator[bytes]:
        yield (
            f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{csrf(page)}\r\n'
            '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        ).encode()
        yield b"x" * 70_000

    headers = {"content-type": "multipart/form-data; boundary=b", "content-length": str(10**16)}
    sent = sam.post(f"/incidents/{number}/evidence", content=never_ending(), headers=headers)

    assert sent.status_code == 413
    assert "more than there is room for" in sent.text


def test_who_signs_a_step_signs_it_as_it_was_worded(desk: Desk, sam: TestClient, number: str) -> None:
    for key in ("tell_insurer", "report_to_police", "protect_backups"):
        skip_step(desk, number, key, by="Sam Okoro", reason="to get on")
    finish_step(desk, number, "decide_on_ransom", by="Sam Okoro", outcome="negotiate")
    url, page = f"/incidents/{number}/steps", sam.get(f"/incidents/{number}/steps").text
    wording = stands(desk, number, "open_negotiation").sha256

    stale = sam.post(url, data=form(csrf(page), "open_negotiation", act="approve", sha256="0" * 64))
    signed = sam.post(url, data=form(csrf(page), "open_negotiation", act="approve", sha256=wording))

    assert f'name="sha256" value="{wording}"' in page
    assert stale.status_code == 403
    assert "not worded as you read it" in unescape(stale.text)
    assert signed.status_code == 303
    with reading(desk.engine) as session:
        approval = session.exec(select(Approval)).one()
    assert (approval.person, approval.sha256) == ("Sam Okoro", wording)


def test_an_auditor_sees_the_steps_and_does_none(desk: Desk, signed_in_as: SignInAs, number: str) -> None:
    page = signed_in_as("Ines Roth", PersonRole.AUDITOR)
    add_to_incident(desk, number, "Ines Roth", by="Sam Okoro")
    shown = page.get(f"/incidents/{number}/steps")
    step = first(desk, number, evidence=False)

    assert shown.status_code == 200
    assert 'value="done"' not in shown.text
    sent = page.post(f"/incidents/{number}/steps", data=form(csrf(shown.text), step.key, act="done"))
    assert sent.status_code == 403
    with reading(desk.engine) as session:
        assert session.exec(select(LedgerEntry).where(LedgerEntry.kind == "step.done")).all() == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\logs\\a.log", "a.log"),
        ("a\r\nb", "a  b"),
        ("x" * 300, "x" * 200),
        ("/", ""),
    ],
)
def test_a_file_is_called_by_its_own_name_alone(given: str, kept: str) -> None:
    assert own_name(given) == kept
