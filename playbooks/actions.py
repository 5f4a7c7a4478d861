"""The actions a step may name, with the inputs each takes. Declared here as data; carried out elsewhere."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from models.condition import FACT_WORDS, parse_condition
from models.document import nearest
from models.vocabulary import PersonRole

PLACEHOLDERS = ("number", "item", "step")
"""What a text may hold in braces: the incident's number, the item of a repeated step, the step's key. Nothing personal."""

EffectChannel = Literal["webhook", "ticket", "slack", "mail", "person", "campaign"]


def _one_word_after(*prefixes: str) -> AfterValidator:
    def check(value: str) -> str:
        prefix, _, name = value.partition(":")
        if prefix not in prefixes or not name.replace("_", "").isalnum() or not name.islower():
            wanted = " or ".join(f"{known}:NAME" for known in prefixes)
            raise ValueError(
                f"{value!r} stands in the playbook itself; write {wanted}, so that addresses and secrets stay in the settings"
            )
        roles = [role.value for role in PersonRole]
        if prefix == "role" and name not in roles:
            raise ValueError(f"unknown role {name!r}{nearest(name, roles)}")
        return value

    return AfterValidator(check)


def _known_placeholders(text: str) -> str:
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"a brace stands alone in {text!r}; write it twice where it is meant") from error
    for _, name, form, conversion in parts:
        if name is not None and (name not in PLACEHOLDERS or form or conversion):
            raise ValueError(f"unknown placeholder {{{name}}}{nearest(name, PLACEHOLDERS)}")
    return text


RECORDED_EVENTS = (
    "alert.fired",
    "delivery.sent",
    "duty.gained",
    "duty.met",
    "evidence.recorded",
    "facts.added",
    "notice.ready",
    "notice.released",
    "ticket.done",
    "ticket.dropped",
)
"""What the incident's own ledger says and a step may wait for."""

SettingName = Annotated[str, _one_word_after("setting")]
Addressee = Annotated[str, _one_word_after("setting", "role")]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n]+$"),
    AfterValidator(_known_placeholders),
]
Wording = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=3000),
    AfterValidator(_known_placeholders),
]
Answer = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


def _known_facts(condition: dict[str, Any]) -> dict[str, Any]:  # Any: the parser checks the words and arguments
    parse_condition(condition, FACT_WORDS)
    return condition


class Inputs(BaseModel):
    """Base of every action's inputs: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CallWebhook(Inputs):
    """A JSON message to an endpoint that the settings name."""

    to: SettingName = "setting:webhook_url"
    event: Line
    body: dict[str, Wording] = {}


class OpenTicket(Inputs):
    """A ticket in the organisation's own system, opened by webhook."""

    to: SettingName = "setting:ticket_webhook"
    title: Line
    text: Wording
    urgency: Literal["low", "normal", "high", "critical"] = "high"


class PostToSlack(Inputs):
    """A post to a channel that the settings name."""

    to: SettingName = "setting:slack_channel"
    text: Wording


class SendMail(Inputs):
    """A mail to an address that the settings name, or to everybody with a role."""

    to: Addressee
    subject: Line
    text: Wording


class AskPerson(Inputs):
    """A question to whoever has the role; the answer is the step's outcome."""

    role: PersonRole
    question: Wording
    answers: Annotated[tuple[Answer, ...], Field(min_length=2)] = ("yes", "no")


class RecordEvidence(Inputs):
    """A hashed copy of the facts, of the ledger, or of the files in a folder that the settings name."""

    name: Line
    source: Literal["facts", "ledger"] | SettingName = Field("facts", alias="from")


class WaitForFact(Inputs):
    """A wait until the facts answer a condition with yes."""

    condition: Annotated[dict[str, Any], AfterValidator(_known_facts)]  # Any: the parser checks the words and arguments


def _known_event(name: str) -> str:
    if "." in name and name not in RECORDED_EVENTS:
        raise ValueError(f"unknown event {name!r}{nearest(name, RECORDED_EVENTS)}")
    return name


class WaitForEvent(Inputs):
    """A wait until something happens: one of `RECORDED_EVENTS`, or, by a word of one's own, what is told from outside.

    `about` narrows it down, such as `{audience: authority}` or `{provision: eu-gdpr-33}`.
    """

    event: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z_]+)?$"), AfterValidator(_known_event)]
    about: dict[str, Line] = {}


class HoldMarketingSends(Inputs):
    """A request to the campaign system to leave the affected people alone, or with `release` to go on."""

    to: SettingName = "setting:campaign_webhook"
    reason: Line
    release: bool = False


@dataclass(frozen=True)
class ActionSpec:
    """One action: what it takes, whether it reaches outside and by which way, and whether it records evidence itself."""

    name: str
    inputs: type[Inputs]
    channel: EffectChannel | None = None
    preserves: bool = False

    @property
    def effect(self) -> bool:
        """Whether it reaches outside, so that a row stands before it and a receipt after it."""
        return self.channel is not None


ACTIONS: Mapping[str, ActionSpec] = {
    spec.name: spec
    for spec in (
        ActionSpec("call_webhook", CallWebhook, channel="webhook"),
        ActionSpec("open_ticket", OpenTicket, channel="ticket"),
        ActionSpec("post_to_slack", PostToSlack, channel="slack"),
        ActionSpec("send_mail", SendMail, channel="mail"),
        ActionSpec("ask_person", AskPerson, channel="person"),
        ActionSpec("record_evidence", RecordEvidence, preserves=True),
        ActionSpec("wait_for_fact", WaitForFact),
        ActionSpec("wait_for_event", WaitForEvent),
        ActionSpec("hold_marketing_sends", HoldMarketingSends, channel="campaign"),
    )
}

AnyInputs = TypeVar("AnyInputs", bound=Inputs)


def filled(inputs: AnyInputs, values: Mapping[str, str]) -> AnyInputs:
    """The same inputs with every placeholder replaced; `values` holds each of `PLACEHOLDERS`."""
    return inputs.model_copy(update={name: _filled(value, values) for name, value in inputs})


def _filled(value: object, values: Mapping[str, str]) -> object:
    if isinstance(value, dict):
        return {key: _filled(part, values) for key, part in value.items()}
    return value.format_map(values) if type(value) is str else value  # an enum is a str too, and stays what it is
