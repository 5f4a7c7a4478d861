"""A playbook drawn as text: its steps by phase, who does them, and what each comes after."""

from collections.abc import Iterator

from playbooks.order import sources
from playbooks.period import in_words
from playbooks.playbook import Playbook
from playbooks.situation import spoken
from playbooks.step import Phase, Step, in_language

NEVER_ALONE = {"not": {"always": True}}


def graph(playbook: Playbook, language: str = "en") -> str:
    """The whole playbook as lines of text, phases in order; ends without a line break."""
    lines = [f"{playbook.name}: {in_language(playbook.title, language)}", _applies(playbook)]
    for phase in Phase:
        steps = [step for step in playbook.steps if step.phase is phase]
        if steps:
            lines += ["", phase.value.upper()]
        for step in steps:
            lines += _drawn(step, playbook, language)
    return "\n".join(lines)


def _applies(playbook: Playbook) -> str:
    if playbook.applies == NEVER_ALONE:
        return "never by itself, only as a part of others"
    return f"applies if {spoken(playbook.applies)}"


def _drawn(step: Step, playbook: Playbook, language: str) -> list[str]:
    repeated = f" for each of the {step.for_each}" if step.for_each else ""
    doer = step.action or (f"playbook {step.playbook}" if step.playbook else step.role or "")
    details = [*_conditions(step, playbook), *_marks(step)]
    lines = [f"  ● {step.key}  {in_language(step.title, language)}{repeated}  ({doer})"]
    joints = ["├"] * (len(details) - 1) + ["└"]
    return lines + [f"    {joint} {detail}" for joint, detail in zip(joints, details, strict=False)]


def _conditions(step: Step, playbook: Playbook) -> Iterator[str]:
    if step.needs:
        yield f"after {', '.join(step.needs)}"
    if step.when:
        yield f"if {spoken(step.when)}"
    for key in sources(step, playbook.steps):
        source = playbook.step(key)
        yield f"if {key} failed" if source.handler == step.key else f"if {key} must be undone"
    if step.approval:
        yield f"signed by {step.approval.needed} of {', '.join(step.approval.roles)}"


def _marks(step: Step) -> Iterator[str]:
    if step.possible_answers:
        yield f"answers {' | '.join(step.possible_answers)}"
    if step.within:
        yield f"within {in_words(step.within)}" + (f", then {step.stand_in} stands in" if step.stand_in else "")
    if step.limit:
        yield f"given up after {in_words(step.limit)}"
    if step.evidence:
        yield f"evidence {step.evidence if isinstance(step.evidence, str) else ', '.join(step.evidence)}"
    if step.preserves:
        yield "preserves evidence"
    if step.destroys:
        yield "destroys evidence: refuses until something is preserved"
    if step.retry:
        yield f"tried up to {step.retry.attempts} times, again after {in_words(step.retry.delay)}; on failure {step.on_failure}"
    elif step.on_failure != "ask":
        yield f"on failure {step.on_failure}"
