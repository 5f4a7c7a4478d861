"""The proof of a sending: per duty how many were due and told, by which signed text and when; per person all that was sent.

It is signed with the installation's own key (Ed25519), and can be verified without Tocsin: docs/how-to/send-to-people.md.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from sqlmodel import Session, col, select

from flows.acts.people_plan import sending_of
from flows.acts.people_progress import progress
from flows.acts.people_told import DutyTold, duties_told
from flows.desk import Desk
from flows.settings import Settings
from models.clock import rfc3339
from models.errors import BadInputError, LedgerAlteredError
from models.incident import find
from models.ledger import canonical
from models.store import reading
from models.tables import Approval, Incident, Notice, NoticeVersion, PersonDelivery

FORMAT = "tocsin-people-proof-1"


@dataclass(frozen=True)
class Exported:
    """The three files of an exported proof."""

    document: Path
    signature: Path
    public_key: Path


@dataclass(frozen=True)
class SignedProof:
    """A proof as it is signed, byte for byte."""

    document: bytes
    signature: bytes
    public_key: bytes


def proof(desk: Desk, number: str, person: str | None = None) -> dict[str, Any]:
    """What can be shown of a sending as it stands; with `person`, an opaque id, all that was sent to that one."""
    found = progress(desk, number)
    with reading(desk.engine) as session:
        incident = find(session, number)
        sending = sending_of(session, incident)
        assert sending is not None, "its progress was read"
        return {
            "format": FORMAT,
            "incident": number,
            "made_at": rfc3339(desk.clock()),
            "ledger_head": incident.ledger_head,
            "started_at": rfc3339(sending.started_at),
            "state": found.state,
            "people": found.people,
            "not_written_to": found.unreached,
            "messages": found.states,
            "in_doubt": {"ever": found.doubtful, "sent_again_under_the_same_message_id": found.twice},
            "duties": [_duty(told) for told in duties_told(session, incident)],
            "texts": _texts(session, incident),
        } | ({"person": _person(session, incident, person)} if person else {})


def _duty(told: DutyTold) -> dict[str, Any]:
    return {
        "provision": told.provision,
        "stage": told.stage,
        "limit": rfc3339(told.due_at) if told.due_at else None,
        "due": told.due,
        "told": told.told,
        "on_the_way": told.on_the_way,
        "not_reached": told.not_reached,
        "last_told_at": rfc3339(told.last_told_at) if told.last_told_at else None,
        "late": told.late,
        "texts": told.texts,
    }


def _texts(session: Session, incident: Incident) -> list[dict[str, Any]]:
    """The signed texts that people got, with who signed them."""
    used = session.exec(
        select(PersonDelivery.text_sha256)
        .where(PersonDelivery.incident_id == incident.id, col(PersonDelivery.text_sha256).is_not(None))
        .distinct()
    ).all()
    versions = session.exec(
        select(NoticeVersion, Notice)
        .join(Notice, col(Notice.id) == col(NoticeVersion.notice_id))
        .where(Notice.incident_id == incident.id, col(NoticeVersion.sha256).in_(used))
        .order_by(col(NoticeVersion.id))
    ).all()
    return [
        {
            "sha256": version.sha256,
            "provision": notice.provision,
            "form": notice.form,
            "language": notice.language,
            "text": version.text,
            "signed_by": _signatures(session, notice, version),
        }
        for version, notice in versions
    ]


def _signatures(session: Session, notice: Notice, version: NoticeVersion) -> list[dict[str, str]]:
    signed = session.exec(
        select(Approval)
        .where(
            Approval.subject == f"notice:{notice.id}",
            Approval.sha256 == version.sha256,
            col(Approval.decision).in_(("approved", "override")),
        )
        .order_by(col(Approval.id))
    )
    return [{"person": each.person, "role": each.role, "at": rfc3339(each.at)} for each in signed]


def _person(session: Session, incident: Incident, person: str) -> dict[str, Any]:
    rows = session.exec(
        select(PersonDelivery)
        .where(PersonDelivery.incident_id == incident.id, PersonDelivery.person == person)
        .order_by(col(PersonDelivery.rank), col(PersonDelivery.id))
    ).all()
    if not rows:
        raise BadInputError(
            f"{incident.number}: nothing was planned for {person!r}; give the id of the person's reference"
        )
    return {"id": person, "messages": [_message(row) for row in rows]}


def _message(row: PersonDelivery) -> dict[str, Any]:
    return {
        "channel": row.channel,
        "state": row.state,
        "key": row.key,
        "text": row.text_sha256,
        "tries": row.attempts,
        "in_doubt": row.doubtful,
        "sent_at": rfc3339(row.sent_at) if row.sent_at else None,
        "returned_at": rfc3339(row.returned_at) if row.returned_at else None,
        "answer": row.answer,
    }


def signed_proof(desk: Desk, document: dict[str, Any]) -> SignedProof:
    """The proof as it is signed, its signature, and the key that verifies it."""
    key, written = _key(desk.settings), canonical(document)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return SignedProof(written, key.sign(written), public)


def export_proof(desk: Desk, document: dict[str, Any], file: Path) -> Exported:
    """Write the proof, its signature and the public key beside each other; raises `BadInputError` where it cannot."""
    signed = signed_proof(desk, document)
    exported = Exported(file, file.with_name(f"{file.name}.sig"), file.with_name(f"{file.name}.pub"))
    try:
        exported.document.write_bytes(signed.document)
        exported.signature.write_bytes(signed.signature)
        exported.public_key.write_bytes(signed.public_key)
    except OSError as error:
        raise BadInputError(f"{file} cannot be written ({error.strerror}); name another file") from error
    return exported


def verify_proof(file: Path, public_key: Path) -> None:
    """Return when the file is as it was signed; raises `LedgerAlteredError` where it is not."""
    try:
        key = load_pem_public_key(public_key.read_bytes())
        content, signature = file.read_bytes(), file.with_name(f"{file.name}.sig").read_bytes()
    except (OSError, ValueError) as error:
        raise BadInputError(
            f"{file}: no exported proof with its .sig and a public key beside it; name all three"
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadInputError(f"{public_key}: not an Ed25519 key; give the one that was exported")
    try:
        key.verify(signature, content)
    except InvalidSignature as error:
        raise LedgerAlteredError(f"{file} is not what was signed with the key in {public_key}") from error


def _key(settings: Settings) -> Ed25519PrivateKey:
    """The installation's key, made when first needed; only its owner can read it."""
    file = settings.home / "keys" / "proof.pem"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            target.write(made)
    key = load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInputError(f"{file}: not an Ed25519 key; move it away, and a new one is made")
    return key
