"""A drill as a stranger runs it: seventy-two hours in seconds, and nothing of it among what is real."""

from pathlib import Path

import pytest

from playbooks.playbook import load_playbooks
from tests.conftest import DEMO
from tests.tocsin.conftest import Tocsin

FIRST = str(DEMO / "first_facts.yaml")


def came_out(drill: dict[str, list[dict[str, str]]], provision: str) -> str:
    return next(duty["came_out"] for duty in drill["duties"] if duty["provision"] == provision)


def test_72_hours_in_which_everybody_answers_meet_what_can_be_signed(tocsin: Tocsin) -> None:
    said = tocsin("drill", "ransomware", "--json")

    drill = said.json
    assert drill["hours"] == 72
    assert drill["rehearsal"] is True
    assert came_out(drill, "eu-gdpr-33") == "met"
    kinds = [event["kind"] for event in drill["timeline"]]
    assert {"step.done", "notice.approved", "delivery.sent", "duty.met"} <= set(kinds)
    moments = [event["at"] for event in drill["timeline"]]
    assert moments == sorted(moments)


def test_a_role_in_which_nobody_answers_costs_a_limit_and_every_rung_says_so_in_time(tocsin: Tocsin) -> None:
    said = tocsin("drill", "ransomware", "--absent", "legal", "--json")

    assert said.status == 1
    assert came_out(said.json, "eu-gdpr-33") == "missed"
    rungs = [event["words"] for event in said.json["timeline"] if event["kind"] == "alert.fired"]
    of_gdpr = [words.partition(": ")[2] for words in rungs if "eu-gdpr-33 (initial)" in words]
    for rung in (
        "half the time left",
        "not acknowledged: half the time left",
        "a quarter of the time left",
        "the limit",
    ):
        assert any(words.startswith(rung) for words in of_gdpr), rung
    assert [event for event in said.json["timeline"] if event["kind"] == "alert.missed"] == []


def test_an_overdue_step_falls_to_its_stand_in(tocsin: Tocsin) -> None:
    said = tocsin("drill", "ransomware", "--absent", "commander", "--hours", "2", "--json")

    steps = [event for event in said.json["timeline"] if "Move the response to channels" in event["words"]]
    assert [event["kind"] for event in steps] == ["step.waiting", "step.overdue", "step.done"]
    assert steps[-1]["by"] == "Executive (rehearsed)"


def test_facts_found_on_the_way_are_added_when_they_are_found(tocsin: Tocsin, tmp_path: Path) -> None:
    file = tmp_path / "found.yaml"
    file.write_text("circumstances: [ransom_demanded, exfiltration_confirmed]")

    said = tocsin(
        "drill", "ransomware", "--add", f"5:{file}", "--answer", "decide_on_ransom=negotiate", "--hours", "40", "--json"
    )

    kinds = [event["kind"] for event in said.json["timeline"]]
    assert kinds.count("facts.added") == 1
    words = [event["words"] for event in said.json["timeline"]]
    assert any(text.startswith("Step approved as") and "negotiator" in text for text in words)


def test_nothing_leaves_and_nothing_is_kept_among_what_is_real(
    tocsin: Tocsin, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_SMTP_HOST", "mail.example")
    monkeypatch.setenv("TOCSIN_SMTP_SENDER", "breach@example.org")
    monkeypatch.setenv("TOCSIN_WEBHOOK_URL", "https://hooks.example/tocsin")
    tocsin("report", FIRST)

    said = tocsin("drill", "ransomware", "--hours", "3", "--json")

    assert {
        event["words"].rpartition(" by ")[2] for event in said.json["timeline"] if event["kind"] == "delivery.sent"
    } == {"outbox"}
    assert Path(said.json["home"]).parent == home / "drills"
    assert [row["number"] for row in tocsin("status", "--json").json] == ["INC-2026-0001"]
    assert not (home / "outbox").exists()


@pytest.mark.parametrize("name", load_playbooks())
def test_every_playbook_can_be_rehearsed(tocsin: Tocsin, name: str) -> None:
    said = tocsin("drill", name, "--hours", "1")

    assert said.status in (0, 1)
    assert said.err == ""
    assert f"Playbook {name} started" in said.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ransomwar",), "did you mean 'ransomware'"),
        (("ransomware", "--add", "soon:x.yaml"), "'soon' is no number of hours"),
        (("ransomware", "--answer", "refuse"), "write --answer STEP=ANSWER"),
        (("ransomware", "--absent", "lawyer"), "lawyer"),
    ],
)
def test_what_cannot_be_rehearsed_is_said_in_one_line(tocsin: Tocsin, arguments: tuple[str, ...], says: str) -> None:
    said = tocsin("drill", *arguments)

    assert said.status == 2
    assert says in said.err
    assert said.err.count("\n") == 1
