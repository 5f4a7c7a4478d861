"""The demo's breach at Meridia Mobility: its team, and how far the response has come, driven by the acts alone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlmodel import SQLModel, select

from flows.acts.announce import ask_for_signatures
from flows.acts.answer import answer
from flows.acts.close_loop import settle
from flows.acts.contain import perform, ready_steps
from flows.acts.deliver import Attempt, attempt, waiting
from flows.acts.draft import AUTHORITIES, PEOPLE, PUBLIC, draft_texts
from flows.acts.evaluate import evaluate
from flows.acts.playbook import start_playbook
from flows.acts.read_notice import NoticeLine, notice_list
from flows.acts.release import queue_signed
from flows.acts.report import FactsAdded, add_facts
from flows.acts.sign import Signed
from flows.acts.sign import approve as approve_noting
from flows.acts.team import add_member
from flows.acts.work import finish_step
from flows.desk import Desk
from models import lease
from models.document import read_document
from models.incident import find, identity
from models.ledger import entries, verify_stored
from models.store import reading, writing
from models.tables import DutyRecord, Notice, Step
from models.vocabulary import Audience, PersonRole

DATA = Path(__file__).parents[2] / "tocsin" / "demo" / "data"
EVERYBODY: Sequence[Sequence[Audience]] = (AUTHORITIES, PEOPLE, PUBLIC)

REPORTER, RESPONDER, COMMANDER = "Nadia Roux", "Sam Okoro", "Ines Duarte"
LEGAL, PR, EXECUTIVE, CARE = "Lea Martin", "Noor Haddad", "Claire Aubry", "Ben Fischer"
TEAM = {
    REPORTER: PersonRole.REPORTER,
    RESPONDER: PersonRole.RESPONDER,
    COMMANDER: PersonRole.COMMANDER,
    LEGAL: PersonRole.LEGAL,
    PR: PersonRole.PR,
    EXECUTIVE: PersonRole.EXECUTIVE,
    CARE: PersonRole.CUSTOMER_CARE,
}
SIGNERS = {role.value: name for name, role in TEAM.items()}

Table = TypeVar("Table", bound=SQLModel)


def join_team(desk: Desk) -> None:
    """One person for each role."""
    for name, role in TEAM.items():
        add_member(desk, name, [role])


def add(desk: Desk, number: str, facts: str, *, by: str = RESPONDER) -> FactsAdded:
    """Add facts written as YAML."""
    return add_facts(desk, number, read_document("facts.yaml", facts.encode()), by=by)


def second_facts(desk: Desk, number: str) -> FactsAdded:
    """What the demo's forensic team finds a day later."""
    return add_facts(desk, number, read_document(DATA / "second_facts.yaml"), by=RESPONDER)


def contain(desk: Desk, number: str) -> dict[str, str]:
    """Work the playbook as far as it goes without a person; gives what became of each step."""
    start_playbook(desk, number)
    done: dict[str, str] = {}
    while ready := [key for key, _ in ready_steps(desk, number) if key not in done]:
        done |= {key: perform(desk, number, key) for key in ready}
    return done


def draft(desk: Desk, number: str) -> None:
    """Draft for every audience, and ask for signatures."""
    for audiences in EVERYBODY:
        drafted = draft_texts(desk, number, audiences)
        ask_for_signatures(desk, number, [text.notice for text in drafted])


def queue(desk: Desk, number: str) -> int:
    """Queue what is signed for every audience."""
    return sum(queue_signed(desk, number, audiences) for audiences in EVERYBODY)


def send(desk: Desk, number: str) -> list[Attempt]:
    """Try what waits, settle what arrived, and start the clocks that follow."""
    tries = [attempt(desk, number, key) for key in waiting(desk, number)]
    if settle(desk, number):
        evaluate(desk, number)
    return tries


def carry(desk: Desk, number: str) -> list[Attempt]:
    """What one run does: contain, evaluate, draft, queue and send, as far as it goes without a person."""
    contain(desk, number)
    evaluate(desk, number)
    draft(desk, number)
    queue(desk, number)
    return send(desk, number)


def carrying(desk: Desk, number: str, holder: str = "here/1/1") -> Desk:
    """The desk of a new run that took the incident's lease; whoever held it is taken for dead."""
    with writing(desk.engine) as session:
        held = lease.take(session, identity(find(session, number)), holder, datetime.now(UTC), lambda _: True)
    return desk.carrying(held)


def notices(
    desk: Desk,
    number: str,
    *,
    provision: str | None = None,
    audience: str | None = None,
    form: str | None = None,
    language: str | None = None,
) -> list[NoticeLine]:
    """The notices that fit everything given."""
    wanted = {"provision": provision, "audience": audience, "form": form, "language": language}
    return [
        line
        for line in notice_list(desk, number)
        if all(value is None or getattr(line, name) == value for name, value in wanted.items())
    ]


def approve(desk: Desk, number: str, notice: int, *, by: str, sha256: str | None = None) -> Signed:
    """Sign one notice, with a note on whatever the checks warn of."""
    return approve_noting(desk, number, notice, by=by, sha256=sha256, note="the open questions follow in phases")


def sign(desk: Desk, number: str, *lines: NoticeLine) -> None:
    """Have each notice signed by as many as it needs."""
    for line in lines:
        needed = line.still_needed
        while needed:
            needed = approve(desk, number, line.notice, by=SIGNERS[needed[0]]).still_needed


def make_signable(desk: Desk, number: str) -> None:
    """Do the step and answer the questions that texts to people hang on, and have them drafted again."""
    finish_step(desk, number, "protect_backups", by=RESPONDER)
    for key, words in {
        "monitoring_offer": "Two years of credit monitoring, free of charge; call the hotline to enroll.",
        "measures_planned": "Multi-factor sign-in for every account.",
    }.items():
        for language in ("en", "fr", "de"):
            answer(desk, number, key, words, language, by=LEGAL)
    draft(desk, number)


def duty(desk: Desk, number: str, provision: str, stage: str = "initial") -> DutyRecord:
    """The one duty of a provision and stage."""
    return one(desk, DutyRecord, number, provision=provision, stage=stage)


def step(desk: Desk, number: str, key: str) -> Step:
    """One step's row."""
    return one(desk, Step, number, key=key)


def notice_row(desk: Desk, notice: int) -> Notice:
    """A notice's row as it is now."""
    with reading(desk.engine) as session:
        return session.get_one(Notice, notice)


def every(desk: Desk, table: type[Table], number: str | None = None, **fields: Any) -> list[Table]:
    """The rows of a table with these values, oldest first."""
    with reading(desk.engine) as session:
        query = select(table).filter_by(**fields)
        if number is not None:
            query = query.filter_by(incident_id=identity(find(session, number)))
        return list(session.exec(query.order_by(*inspect(table).primary_key)))


def one(desk: Desk, table: type[Table], number: str | None = None, **fields: Any) -> Table:
    """The only row of a table with these values."""
    [row] = every(desk, table, number, **fields)
    return row


def ledger(desk: Desk, number: str, kind: str | None = None) -> list[dict[str, Any]]:
    """The incident's ledger entries in order, of one kind or all; the chain is verified by the way."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        verify_stored(session, incident)
        return [entry for entry in entries(session, incident) if kind is None or entry["kind"] == kind]


def payloads(desk: Desk, number: str, kind: str) -> list[dict[str, Any]]:
    """What the ledger says in its entries of one kind."""
    return [entry["payload"] for entry in ledger(desk, number, kind)]
