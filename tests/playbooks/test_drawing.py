from playbooks.drawing import graph
from playbooks.playbook import load_playbooks, read_playbook


def test_a_step_is_drawn_with_what_it_waits_for_and_who_signs() -> None:
    drawn = graph(load_playbooks()["ransomware"])

    assert "● open_negotiation  Open contact with the attacker through a negotiator  (legal)" in drawn
    assert "├ if decide_on_ransom is negotiate" in drawn
    assert "├ signed by 2 of executive, legal, commander" in drawn
    assert "├ answers refuse | negotiate" in drawn


def test_failure_paths_and_undoing_are_drawn() -> None:
    drawn = graph(load_playbooks()["exfiltration"])

    assert "├ if block_path failed" in drawn
    assert "├ if hold_marketing must be undone" in drawn


def test_it_is_drawn_in_chinese_too() -> None:
    assert "● review  召开事后复盘" in graph(load_playbooks()["ransomware"], "zh")


def test_times_and_stand_ins_are_drawn() -> None:
    given = (
        b"name: badge\ntitle: {en: Badge}\napplies: {not: {always: true}}\nsteps:\n"
        b"  - {key: walk, phase: contain, title: {en: Walk}, role: responder, task: Walk., within: 1 hour, "
        b"stand_in: commander, limit: 6 hours}\n"
    )

    drawn = graph(read_playbook("badge.yaml", given))

    assert "never by itself, only as a part of others" in drawn
    assert "├ within 1 hour, then commander stands in" in drawn
    assert "└ given up after 6 hours" in drawn
