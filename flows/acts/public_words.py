"""What has been done, in the public words that the playbook gives each step."""

from sqlmodel import Session

from flows.acts.playbook import kept_playbook, step_rows
from models.tables import Incident
from templates.brief import Measure


def measures_of(session: Session, incident: Incident) -> tuple[Measure, ...]:
    """The steps done so far that the playbook has public words for, in the order of the playbook, each saying once."""
    playbook = kept_playbook(incident)
    if playbook is None:
        return ()
    done = [(key.split("[")[0], row) for key, row in step_rows(session, incident).items() if row.record == "done"]
    measures: dict[str, Measure] = {}
    for step in playbook.steps:
        ends = [row.finished_at for key, row in done if key == step.key and row.finished_at]
        if step.says and ends:
            measures.setdefault(step.says["en"], Measure(step.says, min(ends)))
    return tuple(measures.values())
