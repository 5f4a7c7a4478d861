"""New facts with all that follows from them: duties derived again, and signatures ended on texts that no longer hold."""

from dataclasses import dataclass

from flows.acts.evaluate import Moved, evaluate
from flows.acts.report import FactsAdded, add_facts
from flows.acts.stale import StaleText, refresh_stale
from flows.desk import Desk
from models.document import Document


@dataclass(frozen=True)
class Updated:
    """A new version of the facts, what it did to the duties, and the texts that state an old value."""

    added: FactsAdded
    moved: tuple[Moved, ...]
    stale: tuple[StaleText, ...]


def update(desk: Desk, number: str, document: Document, *, by: str) -> Updated:
    """Lay new facts over the known ones, and derive again what follows; raises as `add_facts` does."""
    added = add_facts(desk, number, document, by=by)
    return Updated(added, evaluate(desk, number).moved, tuple(refresh_stale(desk, number)))
