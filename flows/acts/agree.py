"""Whether the texts of an incident agree: a fact that they state with different values, and words edited in one language only."""

from collections import defaultdict
from dataclasses import dataclass

from flows.acts.draft import facts_used, texts_of
from flows.desk import Desk
from models.incident import find, identity
from models.store import reading
from models.tables import Notice, NoticeVersion


@dataclass(frozen=True)
class Disagreement:
    """One thing about which texts of the incident differ: what, which notices say which, and what to do."""

    level: str
    rule: str
    what: str
    sides: dict[str, list[int]]
    mend: str


def disagreements_in(desk: Desk, number: str) -> list[Disagreement]:
    """What the texts of an incident say otherwise than each other, those that were sent included."""
    with reading(desk.engine) as session:
        texts = texts_of(session, find(session, number), "draft", "approved", "sent")
    rows = [(notice, version) for notice, version in texts if notice.corrects is None]
    return [*_different_facts(rows), *_one_language_only(rows)]


def _different_facts(rows: list[tuple[Notice, NoticeVersion]]) -> list[Disagreement]:
    said: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for notice, version in rows:
        for fact in facts_used(version):
            said[fact.path][fact.value or "not known"].append(identity(notice))
    return [
        Disagreement(
            "error",
            "texts_disagree",
            f"fact {path}",
            dict(sides),
            f"`tocsin respond {rows[0][0].key.split(':')[0]}` drafts again what rests on older facts; correct what was sent",
        )
        for path, sides in said.items()
        if len(sides) > 1
    ]


def _one_language_only(rows: list[tuple[Notice, NoticeVersion]]) -> list[Disagreement]:
    """A text and its sister in another language, of which people edited one."""
    sisters: dict[str, list[tuple[Notice, NoticeVersion]]] = defaultdict(list)
    for notice, version in rows:
        sisters[notice.key.rpartition(":")[0]].append((notice, version))
    found = []
    for group in sisters.values():
        edited = [identity(notice) for notice, version in group if version.edited]
        others = [identity(notice) for notice, version in group if not version.edited]
        if edited and others:
            sides = {"edited": edited, "as drafted": others}
            mend = "edit the other languages alike, or note that the edit was of wording only"
            found.append(Disagreement("warning", "edited_in_one_language", group[0][0].form, sides, mend))
    return found
