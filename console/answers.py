"""What each route of the HTTP API answers, as OpenAPI describes it: the fields of the values that acts give.

What is sent is written by `models/plain.py`, as for the command; here stands its shape alone, so that clients can be made of it.
"""

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.json_schema import models_json_schema

from flows.acts.acknowledge import Acknowledged, Snoozed
from flows.acts.agree import Disagreement
from flows.acts.close import Closing
from flows.acts.hand_over import Filing
from flows.acts.overview import IncidentLine
from flows.acts.people_progress import Progress
from flows.acts.question import Question
from flows.acts.read_notice import NoticeLine, NoticeText, SignatureLine
from flows.acts.sign import Signed
from flows.acts.stale import StaleText
from flows.acts.standing import Standing
from flows.acts.subscriptions import EventShown, Subscribed, SubscriptionShown
from flows.acts.tickets import TicketLine
from flows.acts.timeline import Event
from flows.acts.versions import VersionLine
from models.duty import Duty, Severity
from people.cohort import Group
from people.counting import Counts
from people.counting import Group as Alike
from templates.compare import Piece

Free = dict[str, Any]  # Any: plain JSON, whose keys hang on what it tells of
Counted = dict[str, int]
REF = "#/components/schemas/{model}"


class Answer(BaseModel):
    """Base of every answer: fields are added over time, never renamed."""

    model_config = ConfigDict(arbitrary_types_allowed=True)


Shape = type[Answer]


def shape(name: str, of: type | None = None, /, *, without: tuple[str, ...] = (), **more: Any) -> Shape:  # Any: types
    """An object with the fields of a dataclass or of another shape, and more; `from_` stands for the word `from`, and a
    type with a default for a field that may be left out."""
    known = get_type_hints(of) if is_dataclass(of) else {}
    if of is not None and issubclass(of, Answer):
        known = {field: info.annotation for field, info in of.model_fields.items()}
    kept = {field: hint for field, hint in known.items() if field not in without}
    every = {field.rstrip("_"): hint for field, hint in {**kept, **more}.items()}
    fields = {field: hint if isinstance(hint, tuple) else (hint, ...) for field, hint in every.items()}
    made: Shape = create_model(name, __base__=Answer, **fields)  # type: ignore[call-overload]  # its names are data
    return made


def page(of: type) -> Shape:
    """One page of a list."""
    return shape(f"{of.__name__}Page", items=list[of], next=str | None)  # type: ignore[valid-type]  # a type as data


FactChange = shape("FactChange", path=str, from_=Any, to=Any)
DutyChange = shape("DutyChange", provision=str, stage=str, recipient=str, change=str, from_=Free, to=Free)
DutyMove = shape("DutyMove", provision=str, stage=str, recipient=str, from_=str | None, to=str | None)
Passage = shape("Passage", line=int, was=str, is_=str, pieces=list[Piece])
Facts = list[FactChange]  # type: ignore[valid-type]  # a type as data
Duties = list[DutyChange]  # type: ignore[valid-type]  # a type as data

