import re
import subprocess
import sys
from pathlib import Path

import pytest

from models.errors import BadInputError
from models.report import Report
from playbooks.playbook import BUILT_IN, choose, load_playbooks, playbook_of, read_playbook

HEAD = """name: trial
title: {en: Trial}
applies: {kind: ransomware}
steps:
"""
LOGS = "  - {key: logs, phase: preserve, title: {en: Logs}, role: responder, task: Export, evidence: [logs], preserves: true}\n"


def refusal(steps: str, head: str = HEAD) -> str:
    with pytest.raises(BadInputError) as caught:
        read_playbook("trial.yaml", (head + steps).encode())
    return str(caught.value)


def task(key: str, more: str = "") -> str:
    return f"  - {{key: {key}, phase: contain, title: {{en: T}}, role: responder, task: Do it{', ' if more else ''}{more}}}\n"


def action(key: str, name: str, inputs: str, more: str = "") -> str:
    return f"  - {{key: {key}, phase: contain, title: {{en: T}}, action: {name}, with: {inputs}{', ' if more else ''}{more}}}\n"


@pytest.mark.parametrize(
    ("steps", "line", "says"),
    [
        (
            task("a", "needs: [b]") + task("b", "needs: [c]") + task("c", "needs: [a]"),
            5,
            "a cycle: a needs b needs c needs a",
        ),
        (task("a", "needs: [a]"), 5, "a names itself in `needs`"),
        (task("isolate") + task("b", "needs: [isolat]"), 6, "no step is called 'isolat'; did you mean 'isolate'?"),
        (task("a") + task("b", "when: {step: {key: aa}}"), 6, "no step is called 'aa'; did you mean 'a'?"),
        (task("a", "when: {step: {key: a}}"), 5, "it cannot ask about itself"),
        (
            task("a") + task("b", "when: {step: {key: a, outcome: dome}}"),
            6,
            "never comes out as 'dome'; did you mean 'done'?",
        ),
        (
            task("a", "answers: [pay, refuse]") + task("b", "when: {step: {key: a, outcome: refus}}"),
            6,
            "did you mean 'refuse'?",
        ),
        (task("a") + task("b", "when: {step: {key: a, outcome: failed}}"), 6, "never comes out as 'failed'"),
        (task("a", "when: {knd: ransomware}"), 5, "unknown condition 'knd'; did you mean 'kind'?"),
        (task("a", "when: {kind: ransomwear}"), 5, "did you mean 'ransomware'?"),
        (action("a", "send_male", "{}"), 5, "unknown action 'send_male'; did you mean 'send_mail'?"),
        (action("a", "send_mail", "{to: 'setting:x', subject: S}"), 5, "send_mail: text is missing"),
        (action("a", "send_mail", "{to: a@example.org, subject: S, text: T}"), 5, "write setting:NAME or role:NAME"),
        (
            action("a", "send_mail", "{to: 'role:lgal', subject: S, text: T}"),
            5,
            "unknown role 'lgal'; did you mean 'legal'?",
        ),
        (action("a", "call_webhook", "{event: E, url: 'https://x'}"), 5, "unknown key 'url'"),
        (action("a", "post_to_slack", "{text: 'Dear {name}'}"), 5, "unknown placeholder {name}"),
        (action("a", "post_to_slack", "{text: '{number.real}'}"), 5, "unknown placeholder {number.real}"),
        (action("a", "wait_for_fact", "{condition: {step: {key: a}}}"), 5, "unknown condition 'step'"),
        (task("a", "role: legl").replace("role: responder, ", ""), 5, "unknown word 'legl'; did you mean 'legal'?"),
        (task("a", "destroys: true"), 5, "a destroys evidence, but no step with `preserves: true`"),
        (LOGS + task("a", "destroys: true"), 6, "a destroys evidence"),
        (task("a", "preserves: true"), 5, "a preserves but records nothing"),
        (task("a") + task("a"), 6, "two steps are called 'a'"),
        (task("a", "approval: {roles: [legal, pr], needed: 3}"), 5, "3 signatures from 2 roles can never be had"),
        (task("a", "approval: {roles: [legal, legal], needed: 2}"), 5, "a role stands twice"),
        (task("a", "within: soon"), 5, "'soon' is not a period; write it such as 30 minutes"),
        (task("a", "within: 30"), 5, "30 is not a period"),
        (task("a", "on_failure: cotinue"), 5, "unknown word 'cotinue'; did you mean 'continue'?"),
        (task("a", "on_failure: 'step:b'"), 5, "no step is called 'b'"),
        (task("a", "on_failure: 'step:b'") + task("b", "on_failure: 'step:a'"), 5, "a cycle"),
        (task("a", "on_failure: 'step:h'") + task("d", "needs: [a]") + task("h", "needs: [d]"), 6, "a cycle"),
        (
            task("a", "compensate: u") + task("u") + task("b", "nees: [a]"),
            7,
            "unknown key 'steps.2.nees'; did you mean 'needs'?",
        ),
        (
            action("a", "record_evidence", "{name: N}", "retry: {attempts: 21, delay: 1 minute}"),
            5,
            "less than or equal to 20",
        ),
        (action("a", "record_evidence", "{name: N}", "retry: {attempts: forever, delay: 1 minute}"), 5, "attempts"),
        (
            action("a", "record_evidence", "{name: N}", "retry: {attempts: 9, delay: 1 day, factor: 2}"),
            5,
            "more than 7 days",
        ),
        (task("a", "retry: {attempts: 2, delay: 1 minute}"), 5, "`retry` does not fit a step with `task`"),
        (task("a", "action: send_mail"), 5, "a step has one of `task`, `action` and `playbook`, not task and action"),
        (task("a").replace("role: responder, ", ""), 5, "nobody is named for the task"),
        (task("a", "evidence: []"), 5, "write `required`, or a list"),
        (task("a", "answers: ['yes']"), 5, "at least two"),
        (task("A"), 5, "'A' is not a key"),
        (task("a/b"), 5, "a slash is kept for the steps of a sub-playbook"),
        (task("a", "key: b"), 5, "the key 'key' stands twice"),
        (task("a").replace("title: {en: T}", "title: {zh: 甲}"), 5, "the English words are missing"),
    ],
)
def test_what_cannot_run_is_refused_on_loading_with_its_line(steps: str, line: int, says: str) -> None:
    message = refusal(steps)

    assert message.startswith(f"trial.yaml:{line}: ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("head", "line", "says"),
    [
        (HEAD.replace("kind: ransomware", "kin: ransomware"), 3, "unknown condition 'kin'; did you mean 'kind'?"),
        (HEAD.replace("name: trial", "name: other"), 1, "the file is called trial.yaml but the playbook 'other'"),
        (
            HEAD.replace("steps", "notices: {hold: {press: [press]}}\nsteps"),
            4,
            "press would be held until press is told",
        ),
        (HEAD.replace("steps", "notices: {approvals: {pres: {roles: [pr]}}}\nsteps"), 4, "did you mean 'press'?"),
        (HEAD.replace("applies", "sumary: S\napplies"), 3, "unknown key 'sumary'; did you mean 'summary'?"),
    ],
)
def test_a_flaw_outside_the_steps_is_refused_with_its_line(head: str, line: int, says: str) -> None:
    message = refusal(task("a"), head)

    assert message.startswith(f"trial.yaml:{line}: ")
    assert says in message


