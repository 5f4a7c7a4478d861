"""One step of a playbook: who does what, after which other steps, within what time, and what if it fails."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from models.document import nearest
from models.errors import BadInputError
from models.vocabulary import PersonRole
from playbooks.actions import ACTIONS, Answer, AskPerson, Inputs
from playbooks.period import Period
from playbooks.situation import RawCondition

MOST_ATTEMPTS = 20
LONGEST_RETRYING = timedelta(days=7)
LONGEST_ATTEMPT = timedelta(minutes=5)
WAITS = ("wait_for_fact", "wait_for_event", "ask_person")


class Part(BaseModel):
    """Base of every part of a playbook: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Phase(StrEnum):
    """Where in the response a step belongs, first to last (NIST SP 800-61, ISO/IEC 27035)."""

    TRIAGE = "triage"
    PRESERVE = "preserve"
    CONTAIN = "contain"
    ERADICATE = "eradicate"
    RECOVER = "recover"
    COMMUNICATE = "communicate"
    REVIEW = "review"


def _step_key(key: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)*", key):
        raise ValueError(f"{key!r} is not a key; write it in lower case with _, such as isolate_hosts")
    return key


def _in_english_too(words: dict[str, str]) -> dict[str, str]:
    if "en" not in words:
        raise ValueError("the English words are missing; add `en`")
    return words


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=3000)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Words = Annotated[dict[Language, Text], AfterValidator(_in_english_too)]
StepKey = Annotated[str, AfterValidator(_step_key)]


def in_language(words: dict[str, str], language: str) -> str:
    """The words in a language, or in its main form (`zh` for `zh-HK`), or in English."""
    return words.get(language) or words.get(language.split("-")[0]) or words["en"]


class Approval(Part):
    """A gate: `needed` of the roles must sign, each by a different person."""

    roles: Annotated[tuple[PersonRole, ...], Field(min_length=1)]
    needed: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if len(set(self.roles)) < len(self.roles):
            raise ValueError("a role stands twice; name each once")
        if self.needed > len(self.roles):
            raise ValueError(
                f"{self.needed} signatures from {len(self.roles)} roles can never be had; name more roles or ask for fewer"
            )
        return self

    def still_open(self, given: Iterable[tuple[str, str]]) -> tuple[PersonRole, ...]:
        """The roles of which somebody may still sign, given who signed as what; empty once enough have."""
        signers: dict[str, list[str]] = {}
        for role, person in dict.fromkeys(given):
            signers.setdefault(role, []).append(person)
        seats: dict[str, PersonRole] = {}  # by person
        signed = {role for role in self.roles if _seated(role, signers, seats, set())}
        return () if len(signed) >= self.needed else tuple(role for role in self.roles if role not in signed)


def _seated(role: PersonRole, signers: dict[str, list[str]], seats: dict[str, PersonRole], tried: set[str]) -> bool:
    """Find a person for the role, moving one who could also stand for another; nobody counts twice."""
    for person in signers.get(role, ()):
        if person in tried:
            continue
        tried.add(person)
        if person not in seats or _seated(seats[person], signers, seats, tried):
            seats[person] = role
            return True
    return False


class Retry(Part):
    """How often to try, and how long to wait in between: `delay`, times `factor` each time, spread by `jitter`."""

    attempts: Annotated[int, Field(ge=2, le=MOST_ATTEMPTS)]
    delay: Period
    factor: Annotated[float, Field(ge=1, le=10)] = 1.0
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _ends(self) -> Self:
        waits = sum(self.delay.total_seconds() * self.factor**turn for turn in range(self.attempts - 1))
        if waits * (1 + self.jitter) > LONGEST_RETRYING.total_seconds():
            raise ValueError(
                f"trying again would go on for more than {LONGEST_RETRYING.days} days; lower `attempts`, `delay` or `factor`"
            )
        return self

    def next_try_at(self, failed_at: datetime, attempts: int, seed: str) -> datetime:
        """When to try again after `attempts` tries; `seed` (incident and step) spreads the waits, always alike."""
        spread = int.from_bytes(sha256(f"{seed}:{attempts}".encode()).digest()[:4], "big") / 2**32
        return failed_at + self.delay * (self.factor ** (attempts - 1) * (1 + self.jitter * spread))


def _failure_rule(value: str) -> str:
    if value not in ("stop", "continue", "ask") and not re.fullmatch(r"step:\S+", value):
        raise ValueError(f"unknown word {value!r}{nearest(value, ['stop', 'continue', 'ask', 'step:KEY'])}")
    return value


