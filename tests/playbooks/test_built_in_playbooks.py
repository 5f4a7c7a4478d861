"""Every playbook file that ships, present and future."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.report import Report
from models.vocabulary import Audience, Kind
from playbooks.actions import ACTIONS
from playbooks.drawing import graph
from playbooks.plan import RecordState, StepRecord, StepState, plan
from playbooks.playbook import BUILT_IN, Playbook, body_of, choose, files_in, load_playbooks, playbook_of, read_playbook

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FILES = files_in(BUILT_IN)


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def playbook(request: pytest.FixtureRequest) -> Playbook:
    path: Path = request.param
    return read_playbook(path)


def test_the_five_playbooks_of_the_main_job_are_there() -> None:
    assert set(load_playbooks()) >= {
        "ransomware",
        "exfiltration",
        "lost_or_stolen_device",
        "misdirected_message",
        "third_party",
    }


def test_every_title_and_every_public_word_is_in_english_and_chinese(playbook: Playbook) -> None:
    words = [
        playbook.title,
        *(step.title for step in playbook.steps),
        *(step.says for step in playbook.steps if step.says),
    ]

    assert [found for found in words if not found.get("en") or not found.get("zh")] == []


def test_it_mixes_human_tasks_and_actions_and_tells_the_notices_what_was_done(playbook: Playbook) -> None:
    assert 10 <= len(playbook.steps) <= 18
    assert any(step.task for step in playbook.steps)
    assert any(step.action for step in playbook.steps)
    assert any(step.says for step in playbook.steps)


def test_notices_to_people_and_to_the_press_need_two_signatures_and_the_press_waits(playbook: Playbook) -> None:
    assert playbook.notices.approval_for(Audience.INDIVIDUALS).needed == 2
    assert playbook.notices.approval_for(Audience.PRESS).needed == 2
    assert playbook.notices.held_for(Audience.PRESS).told == (Audience.AUTHORITY, Audience.INDIVIDUALS)


def test_a_body_kept_with_an_incident_gives_the_same_playbook_back(playbook: Playbook) -> None:
    assert playbook_of(body_of(playbook)) == playbook


def test_its_drawing_shows_every_step(playbook: Playbook) -> None:
    drawn = graph(playbook)

    assert [step.key for step in playbook.steps if f"● {step.key} " not in drawn] == []


def test_it_never_destroys_before_something_is_preserved(playbook: Playbook) -> None:
    """With nothing recorded at all, no step that destroys evidence may start, whatever the facts say."""
    for kind in Kind:
        planned = plan(playbook, Report(title="t", kind=kind, people=[]), {}, NOW)
        assert [step.key for step in planned.steps if step.step.destroys and step.state is StepState.READY] == []


@pytest.mark.parametrize(
    "circumstances", [[], ["ransom_demanded", "exfiltration_confirmed"], ["exfiltration_excluded"]]
)
def test_it_can_be_carried_to_its_end(playbook: Playbook, circumstances: list[str]) -> None:
    report = Report.model_validate(
        {
            "title": "t",
            "kind": playbook.applies["kind"]
            if isinstance(playbook.applies["kind"], str)
            else playbook.applies["kind"][0],
            "cause": "malicious_external",
            "people": [{"jurisdiction": "FR", "count": 3800}, {"jurisdiction": "US-CA", "count": 200}],
            "contracts": [{"party": "Acme Ltd"}],
            "circumstances": [*circumstances, "known_recipients"],
        }
    )
    record: dict[str, StepRecord] = {}
    for _ in range(40):
        planned = plan(playbook, report, record, NOW)
        for step in planned.steps:
            if step.state in (StepState.READY, StepState.WAITING_FOR_PERSON, StepState.WAITING_FOR_APPROVAL):
                record[step.key] = done(step.step.possible_answers, step.step.evidence)
            elif step.state is StepState.WAITING_FOR_FACT:
                record[step.key] = StepRecord(RecordState.SKIPPED, outcome="skipped")
        if planned.finished:
            return
    raise AssertionError([(step.key, step.state, step.reason) for step in planned.steps if not step.closed])


def done(answers: tuple[str, ...], evidence: str | tuple[str, ...] | None) -> StepRecord:
    recorded = ("a file",) if evidence == "required" else tuple(evidence or ())
    return StepRecord(RecordState.DONE, answers[-1] if answers else "done", 1, finished_at=NOW, evidence=recorded)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ransomware", "ransomware"),
        ("web_skimming", "exfiltration"),
        ("lost_or_stolen_paper", "lost_or_stolen_device"),
        ("unauthorised_publication", "misdirected_message"),
        ("third_party", "third_party"),
        ("other", None),
        (None, None),
    ],
)
def test_the_facts_choose_the_playbook(kind: str | None, name: str | None) -> None:
    chosen = choose(load_playbooks(), Report.model_validate({"title": "t", "kind": kind}))

    assert (chosen.name if chosen else None) == name


def test_no_kind_of_incident_is_claimed_by_two_of_our_playbooks() -> None:
    ours = load_playbooks().values()

    for kind in Kind:
        assert sum(bool(playbook.applies_to(Report(title="t", kind=kind))) for playbook in ours) <= 1


def test_every_action_is_known_to_the_reader_of_the_readme() -> None:
    readme = (BUILT_IN / "README.md").read_text()

    assert [name for name in ACTIONS if f"| `{name}` |" not in readme] == []