def test_several_flaws_are_counted() -> None:
    assert refusal(task("a", "needs: [x]") + task("b", "needs: [y]")).endswith("(and 1 more)")


def test_the_order_of_steps_in_the_file_does_not_matter() -> None:
    steps = task("wipe", "destroys: true, needs: [between]") + task("between", "needs: [logs]") + LOGS

    assert [step.key for step in read_playbook("trial.yaml", (HEAD + steps).encode()).steps] == [
        "wipe",
        "between",
        "logs",
    ]


def put(folder: Path, name: str, steps: str, kind: str = "ransomware") -> None:
    text = HEAD.replace("name: trial", f"name: {name}").replace("kind: ransomware", f"kind: {kind}") + steps
    (folder / f"{name}.yaml").write_text(text)


def test_a_folder_of_ones_own_adds_and_replaces_by_name(tmp_path: Path) -> None:
    put(tmp_path, "ransomware", task("only_this"))
    put(tmp_path, "outage", task("restart"), "destruction_or_outage")

    found = load_playbooks(tmp_path)

    assert [step.key for step in found["ransomware"].steps] == ["only_this"]
    assert {"outage", "exfiltration"} <= set(found)


def test_where_several_fit_the_organisations_own_is_chosen(tmp_path: Path) -> None:
    put(tmp_path, "our_ransomware", task("a"))

    chosen = choose(load_playbooks(tmp_path), Report.model_validate({"title": "t", "kind": "ransomware"}))

    assert chosen is not None
    assert chosen.name == "our_ransomware"


