"""What waits for an answer as Slack shows it: the exact text or step with its hash, and what may be said to it."""

import json

from flows.acts.accounts import Viewer
from flows.acts.gate import Gate, answer_gate, open_gates
from flows.acts.membership import is_visible, visible_numbers
from flows.acts.playbook import kept_playbook
from flows.acts.read_notice import notice_text
from flows.desk import Desk
from integrations.slack_views import LONGEST_TEXT, View, Waiting, answer_view, said_view, waiting_view
from models.errors import BadInputError, NotAllowedError, TocsinError
from models.incident import find
from models.store import reading
from playbooks.step import in_language

WAY = "Slack"
MOST_INCIDENTS = 20


def seen_by(desk: Desk, number: str, viewer: Viewer) -> str:
    """The incident's number, where the viewer may know of it; raises `NotAllowedError` as for one that does not exist."""
    with reading(desk.engine) as session:
        try:
            incident = find(session, number)
        except BadInputError:
            incident = None
        if incident is None or not is_visible(session, incident, viewer.person_id):
            raise NotAllowedError(f"there is no incident {number!r} that you may see")
        return incident.number


def waits_of(desk: Desk, viewer: Viewer, number: str | None, *, texts: bool) -> View:
    """What waits in one incident, or in all that the viewer sees, for a role that they have first.

    `texts` is whether the viewer may read texts; without it only steps are listed.
    """
    numbers = [seen_by(desk, number, viewer)] if number else visible_numbers(desk, viewer.person_id)[:MOST_INCIDENTS]
    mine = {role.value for role in viewer.roles}
    found = [
        (not mine & set(gate.asked), Waiting(f"{one} {gate.key}", f"{one}: {gate.what}", " or ".join(gate.asked)))
        for one in numbers
        for gate in open_gates(desk, one)
        if texts or gate.key.startswith("step:")
    ]
    return waiting_view("What waits", [waiting for _, waiting in sorted(found, key=lambda pair: pair[0])])


def gate_view(desk: Desk, number: str, key: str, refused: str = "", typed: str = "") -> View:
    """The form for one answer, over exactly what is read; or what became of the question, where it is open no more."""
    gate = next((gate for gate in open_gates(desk, number) if gate.key == key), None)
    if gate is None:
        return said_view(number, refused or f"{key} waits for nobody any more: it was answered, or is not needed now.")
    text, warnings = _read(desk, number, gate)
    link = f"{desk.settings.console()}/incidents/{number}"
    if len(text) > LONGEST_TEXT:
        return said_view(number, f"{gate.what} is longer than Slack can show; read and answer it in the console.", link)
    reference = {"number": number, "key": key, "sha256": gate.sha256}
    return answer_view(
        number,
        gate.what,
        text,
        gate.sha256,
        gate.asked,
        gate.decisions,
        warnings,
        reference,
        refused=refused,
        typed=typed,
    )


def gate_again(desk: Desk, viewer: Viewer, reference: str, refused: TocsinError, typed: str) -> View:
    """The same form with why the answer was not taken and what was typed, where it still asks for exactly the same.

    Raises `refused` where it does not.
    """
    said = json.loads(reference)
    number, key = seen_by(desk, said["number"], viewer), str(said["key"])
    if not any(gate.key == key and gate.sha256 == said["sha256"] for gate in open_gates(desk, number)):
        raise refused
    return gate_view(desk, number, key, str(refused), typed)


def _read(desk: Desk, number: str, gate: Gate) -> tuple[str, list[str]]:
    kind, _, name = gate.key.partition(":")
    if kind == "notice":
        shown = notice_text(desk, number, int(name))
        warnings = [str(one["message"]) for one in shown.findings if one["level"] == "warning"]
        if shown.sha256 != gate.sha256:
            raise NotAllowedError(f"{gate.what} is being changed just now; open it again")
        return f"{shown.subject}\n\n{shown.text}", warnings
    with reading(desk.engine) as session:
        playbook = kept_playbook(find(session, number))
    assert playbook is not None, "the step comes from a playbook"
    step = playbook.step(name.split("[")[0])
    parts = [step.task or step.action or "", in_language(step.says, "en") if step.says else ""]
    if step.evidence:
        wanted = step.evidence if isinstance(step.evidence, tuple) else ("a file",)
        parts.append(f"Evidence it needs, recorded in the console or by the command: {', '.join(wanted)}")
    return "\n".join(part for part in parts if part) or gate.what, []


def answer_from_slack(
    desk: Desk, viewer: Viewer, reference: str, decision: str, reason: str | None
) -> tuple[str, str, str]:
    """Take an answer as the viewer's own; gives number, key, and what came of it in words.

    Raises whatever the act refuses: of two answers at once one wins, and the other is told so.
    """
    said = json.loads(reference)
    number, key = seen_by(desk, said["number"], viewer), str(said["key"])
    came = answer_gate(desk, number, key, decision, by=viewer.name, sha256=str(said["sha256"]), way=WAY, reason=reason)
    return number, key, came