def _evidence(value: object) -> object:
    if value == "required":
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(name, str) and name for name in value):
        return tuple(value)
    raise ValueError("write `required`, or a list with the names of what must be recorded")


class Step(Part):
    """One step: a human `task`, an `action`, or a whole `playbook`."""

    key: StepKey
    phase: Phase
    title: Words
    role: PersonRole | None = None
    stand_in: PersonRole | None = None
    task: Text | None = None
    answers: tuple[Answer, ...] = ()
    action: str | None = None
    inputs: dict[str, Any] = Field({}, alias="with")  # Any: the action named has its own model for them
    playbook: str | None = None
    needs: tuple[StepKey, ...] = ()
    when: RawCondition | None = None
    for_each: Literal["people", "data", "contracts"] | None = None
    within: Period | None = None
    limit: Period | None = None
    retry: Retry | None = None
    on_failure: Annotated[str, AfterValidator(_failure_rule)] = "ask"
    evidence: Annotated[Literal["required"] | tuple[str, ...], BeforeValidator(_evidence)] | None = None
    preserves: bool = False
    destroys: bool = False
    approval: Approval | None = None
    says: Words | None = None
    compensate: StepKey | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [name for name in ("task", "action", "playbook") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a step has one of `task`, `action` and `playbook`, not {' and '.join(given) or 'none'}")
        [kind] = given
        for name, fitting in FITTING.items():
            if kind not in fitting and getattr(self, name):
                raise ValueError(
                    f"`{name if name != 'inputs' else 'with'}` does not fit a step with `{kind}`; remove it"
                )
        if kind == "task" and self.role is None:
            raise ValueError("nobody is named for the task; add `role`")
        if len(self.answers) == 1 or len(set(self.answers)) < len(self.answers):
            raise ValueError("`answers` needs at least two different ones")
        return self

    @property
    def handler(self) -> str | None:
        """The key of the step that takes over when this one fails, if it names one."""
        return self.on_failure.removeprefix("step:") if self.on_failure.startswith("step:") else None

    @property
    def attempt_limit(self) -> timedelta:
        """How long one attempt of its action may take before it is ended and counts as failed."""
        return self.limit if self.limit and self.action not in WAITS else LONGEST_ATTEMPT

    @property
    def wait_limit(self) -> timedelta | None:
        """How long it waits for a person, a fact or an event before it counts as failed; None: for ever."""
        return self.limit if self.task or self.action in WAITS else None

    @property
    def goes_on_after_failure(self) -> bool:
        """Whether what needs this step may go on although it failed."""
        return self.on_failure == "continue" or self.handler is not None

    @property
    def possible_answers(self) -> tuple[str, ...]:
        """What whoever does it may answer; empty where "done" is all there is to say."""
        if self.action == "ask_person":
            return AskPerson.model_validate(self.inputs).answers
        return self.answers

    @property
    def possible_outcomes(self) -> tuple[str, ...]:
        """Every outcome that another step may ask about."""
        failed = ("failed",) if self.goes_on_after_failure else ()
        mixed = ("mixed",) if self.for_each else ()
        return (*self.possible_answers, "done", *failed, "skipped", "refused", "not_needed", *mixed)

    def typed_inputs(self) -> Inputs:
        """The inputs of its action, as the action's own model; raises `KeyError` for a step without an action."""
        return ACTIONS[str(self.action)].inputs.model_validate(self.inputs)

    def accepted(self, outcome: str | None) -> str:
        """The outcome as recorded when the step is done, or a `BadInputError` naming the answers that fit."""
        known = self.possible_answers or ("done",)
        if outcome is None and known == ("done",):
            return "done"
        if outcome not in known:
            raise BadInputError(f"{self.key}: {outcome!r} is not one of its answers{nearest(str(outcome), known)}")
        return outcome

    def evidence_missing(self, recorded: Iterable[str]) -> tuple[str, ...]:
        """What must still be recorded before the step counts as done."""
        names = set(recorded)
        if self.evidence is None:
            return ()
        if self.evidence == "required":
            return () if names else ("evidence",)
        return tuple(name for name in self.evidence if name not in names)


FITTING = {
    "answers": ("task",),
    "inputs": ("action",),
    "retry": ("action",),
    "limit": ("task", "action"),
    "evidence": ("task", "action"),
    "preserves": ("task", "action"),
    "destroys": ("task", "action"),
    "compensate": ("task", "action"),
}
"""Which fields have a meaning only for some kinds of step."""
