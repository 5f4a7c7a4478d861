"""Pausing, resuming and stopping a sending; whoever sends looks once a second."""

from sqlalchemy import update
from sqlmodel import select

from flows.acts.people_claim import ROW, set_state
from flows.acts.people_plan import UNFINISHED, sending_of
from flows.acts.team import roles_of
from flows.desk import Desk
from models.errors import NotAllowedError
from models.incident import find, refuse_halted
from models.ledger import record
from models.store import writing
from models.tables import LedgerEntry


def pause(desk: Desk, number: str, *, by: str, why: str | None = None) -> None:
    """Let nothing more leave until it is resumed."""
    _move(desk, number, by, "paused", ("running",), why)


def resume(desk: Desk, number: str, *, by: str) -> None:
    """Let it go on after a pause."""
    _move(desk, number, by, "running", ("paused",), None)


def heed_cancelled(desk: Desk, number: str, *, run: str, by: str, said: str) -> bool:
    """Pause a sending of which somebody cancelled a run, so that nobody starts it again; False where it was noted before.

    `said` is what the server knows about it.
    """
    with writing(desk.engine) as session:
        incident = find(session, number)
        known = session.exec(
            select(LedgerEntry.payload).where(
                LedgerEntry.incident_id == incident.id, LedgerEntry.kind == "people.run_cancelled"
            )
        )
        sending = sending_of(session, incident, lock=True)
        if sending is None or any(payload["run"] == run for payload in known):
            return False
        payload = {"run": run, "said": said}
        record(session, incident, "people.run_cancelled", payload, actor=by, at=desk.clock(), zone=incident.zone)
        if sending.state == "running":
            why = f"a run of it was cancelled; go on with `tocsin people resume {number}`"
            set_state(desk, session, incident, sending, "paused", by, why)
        return True


def stop(desk: Desk, number: str, *, by: str, why: str) -> int:
    """End it: what has not been taken is withdrawn, and `send` plans it anew; gives how many messages that are."""
    _move(desk, number, by, "stopped", ("running", "paused"), why)
    with writing(desk.engine) as session:
        incident = find(session, number)
        waiting = [state for state in UNFINISHED if state not in ("sending", "uncertain")]
        done = session.execute(
            update(ROW)
            .where(ROW.c.incident_id == incident.id, ROW.c.state.in_(waiting))
            .values(state="withdrawn", next_try_at=None)
        )
        return int(done.rowcount)  # type: ignore[attr-defined]  # an update has one


def _move(desk: Desk, number: str, by: str, state: str, before: tuple[str, ...], why: str | None) -> None:
    with writing(desk.engine) as session:
        incident = find(session, number)
        refuse_halted(incident)
        roles_of(session, by)
        sending = sending_of(session, incident, lock=True)
        if sending is None:
            raise NotAllowedError(
                f"nothing is being sent to the people of {number}; start it: `tocsin people send {number}`"
            )
        if sending.state not in before:
            raise NotAllowedError(f"the sending of {number} is {sending.state}, not {' or '.join(before)}")
        set_state(desk, session, incident, sending, state, by, why)
