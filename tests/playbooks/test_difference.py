from playbooks.difference import diff
from playbooks.playbook import load_playbooks, playbook_of


def changed(**of_isolate: object) -> list[str]:
    old = load_playbooks()["ransomware"]
    steps = [step.model_copy(update=of_isolate) if step.key == "isolate_hosts" else step for step in old.steps]
    return diff(old, old.model_copy(update={"steps": tuple(steps)}))


def test_a_playbook_does_not_differ_from_itself() -> None:
    assert changed() == []


def test_a_changed_step_is_shown_with_what_it_was() -> None:
    old = load_playbooks()["ransomware"].step("export_logs")

    assert changed(within=old.within) == ["step isolate_hosts: within was '2 hours', now '4 hours'"]
    assert changed(within=None) == ["step isolate_hosts: within is no longer '2 hours'"]
    assert changed(destroys=True) == ["step isolate_hosts: destroys is now yes"]


def test_steps_gained_lost_and_moved_are_named() -> None:
    old = load_playbooks()["ransomware"]
    shorter = old.model_copy(update={"steps": old.steps[:-1]})
    turned = old.model_copy(update={"steps": old.steps[::-1]})

    assert diff(old, shorter) == ["step review is gone: Hold the review"]
    assert diff(shorter, old) == ["step review is new: Hold the review"]
    assert diff(old, turned) == ["the steps are listed in another order"]


def test_a_changed_signature_rule_is_shown() -> None:
    old = load_playbooks()["ransomware"]
    body = {
        "name": old.name,
        "title": old.title,
        "applies": old.applies,
        "summary": old.summary,
        "notices": {**old.notices.model_dump(mode="json"), "otherwise": {"roles": ["executive"], "needed": 1}},
        "steps": [step.model_dump(mode="json", by_alias=True, exclude_defaults=True) for step in old.steps],
    }

    assert diff(old, playbook_of(body)) == ["notices.otherwise.roles[0] is now executive"]
