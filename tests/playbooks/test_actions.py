import pytest

from playbooks.actions import ACTIONS, CallWebhook, PostToSlack, WaitForFact, filled


def test_every_action_of_the_main_job_is_registered() -> None:
    assert set(ACTIONS) >= {
        "call_webhook",
        "open_ticket",
        "post_to_slack",
        "send_mail",
        "ask_person",
        "record_evidence",
        "wait_for_fact",
        "hold_marketing_sends",
    }


def test_only_recording_evidence_and_waiting_stay_inside() -> None:
    assert {name for name, spec in ACTIONS.items() if not spec.effect} == {
        "record_evidence",
        "wait_for_fact",
        "wait_for_event",
    }


def test_placeholders_are_filled_wherever_a_text_stands() -> None:
    values = {"number": "INC-2026-0042", "item": "A {brace} Ltd", "step": "tell"}

    assert filled(PostToSlack(text="{number}: {item}"), values).text == "INC-2026-0042: A {brace} Ltd"
    assert filled(CallWebhook(event="e", body={"reference": "{number}"}), values).body == {"reference": "INC-2026-0042"}
    assert filled(WaitForFact(condition={"kind": "other"}), values).condition == {"kind": "other"}


@pytest.mark.parametrize(
    "to", ["https://example.org/hook?token=1", "setting:", "setting:Has-Dash", "xoxb-1-2", "role:legal"]
)
def test_a_target_that_is_not_the_name_of_a_setting_is_refused(to: str) -> None:
    with pytest.raises(ValueError, match="setting:NAME"):
        CallWebhook(to=to, event="e")
