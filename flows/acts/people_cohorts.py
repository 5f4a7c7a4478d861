"""Who of the roster gets which text by which channel: worked out from the rules, shown, and kept when somebody accepts it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from flows.acts.evaluate import duty_of
from flows.acts.people import key_file, note, roster_folder
from flows.acts.playbook import kept_playbook
from flows.desk import Desk
from models.cohorts import Cohorts, SuppressionList
from models.duty import Duty
from models.errors import NotAllowedError
from models.incident import facts_of, find
from models.report import Report
from models.store import reading
from models.tables import DutyRecord, Incident, Notice
from models.vocabulary import Audience
from people.cohort import Assigned, PeopleText, assign, read_cohorts
from people.roster import open_roster
from people.suppression import Listed, read_list
from templates.forms import contents_of
from templates.spoken import country_languages

Lists = Sequence[tuple[SuppressionList, Path]]


@dataclass(frozen=True)
class Planned:
    """Who gets what, and what each suppression list did."""

    assigned: Assigned
    lists: Mapping[str, Listed]
    rules_sha256: str


def plan_cohorts(
    desk: Desk, number: str, given: Cohorts | None, lists: Lists, *, accepted_by: str | None = None
) -> Planned:
    """Put everybody of the roster into a cohort, by the rules given, else those of the incident's playbook, else ours.

    Keeps it, and notes the counts, where somebody accepts it.
    """
    with reading(desk.engine) as session:
        incident = find(session, number)
        if accepted_by and incident.state != "open":
            raise NotAllowedError(f"{number} is closed; nothing more is sent to its people")
        texts = people_texts(session, incident)
        playbook = kept_playbook(incident)
    cohorts = given or (playbook.cohorts if playbook else None) or read_cohorts()
    folder, key, keep = roster_folder(desk.settings, number), key_file(desk.settings, number), accepted_by is not None
    with open_roster(folder, key, read_only=not keep, make=False) as roster:
        listed = {f"{kind.value}: {file}": read_list(roster, kind, str(file)) for kind, file in lists}
        assigned = assign(roster, cohorts, texts, spoken=country_languages, keep=keep)
    planned = Planned(assigned, listed, hashlib.sha256(cohorts.model_dump_json().encode()).hexdigest())
    if accepted_by:
        note(desk, number, "people.cohorts", _payload(planned), accepted_by)
    return planned


def people_texts(session: Session, incident: Incident) -> list[PeopleText]:
    """The incident's texts to people, those of the most urgent duty first; withdrawn ones are none."""
    rows = session.exec(
        select(Notice, DutyRecord)
        .join(DutyRecord, col(DutyRecord.id) == col(Notice.duty_id))
        .where(
            Notice.incident_id == incident.id,
            Notice.audience == Audience.INDIVIDUALS.value,
            Notice.state != "withdrawn",
            col(Notice.corrects).is_(None),
        )
        .order_by(col(DutyRecord.due_at).is_(None), col(DutyRecord.due_at), col(DutyRecord.id), col(Notice.id))
    ).all()
    told = tells([duty_of(duty) for _, duty in rows], facts_of(session, incident))
    found = [
        PeopleText(duty.provision, duty.jurisdiction, notice.form, notice.language, told[duty.provision])
        for notice, duty in rows
    ]
    return list(dict.fromkeys(found))


def tells(duties: Sequence[Duty], report: Report) -> dict[str, frozenset[str]]:
    """For each duty those that its text tells as well: it has to hold what they require, and holds nothing they forbid."""
    held = {duty.provision: contents_of(duty, report) for duty in duties}
    return {
        provision: frozenset(
            other
            for other, asked in held.items()
            if other != provision
            and set(asked.required) <= set(holds.required)
            and not set(asked.forbidden) & set(holds.keys)
        )
        for provision, holds in held.items()
    }


def _payload(planned: Planned) -> dict[str, Any]:
    assigned = planned.assigned
    return {
        "rules_sha256": planned.rules_sha256,
        "people": assigned.people,
        "reached": assigned.reached,
        "unreached": dict(assigned.unreached),
        "groups": [vars(group) for group in assigned.groups],
    }