Updated = shape("Updated", number=str, facts_version=int, facts=Facts, duties=Duties, stale=list[StaleText])
Assessed = shape(
    "Assessed",
    number=str | None,
    facts_version=int | None,
    as_of=date,
    severity=Severity,
    duties=list[Duty],
    assumptions=list[str],
    disclaimer=str,
)
Closed = shape("Closed", Closing, number=str)
StepDone = shape("StepDone", number=str, step=str, act=str, by=str)
NoticeDone = shape("NoticeDone", number=str, notice=int, act=str, by=str)
NoticeEdited = shape("NoticeEdited", NoticeDone, version=int, sha256=str, findings=list[Free])
NoticeSigned = shape("NoticeSigned", Signed, number=str, act=str, by=str, override=bool)
Remedied = shape("Remedied", NoticeDone, drafted=int, what=str, errors=int)
CountedGroup, CohortGroup = shape("CountedGroup", Alike), shape("CohortGroup", Group)
PeopleCounts = shape(
    "PeopleCounts",
    Counts,
    groups=list[CountedGroup],  # type: ignore[valid-type]  # a type as data
    number=str,
    facts=Facts,
    duties=list[DutyMove],  # type: ignore[valid-type]  # a type as data
    facts_version=int | None,
)
Cohorts = shape(
    "PeopleCohorts",
    number=str,
    people=int,
    reached=int,
    groups=list[CohortGroup],  # type: ignore[valid-type]  # a type as data
    languages=Counted,
    channels=Counted,
    unreached=Counted,
    lists=Free,
    rules_sha256=str,
    accepted=bool,
)
Sending = shape("PeopleSending", Progress, number=str, too_slow=bool, sent=int)
Step = shape(
    "Step",
    key=str,
    title=str,
    phase=str,
    state=str,
    reason=str | None,
    role=str | None,
    assigned_to=str | None,
    outcome=str | None,
    attempts=int,
    due_at=datetime | None,
    finished_at=datetime | None,
    done_by=str | None,
    ticket=(TicketLine | None, None),  # left out where it has none
)
Problem = shape("Problem", type=str, title=str, status=int, instance=str)

