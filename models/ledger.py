"""The ledger: what was known, decided, done and moved, as a chain of hashes for each incident.

Each entry's `sha256` is the SHA-256 of its canonical JSON (keys sorted, no spaces, UTF-8) without `sha256` itself;
`previous` is the entry before it, or the empty string for the first. docs/reference/ledger.md publishes the algorithm
and a verifier that needs nothing but the standard library.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from models.clock import rfc3339
from models.errors import BadInputError, LedgerAlteredError
from models.tables import Incident, LedgerEntry

FORMAT = "tocsin-ledger-1"


def canonical(value: Mapping[str, Any]) -> bytes:
    """The one byte sequence that stands for a JSON object."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sha256_of(value: Mapping[str, Any]) -> str:
    """The hash of an object's canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()


def record(
    session: Session, incident: Incident, kind: str, payload: Mapping[str, Any], *, actor: str, at: datetime, zone: str
) -> LedgerEntry:
    """Append one entry to the incident's chain, in the caller's transaction.

    The incident's row is locked first, so that two writers cannot take the same place in the chain.
    """
    locked = _locked(session, incident)
    assert locked.id is not None  # it was read from the database
    linked = _linked(
        locked.number, locked.ledger_count + 1, rfc3339(at), zone, actor, kind, dict(payload), locked.ledger_head
    )
    entry = LedgerEntry(
        incident_id=locked.id,
        seq=locked.ledger_count + 1,
        at=at,
        zone=zone,
        actor=actor,
        kind=kind,
        payload=dict(payload),
        previous=locked.ledger_head,
        sha256=sha256_of(linked),
    )
    locked.ledger_count, locked.ledger_head = entry.seq, entry.sha256
    session.add_all([entry, locked])
    return entry


def _locked(session: Session, incident: Incident) -> Incident:
    """The incident with its row locked until the transaction ends; asked of the database once in each transaction."""
    transaction, mark = session.get_transaction(), ("ledger", incident.id)
    if transaction is not None and session.info.get(mark) is transaction:
        return incident
    session.flush()
    locked = session.exec(select(Incident).where(Incident.id == incident.id).with_for_update(key_share=True)).one()
    session.refresh(locked, ["ledger_count", "ledger_head"])
    session.info[mark] = session.get_transaction()
    return locked


def _linked(
    number: str, seq: int, at: str, zone: str, actor: str, kind: str, payload: dict[str, Any], previous: str
) -> dict[str, Any]:
    return {
        "incident": number,
        "seq": seq,
        "at": at,
        "zone": zone,
        "actor": actor,
        "kind": kind,
        "payload": payload,
        "previous": previous,
    }


def entries(session: Session, incident: Incident) -> Iterator[dict[str, Any]]:
    """The incident's entries in order, as they are exported."""
    rows = session.exec(
        select(LedgerEntry).where(LedgerEntry.incident_id == incident.id).order_by(col(LedgerEntry.seq))
    )
    for row in rows:
        linked = _linked(
            incident.number, row.seq, rfc3339(row.at), row.zone, row.actor, row.kind, row.payload, row.previous
        )
        yield {**linked, "sha256": row.sha256}


def exported(session: Session, incident: Incident) -> Iterator[str]:
    """The ledger as JSON Lines: a first line that names the format, the number of entries and the last hash; then the entries."""
    head = {
        "format": FORMAT,
        "incident": incident.number,
        "entries": incident.ledger_count,
        "head": incident.ledger_head,
    }
    yield canonical(head).decode()
    for entry in entries(session, incident):
        yield canonical(entry).decode()


def verify(chain: Iterable[Mapping[str, Any]], *, number: str, count: int, head: str, known: str | None = None) -> int:
    """How many entries were verified; raises `LedgerAlteredError` at the first that was altered, removed, added or moved.

    `known` is a hash known from elsewhere: one of the entries must have it, or the chain was rewritten or cut off.
    """
    previous, seq, met = "", 0, known is None
    for entry in chain:
        seq += 1
        previous = _followed(entry, seq, previous, number)
        met = met or previous == known
    if seq != count or previous != head:
        raise LedgerAlteredError(
            f"the chain ends at entry {seq}, but {count} entries with the head {head[:12]}... were recorded"
        )
    if not met:
        raise LedgerAlteredError(
            f"no entry has the hash {str(known)[:12]}...: the chain was rewritten or its end cut off"
        )
    return seq


def _followed(entry: Mapping[str, Any], seq: int, previous: str, number: str) -> str:
    """The entry's own hash, once it stands where it must and says what it said."""
    if entry.get("seq") != seq:
        raise LedgerAlteredError(f"entry {seq} is missing or out of order (found {entry.get('seq')!r})")
    if entry.get("incident") != number:
        raise LedgerAlteredError(f"entry {seq} is not of {number} but of {entry.get('incident')!r}")
    if entry.get("previous") != previous:
        raise LedgerAlteredError(f"entry {seq} does not follow the one before it")
    own = sha256_of({key: value for key, value in entry.items() if key != "sha256"})
    if own != entry.get("sha256"):
        raise LedgerAlteredError(f"entry {seq} was altered: its content no longer gives its hash")
    return own


def verify_stored(session: Session, incident: Incident, *, known: str | None = None) -> int:
    """Verify the incident's chain in the database; `known` as for `verify`."""
    chain = entries(session, incident)
    return verify(chain, number=incident.number, count=incident.ledger_count, head=incident.ledger_head, known=known)


def verify_exported(lines: Iterable[str], *, head: str | None = None, number: str | None = None) -> int:
    """Verify an exported ledger; `head`, when known from elsewhere, also shows that the end was not cut off.

    Raises `BadInputError` for what is no exported ledger, or one of another incident than `number`.
    """
    written = (line.rstrip("\r\n") for line in lines)
    numbered = ((index, line) for index, line in enumerate(written, 1) if line)
    index, line = next(numbered, (1, ""))
    if f'"format":"{FORMAT}"' not in line:
        raise BadInputError(
            f"not an exported ledger: the first line does not say {FORMAT!r}; export it with `tocsin ledger NUMBER export`"
        )
    parsed = (_parsed(index, line) for index, line in numbered)
    match _parsed(index, line):
        case {"incident": str(named), "entries": int(count), "head": str(last)}:
            if number not in (None, named):
                raise BadInputError(f"this is the ledger of {named}, not of {number}; give the one that is meant")
            return verify(parsed, number=named, count=count, head=last, known=head)
    raise LedgerAlteredError("the first line no longer names the incident, the number of entries and the last hash")


def _parsed(index: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
        if isinstance(value, dict) and canonical(value).decode() == line:
            return value
    except ValueError as error:
        raise LedgerAlteredError(f"line {index} is not JSON any more") from error
    raise LedgerAlteredError(f"line {index} was altered: it is not written as it was exported")