def test_a_playbook_that_replaces_ours_counts_as_loaded_last(tmp_path: Path) -> None:
    put(tmp_path, "exfiltration", task("a"), "ransomware")

    chosen = choose(load_playbooks(tmp_path), Report.model_validate({"title": "t", "kind": "ransomware"}))

    assert chosen is not None
    assert chosen.name == "exfiltration"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no such folder of playbooks"):
        load_playbooks(tmp_path / "none")


def test_a_sub_playbook_is_unfolded_in_its_place(tmp_path: Path) -> None:
    put(
        tmp_path,
        "inner",
        task("ask", "on_failure: 'step:call'") + task("call") + task("judge", "when: {step: {key: ask}}"),
    )
    put(
        tmp_path,
        "outer",
        task("first") + inner_step("needs: [first], when: {cause: accidental}") + task("last", "needs: [sub]"),
    )

    steps = {step.key: step for step in load_playbooks(tmp_path)["outer"].steps}

    assert list(steps) == ["first", "sub/ask", "sub/call", "sub/judge", "sub", "last"]
    assert steps["sub/ask"].needs == ("first",)
    assert steps["sub/ask"].on_failure == "step:sub/call"
    assert steps["sub/judge"].when == {"all": [{"cause": "accidental"}, {"step": {"key": "sub/ask"}}]}
    assert steps["sub"].needs == ("first", "sub/ask", "sub/call", "sub/judge")


def inner_step(more: str = "", name: str = "inner") -> str:
    return f"  - {{key: sub, phase: contain, title: {{en: T}}, playbook: {name}{', ' if more else ''}{more}}}\n"


def test_a_playbook_that_contains_itself_is_refused_with_its_line(tmp_path: Path) -> None:
    put(tmp_path, "inner", task("a") + inner_step(name="outer"))
    put(tmp_path, "outer", inner_step())

    with pytest.raises(BadInputError, match=re.escape("inner.yaml:6: sub: inner contains outer contains inner")):
        load_playbooks(tmp_path)


def test_a_sub_playbook_that_is_not_there_is_named_with_the_nearest(tmp_path: Path) -> None:
    put(tmp_path, "outer", inner_step(name="ransomwar"))

    with pytest.raises(
        BadInputError, match=r"outer\.yaml:5: sub: no playbook is called 'ransomwar'; did you mean 'ransomware'"
    ):
        load_playbooks(tmp_path)


def test_a_repetition_inside_a_repetition_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "inner", task("a", "for_each: data"))
    put(tmp_path, "outer", inner_step("for_each: people"))

    with pytest.raises(BadInputError, match=r"outer\.yaml:5: .* a repetition inside a repetition"):
        load_playbooks(tmp_path)


def test_a_kept_body_that_cannot_run_is_refused() -> None:
    body = {"name": "a", "title": {"en": "A"}, "applies": {"always": True}, "steps": []}

    with pytest.raises(BadInputError, match="the playbook kept with the incident: steps"):
        playbook_of(body)


def test_the_example_in_the_readme_is_a_playbook() -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", (BUILT_IN / "README.md").read_text(), re.DOTALL)

    assert len(read_playbook("the example", example.encode()).steps) == 7


def test_reading_playbooks_loads_neither_the_database_nor_the_engine() -> None:
    code = (
        "import sys, playbooks.plan, playbooks.drawing, playbooks.difference; playbooks.plan; "
        "print(sorted({'sqlmodel', 'sqlalchemy', 'prefect', 'typer', 'pycountry', 'httpx'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=BUILT_IN.parent, check=True)

    assert ran.stdout.strip() == "[]"