N, NOTICE, STEP = "/incidents/{number}", "/incidents/{number}/notices/{notice}", "/incidents/{number}/steps/{key}"
PEOPLE, SUBSCRIPTION = f"{N}/people", "/subscriptions/{subscription}"
ANSWERS: Mapping[tuple[str, str], Shape] = {
    ("get", "/me"): shape("Me", name=str, roles=list[str], rights=list[str], scopes=list[str] | None),
    ("get", "/incidents"): page(shape("IncidentLine", IncidentLine, without=("place",))),
    ("post", "/incidents"): shape("Reported", number=str, facts_version=int, warnings=list[str]),
    ("get", N): shape("IncidentStanding", Standing, next_due=datetime | None, overdue=list[str]),
    ("post", f"{N}/respond"): shape("Responded", number=str, playbook=str | None),
    ("post", f"{N}/close"): Closed,
    ("post", f"{N}/reopen"): Closed,
    ("get", f"{N}/facts"): shape("KnownFacts", number=str, facts_version=int, facts=Free),
    ("post", f"{N}/facts"): Updated,
    ("post", f"{N}/facts/preview"): shape("Foresight", Updated, warnings=list[str]),
    ("get", f"{N}/assessment"): Assessed,
    ("post", "/assessment"): Assessed,
    ("post", f"{N}/duties/{{provision}}/decision"): shape("Decided", number=str, provision=str, verdict=str, by=str),
    ("post", f"{N}/alerts/acknowledge"): page(Acknowledged),
    ("post", f"{N}/alerts/snooze"): page(Snoozed),
    ("get", f"{N}/steps"): page(Step),
    **{("post", f"{STEP}/{act}"): StepDone for act in ("done", "skip", "assign", "refuse", "retry")},
    ("post", f"{STEP}/approve"): shape("StepApproved", StepDone, still_needed=list[str]),
    ("post", f"{STEP}/evidence"): shape("EvidenceKept", number=str, step=str, name=str, size=int, sha256=str),
    ("post", f"{N}/events/{{event}}"): StepDone,
    ("get", f"{N}/notices"): page(NoticeLine),
    ("get", NOTICE): shape("Notice", NoticeText, signatures=list[SignatureLine]),
    ("get", f"{NOTICE}/versions"): page(VersionLine),
    ("get", f"{NOTICE}/difference"): shape(
        "NoticeDifference",
        number=str,
        notice=int,
        from_=int,
        to=int,
        differences=list[Passage],  # type: ignore[valid-type]  # a type as data
    ),
    ("post", f"{NOTICE}/text"): NoticeEdited,
    ("post", f"{NOTICE}/restore"): NoticeEdited,
    ("post", f"{NOTICE}/approve"): NoticeSigned,
    ("post", f"{NOTICE}/override"): NoticeSigned,
    ("post", f"{NOTICE}/reject"): NoticeDone,
    ("post", f"{NOTICE}/hold"): NoticeDone,
    ("post", f"{NOTICE}/release"): shape("NoticeReleased", NoticeDone, waits_for=str | None),
    ("post", f"{NOTICE}/correct"): Remedied,
    ("post", f"{NOTICE}/withdraw"): Remedied,
    ("post", f"{NOTICE}/sent"): shape("Filed", Filing, number=str, by=str),
    ("get", f"{N}/questions"): page(Question),
    ("post", f"{N}/questions/{{key}}/answer"): shape("Answered", number=str, answered=str, language=str),
    ("get", f"{N}/stale"): page(StaleText),
    ("get", f"{N}/disagreements"): page(Disagreement),
    ("post", f"{N}/deliveries/{{key}}/again"): shape("SentAgain", number=str, delivery=str, act=str, by=str),
    ("get", f"{N}/timeline"): page(Event),
    ("get", f"{N}/ledger/verification"): shape("Verified", number=str, verified=bool, entries=int, head=str),
    ("get", "/register"): shape("Register", format=str, organisation=str | None, made_at=datetime, entries=list[Free]),
    ("get", f"{PEOPLE}/counts"): PeopleCounts,
    ("post", f"{PEOPLE}/counts/accept"): PeopleCounts,
    ("get", f"{PEOPLE}/cohorts"): Cohorts,
    ("post", f"{PEOPLE}/cohorts/accept"): Cohorts,
    ("get", f"{PEOPLE}/progress"): Sending,
    **{("post", f"{PEOPLE}/{act}"): Sending for act in ("send", "pause", "resume")},
    ("post", f"{PEOPLE}/stop"): shape("SendingStopped", number=str, withdrawn=int),
    ("get", f"{PEOPLE}/proof"): shape(
        "Proof",
        format=str,
        incident=str,
        made_at=datetime,
        ledger_head=str,
        started_at=datetime,
        state=str,
        people=int,
        not_written_to=Counted,
        messages=Counted,
        in_doubt=Counted,
        duties=list[Free],
        texts=list[Free],
    ),
    ("get", "/subscriptions"): page(SubscriptionShown),
    ("post", "/subscriptions"): shape("Subscribed", Subscribed),
    ("post", f"{SUBSCRIPTION}/remove"): shape("Subscription", SubscriptionShown),
    ("post", f"{SUBSCRIPTION}/test"): shape("EventSent", EventShown),
    ("get", f"{SUBSCRIPTION}/deliveries"): page(EventShown),
    ("post", f"{SUBSCRIPTION}/deliveries/{{delivery}}/again"): shape(
        "EventAgain", subscription=int, delivery=int, by=str
    ),
}


@cache
def described() -> tuple[Mapping[tuple[str, str], str], dict[str, Any]]:  # Any: JSON Schema
    """By which name OpenAPI knows the answer of each route, and all that these names stand for."""
    shapes = {*ANSWERS.values(), Problem}
    refs, found = models_json_schema([(one, "serialization") for one in sorted(shapes, key=str)], ref_template=REF)
    named = {route: refs[one, "serialization"]["$ref"] for route, one in ANSWERS.items()}
    return named, found["$defs"]


def describe(document: dict[str, Any]) -> None:  # Any: OpenAPI's own format
    """Write into an OpenAPI document what each route answers, and that every refusal is a problem."""
    named, schemas = described()
    known = document["components"].setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, of which we send none
        known.pop(unused, None)
    known.update(schemas)
    problem = {"application/problem+json": {"schema": {"$ref": REF.format(model=Problem.__name__)}}}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            answers.pop("422", None)  # FastAPI's own, which is answered as a problem
            answers["default"] = {"description": "Refused: a problem (RFC 9457)", "content": problem}
            if (method, path) in named:
                [good] = [answer for status, answer in answers.items() if status.startswith("2")]
                good["content"] = {"application/json": {"schema": {"$ref": named[method, path]}}}
