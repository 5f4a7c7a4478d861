"""The playbook files: their format and their one reader. The file is checked here; what to do next is worked out in `plan`."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from models.cohorts import Cohorts
from models.condition import FACT_WORDS, ConditionError, parse_condition
from models.document import Document, explained, nearest, read_document, validated
from models.errors import BadInputError
from models.report import Report
from models.vocabulary import PersonRole
from playbooks.flaws import Flaw, flaws_in
from playbooks.ladder import Ladders
from playbooks.notices import Notices
from playbooks.situation import RawCondition, Situation
from playbooks.step import Approval, Part, Step, Text, Words
from playbooks.subplaybook import recursion_in, unfolded

BUILT_IN = Path(__file__).parent

PlaybookName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Playbook(Part):
    """What the organisation does in one kind of incident."""

    name: PlaybookName
    title: Words
    summary: Text | None = None
    applies: RawCondition
    override: Approval = Approval(roles=(PersonRole.COMMANDER, PersonRole.LEGAL), needed=2)
    notices: Notices = Notices()
    ladders: Ladders = ()  # none: the organisation's, or ours
    cohorts: Cohorts | None = None  # none: ours
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    def step(self, key: str) -> Step:
        """The step called `key` (without an item), or a `BadInputError` with the nearest key there is."""
        for step in self.steps:
            if step.key == key:
                return step
        raise BadInputError(f"{self.name} has no step {key!r}{nearest(key, [step.key for step in self.steps])}")

    def applies_to(self, report: Report) -> bool | None:
        """Whether it fits the facts; None while they do not say."""
        return parse_condition(self.applies, FACT_WORDS)(Situation(report, {})).value


def check_playbook(playbook: Playbook) -> list[Flaw]:
    """Every flaw found, each with its place in the playbook; empty for one that can run."""
    return [*_own_flaws(playbook), *flaws_in(playbook.steps)]


def _own_flaws(playbook: Playbook) -> Iterator[Flaw]:
    try:
        parse_condition(playbook.applies, FACT_WORDS)
    except ConditionError as error:
        yield Flaw(("applies", *error.location), str(error))
    keys = [step.key for step in playbook.steps]
    for audience, hold in playbook.notices.hold.items():
        if audience in (*hold.told, *hold.being_told):
            yield Flaw(("notices", "hold", audience), f"{audience} would be held until {audience} is told; remove it")
        for key in hold.done:
            if not any(known == key or known.startswith(f"{key}/") for known in keys):
                message = f"{audience} would be held for the step {key!r}, which is not there{nearest(key, keys)}"
                yield Flaw(("notices", "hold", audience, "done"), message)


def read_playbook(source: Path | str, content: bytes | None = None) -> Playbook:
    """Read and check one playbook; a step that names another playbook is left as it stands.

    Raises `BadInputError`, one line: file, line, what is wrong, the nearest known word.
    """
    return _read(source, content)[0]


def _read(source: Path | str, content: bytes | None = None) -> tuple[Playbook, Document]:
    document = read_document(source, content)
    playbook = validated(Playbook, document)
    _refuse(document, [*_file_flaws(playbook, Path(source)), *check_playbook(playbook)])
    return playbook, document


def _file_flaws(playbook: Playbook, path: Path) -> Iterator[Flaw]:
    if path.suffix in SUFFIXES and path.stem != playbook.name:
        yield Flaw(("name",), f"the file is called {path.name} but the playbook {playbook.name!r}; name both alike")
    for index, step in enumerate(playbook.steps):
        if "/" in step.key:
            yield Flaw(("steps", index, "key"), f"{step.key!r}: a slash is kept for the steps of a sub-playbook; use _")


def _refuse(document: Document, flaws: Iterable[Flaw]) -> None:
    found = list(flaws)
    if found:
        line = document.line_of(found[0].location)
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise BadInputError(f"{document.source}{f':{line}' if line else ''}: {found[0].message}{more}")


SUFFIXES = (".yaml", ".yml")


def load_playbooks(*extra: Path) -> dict[str, Playbook]:
    """Every playbook by name: the built-in ones, then those of each folder, which add or replace by name.

    Sub-playbooks are unfolded. Raises `BadInputError`, one line, for the first that is wrong.
    """
    return _loaded(path for folder in (BUILT_IN, *extra) for path in files_in(folder))


def load_playbook(file: Path, *extra: Path) -> Playbook:
    """One playbook from a file of its own, with the sub-playbooks that it names taken from ours and the folders."""
    others = [path for folder in (BUILT_IN, *extra) for path in files_in(folder)]
    return _loaded([*others, file])[_read(file)[0].name]


def _loaded(paths: Iterable[Path]) -> dict[str, Playbook]:
    read: dict[str, tuple[Playbook, Document]] = {}
    for path in paths:
        playbook, document = _read(path)
        read.pop(playbook.name, None)  # what replaces another also comes later than it did
        read[playbook.name] = (playbook, document)
    _refuse_recursion(read)
    whole: dict[str, Playbook] = {}
    for name in read:
        _unfold(name, read, whole)
    return {name: whole[name] for name in read}


def files_in(folder: Path) -> list[Path]:
    """The playbook files of a folder, by name; raises `BadInputError` where there is no such folder."""
    if not folder.is_dir():
        raise BadInputError(f"{folder}: no such folder of playbooks; check the path")
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)


def _refuse_recursion(read: Mapping[str, tuple[Playbook, Document]]) -> None:
    parts = {name: [step.playbook for step in playbook.steps if step.playbook] for name, (playbook, _) in read.items()}
    for name, (playbook, document) in read.items():
        for index, step in enumerate(playbook.steps):
            if step.playbook is None:
                continue
            at = ("steps", index, "playbook")
            if step.playbook not in read:
                known = nearest(step.playbook, read)
                _refuse(document, [Flaw(at, f"{step.key}: no playbook is called {step.playbook!r}{known}")])
            ring = recursion_in(name, {**parts, name: [step.playbook]})
            if ring:
                _refuse(
                    document, [Flaw(at, f"{step.key}: {' contains '.join(ring)}; a playbook cannot contain itself")]
                )


def _unfold(name: str, read: Mapping[str, tuple[Playbook, Document]], whole: dict[str, Playbook]) -> Playbook:
    if name in whole:
        return whole[name]
    playbook, document = read[name]
    steps: list[Step] = []
    for index, step in enumerate(playbook.steps):
        if step.playbook is None:
            steps.append(step)
            continue
        inside = _unfold(step.playbook, read, whole).steps
        repeated = next((part.key for part in inside if part.for_each), None)
        if step.for_each and repeated:
            message = f"{step.key}: {step.playbook} itself repeats {repeated}; a repetition inside a repetition is not possible"
            _refuse(document, [Flaw(("steps", index, "for_each"), message)])
        steps.extend(unfolded(step, inside))
    whole[name] = playbook.model_copy(update={"steps": tuple(steps)})
    return whole[name]


def body_of(playbook: Playbook) -> dict[str, Any]:  # Any: plain JSON
    """The playbook as plain JSON, to be kept with an incident so that a later change of the file does not change it."""
    return playbook.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def playbook_of(body: Mapping[str, object]) -> Playbook:
    """The playbook kept by `body_of`; raises `BadInputError` for one that this version cannot run."""
    try:
        playbook = Playbook.model_validate(body)
    except ValidationError as error:
        raise BadInputError(f"the playbook kept with the incident: {explained(error.errors()[0], Playbook)}") from error
    flaws = check_playbook(playbook)
    if flaws:
        raise BadInputError(f"the playbook kept with the incident: {flaws[0].message}")
    return playbook


def choose(playbooks: Mapping[str, Playbook], report: Report) -> Playbook | None:
    """The playbook that fits the facts, the one loaded last where several do, or None."""
    fitting = [playbook for playbook in playbooks.values() if playbook.applies_to(report)]
    return fitting[-1] if fitting else None
