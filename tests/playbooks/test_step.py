from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter

from models.errors import BadInputError
from playbooks.period import Period
from playbooks.step import Approval, Retry, Step

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("roles", "needed", "given", "open_roles"),
    [
        (["legal"], 1, [], ["legal"]),
        (["legal"], 1, [("legal", "li")], []),
        (["legal"], 1, [("pr", "li")], ["legal"]),
        (["legal", "pr"], 1, [("pr", "pat")], []),
        (["legal", "pr"], 2, [("pr", "pat")], ["legal"]),
        (["legal", "pr"], 2, [("legal", "li"), ("pr", "li")], ["pr"]),
        (["legal", "pr"], 2, [("legal", "li"), ("legal", "lo")], ["pr"]),
        (["legal", "pr"], 2, [("legal", "li"), ("pr", "li"), ("legal", "lo")], []),
        (["legal", "pr", "executive"], 2, [("executive", "eva"), ("pr", "pat")], []),
    ],
)
def test_a_gate_is_met_by_enough_roles_each_signed_by_another_person(
    roles: list[str], needed: int, given: list[tuple[str, str]], open_roles: list[str]
) -> None:
    gate = Approval.model_validate({"roles": roles, "needed": needed})

    assert list(gate.still_open(given)) == open_roles


def test_waits_grow_by_the_factor_and_are_spread_by_at_most_the_jitter() -> None:
    retry = Retry.model_validate({"attempts": 5, "delay": "1 minute", "factor": 2, "jitter": 0.5})
    seeds = [f"INC-2026-{number:04d}:a" for number in range(200)]

    waits = {retry.next_try_at(NOW, 3, seed) - NOW for seed in seeds}

    assert timedelta(minutes=4) <= min(waits) < max(waits) <= timedelta(minutes=6)
    assert len(waits) > 190
    assert retry.next_try_at(NOW, 3, seeds[0]) == retry.next_try_at(NOW, 3, seeds[0])


@pytest.mark.parametrize(
    ("text", "period"),
    [("30 minutes", timedelta(minutes=30)), ("1 hour", timedelta(hours=1)), ("2 days", timedelta(days=2))],
)
def test_a_period_is_read_and_written_alike(text: str, period: timedelta) -> None:
    adapter: TypeAdapter[timedelta] = TypeAdapter(Period)

    assert adapter.validate_python(text) == period
    assert adapter.dump_json(period) == f'"{text}"'.encode()


@pytest.mark.parametrize("text", ["0 minutes", "366 days", "half an hour", "PT4H", "-1 hours", "4", "99999999999 days"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"period|between"):
        TypeAdapter(Period).validate_python(text)


def test_an_answer_that_is_not_asked_for_is_refused_with_the_nearest() -> None:
    step = Step.model_validate(
        {
            "key": "a",
            "phase": "triage",
            "title": {"en": "A"},
            "role": "legal",
            "task": "T",
            "answers": ["pay", "refuse"],
        }
    )

    assert step.accepted("refuse") == "refuse"
    with pytest.raises(BadInputError, match="did you mean 'refuse'"):
        step.accepted("refused")
    with pytest.raises(BadInputError, match="not one of its answers"):
        step.accepted(None)


def test_a_step_without_answers_is_simply_done() -> None:
    step = Step.model_validate({"key": "a", "phase": "triage", "title": {"en": "A"}, "role": "legal", "task": "T"})

    assert step.accepted(None) == "done"
