"""The kinds of effects: what is prepared, what a run or a person does, and what there must be in the end."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import select

from flows.acts.close_loop import settle
from flows.acts.contain import perform, ready_steps
from flows.acts.deliver import attempt, waiting
from flows.acts.draft import AUTHORITIES, draft_texts
from flows.acts.evaluate import evaluate
from flows.acts.hand_over import hand_over
from flows.acts.playbook import start_playbook
from flows.acts.release import queue_signed
from flows.acts.report import open_incident
from flows.acts.sign import approve
from flows.acts.watch import watch_once
from flows.desk import Desk
from models.document import read_document
from models.incident import find
from models.report import read_report, report_of
from models.store import reading, writing
from models.tables import Alert, Approval, Delivery, Evidence, Receipt
from playbooks.playbook import load_playbooks
from tests.conftest import DEMO
from tests.flows.meridia import EVERYBODY, LEGAL, RESPONDER, every, ledger, notices, sign

NUMBER = "INC-2026-0001"
FILED = "CNIL-118273"
PLAYBOOK = """
name: kill
title: {en: Kill}
applies: {kind: misconfiguration}
steps:
  - {key: act, phase: contain, title: {en: Act}, role: responder, retry: {attempts: 9, delay: 1 minute}, """

Act = Callable[[Desk], None]


@dataclass(frozen=True)
class Kind:
    """One kind of effect. `asks` says whether the other side can be asked, or honours our keys, so that nothing is uncertain."""

    name: str
    prepare: Callable[[Desk], None]
    act: Act
    purpose: str | None  # of the delivery rows; None for what reaches nobody
    has_sink: bool
    asks: bool
    leased: bool = True
    deaf: bool = False


def carry(desk: Desk) -> None:
    """What a run does with steps and deliveries."""
    for key, _ in ready_steps(desk, NUMBER):
        perform(desk, NUMBER, key)
    for audiences in EVERYBODY:
        queue_signed(desk, NUMBER, audiences)
    for key in waiting(desk, NUMBER):
        attempt(desk, NUMBER, key)
    settle(desk, NUMBER)


def watch(desk: Desk) -> None:
    watch_once(desk)


def _filing(desk: Desk) -> int:
    [line] = notices(desk, NUMBER, provision="eu-gdpr-33")
    return line.notice


def sign_it(desk: Desk) -> None:
    """What a person does again who cannot know whether it was kept."""
    if not every(desk, Approval, NUMBER):
        approve(desk, NUMBER, _filing(desk), by=LEGAL, note="the open questions follow in phases")


def file_it(desk: Desk) -> None:
    proof = desk.settings.home / "confirmation.pdf"
    proof.write_bytes(b"%PDF received")
    if not every(desk, Receipt):
        hand_over(desk, NUMBER, str(_filing(desk)), by=LEGAL, at=desk.clock(), reference=FILED, proof=proof)


def drafted(desk: Desk) -> None:
    open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by=RESPONDER)
    _in_earnest(desk)
    evaluate(desk, NUMBER)
    draft_texts(desk, NUMBER, AUTHORITIES)


def _in_earnest(desk: Desk) -> None:
    """A rehearsal's clock, and yet a real incident, so that the outbox waits for a person."""
    with writing(desk.engine) as session:
        incident = find(session, NUMBER)
        incident.rehearsal = False
        session.add(incident)


def signed(desk: Desk) -> None:
    drafted(desk)
    sign(desk, NUMBER, *notices(desk, NUMBER, provision="eu-gdpr-33"))


def alarmed(desk: Desk) -> None:
    """One alert is due, and no other but the escalations that follow from it."""
    drafted(desk)
    with writing(desk.engine) as session:
        rows = session.exec(select(Alert).order_by(Alert.due_at)).all()
        for row in rows:
            row.state = "cancelled"
            session.add(row)
        rows[-1].state, rows[-1].due_at, rows[-1].fires_at = "pending", desk.clock(), desk.clock()


def step(what: str) -> Callable[[Desk], None]:
    """An incident whose playbook is one step."""

    def prepare(desk: Desk) -> None:
        folder = desk.settings.home / "own"
        folder.mkdir()
        (folder / "kill.yaml").write_text(PLAYBOOK + what + "}\n")
        desk.__dict__["playbooks"] = load_playbooks(folder)
        report = report_of(read_document("r.yaml", b"title: Open bucket\nkind: misconfiguration"))
        open_incident(desk, report, by=RESPONDER)
        _in_earnest(desk)
        start_playbook(desk, NUMBER)

    return prepare


CALL = 'action: call_webhook, with: {to: "setting:firewall_webhook", event: isolate}'
POST = "action: post_to_slack, with: {text: We meet at nine}"
MAIL = 'action: send_mail, with: {to: "setting:authority", subject: Case opened, text: A case was opened}'
KEEP = "action: record_evidence, with: {name: facts, from: facts}"

KINDS: Sequence[Kind] = (
    Kind("mail (SMTP)", signed, carry, "notice", has_sink=True, asks=False),
    Kind("mail step", step(MAIL), carry, "step", has_sink=True, asks=False),
    Kind("webhook step", step(CALL), carry, "step", has_sink=True, asks=True),
    Kind("Slack step", step(POST), carry, "step", has_sink=True, asks=True),
    Kind("Slack, unreadable", step(POST), carry, "step", has_sink=True, asks=False, deaf=True),
    Kind("outbox", signed, carry, "notice", has_sink=False, asks=True),
    Kind("evidence step", step(KEEP), carry, None, has_sink=False, asks=True),
    Kind("alert", alarmed, watch, "alert", has_sink=True, asks=True, leased=False),
    Kind("signature", drafted, sign_it, None, has_sink=False, asks=True, leased=False),
    Kind("filing by hand", signed, file_it, None, has_sink=False, asks=True, leased=False),
)


@dataclass(frozen=True)
class Outcome:
    """What came of one scenario: keys of what is lost, of what was done twice, and of what was not known on the way."""

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    second_copies: tuple[str, ...] = ()  # of uncertain ones, under the same identity


def outcome(kind: Kind, desk: Desk, acts: Counter[str]) -> Outcome:
    """Compare what arrived, and what the record says, with the one effect that there should be; the chain is verified."""
    if kind.purpose is None:
        return _of_record(kind, desk)
    keys = [row.key for row in every(desk, Delivery, NUMBER, purpose=kind.purpose)]
    uncertain = {entry["payload"]["key"] for entry in ledger(desk, NUMBER, "delivery.uncertain")}
    if not kind.has_sink:
        acts = Counter({key: 1 for key in keys if _lies_in_the_outbox(desk, key)})
    lost = [key for key in keys if not acts[key]] or (["the effect itself"] if not keys else [])
    lost += [key for key in keys if not _is_settled(kind, desk, key)]
    copies = {key for key, count in acts.items() if count > 1}
    excused = set() if kind.asks else copies & uncertain
    strange = set(acts) - set(keys)
    more = _fired_again(desk) if kind.purpose == "alert" else keys[1:]
    doubled = (*(copies - excused), *strange, *more)
    return Outcome(tuple(lost), doubled, tuple(sorted(uncertain & set(keys))), tuple(excused))


def _fired_again(desk: Desk) -> list[str]:
    """Warnings that the ledger says fired more than once."""
    fired = Counter(
        f"{entry['payload']['rung']} {entry['payload']['rung_due_at']}" for entry in ledger(desk, NUMBER, "alert.fired")
    )
    return [rung for rung, count in fired.items() if count > 1]


def _is_settled(kind: Kind, desk: Desk, key: str) -> bool:
    """Whether the record says once that it was sent, with one receipt, or put down for a person."""
    [row] = every(desk, Delivery, NUMBER, key=key)
    said = Counter(entry["kind"] for entry in ledger(desk, NUMBER) if entry["payload"].get("key") == key)
    if kind.name == "outbox":
        return row.state == "to_hand_over" and said["delivery.to_hand_over"] == 1
    receipts = every(desk, Receipt, delivery_id=row.id)
    return row.state == "sent" and said["delivery.sent"] == 1 and len(receipts) == 1


def _lies_in_the_outbox(desk: Desk, key: str) -> bool:
    return all((desk.settings.home / "outbox" / f"{key}.{suffix}").exists() for suffix in ("eml", "html", "json"))


def _of_record(kind: Kind, desk: Desk) -> Outcome:
    """Of what reaches nobody, the record is the effect: it must be there, whole and once."""
    with reading(desk.engine) as session:
        counts = {
            "evidence step": lambda: (session.exec(select(Evidence)).all(), "evidence.recorded"),
            "signature": lambda: (session.exec(select(Approval)).all(), "notice.approved"),
            "filing by hand": lambda: (session.exec(select(Receipt)).all(), "delivery.handed_over"),
        }
        rows, said = counts[kind.name]()
    entries = ledger(desk, NUMBER, said)
    whole = all(Path(row.path).exists() for row in rows if isinstance(row, Evidence))
    if not rows or not entries or not whole:
        return Outcome(lost=(kind.name,))
    return Outcome(doubled=(kind.name,) if len(rows) > 1 or len(entries) > 1 else ())
