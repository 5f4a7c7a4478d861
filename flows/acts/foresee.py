"""What new facts would change before anybody accepts them: facts, duties with their clocks, and texts."""

from dataclasses import dataclass

from flows.acts.evaluate import Foreseen, foreseen
from flows.acts.report import facts_with
from flows.acts.stale import StaleText, stale_under
from flows.desk import Desk
from models.difference import Change
from models.document import Document
from models.incident import facts_of, find
from models.report import implausible
from models.store import reading


@dataclass(frozen=True)
class Foresight:
    """What would be, seen from one version of the facts."""

    facts_version: int
    changed: tuple[Change, ...]
    duties: tuple[Foreseen, ...]
    stale: tuple[StaleText, ...]
    warnings: tuple[str, ...]


def foresee(desk: Desk, number: str, document: Document) -> Foresight:
    """What adding the facts of the document would change; keeps nothing.

    Raises `BadInputError` when the whole would not be a valid report.
    """
    with reading(desk.engine) as session:
        incident = find(session, number)
        report, changed = facts_with(session, incident, document)
        before = {
            (text.notice, text.path) for text in stale_under(desk, session, incident, facts_of(session, incident))
        }
        stale = [one for one in stale_under(desk, session, incident, report) if (one.notice, one.path) not in before]
        return Foresight(
            incident.facts_version,
            tuple(changed),
            tuple(foreseen(desk, session, incident, report)) if changed else (),
            tuple(stale),
            tuple(implausible(report)),
        )
