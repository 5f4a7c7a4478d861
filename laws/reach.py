"""Whether a law of an establishment's place reaches the breach: the affected data were handled there."""

from collections.abc import Mapping

from pydantic import TypeAdapter

from laws.question import Facts
from models.condition import FACT_WORDS, Answer, Condition, Word
from models.places import lies_in
from models.report import Organisation


def _handles(argument: object) -> Condition:
    """As `established`, but an establishment beside the seat counts only if it handled the affected data."""
    place = TypeAdapter(str).validate_python(argument)
    established = FACT_WORDS["established"](place)
    path = "organisation.handled_in"
    not_said = Answer(None, (f"whether the establishment in {place} handled the affected data is not said",), (path,))
    elsewhere = Answer(False, (f"the affected data were not handled by an establishment in {place}",))
    there = Answer(True, (f"the affected data were handled by an establishment in {place}",))

    def ask(situation: Facts) -> Answer:
        organisation = situation.report.organisation
        if organisation.handled_in is not None:
            return there if any(lies_in(one, place) for one in organisation.handled_in) else elsewhere
        answer = established(situation)
        return answer if answer.value is not True or _at_home(organisation, place) else not_said

    return ask


def _at_home(organisation: Organisation, place: str) -> bool:
    """Whether the organisation's seat, or every establishment of it, lies there."""
    seats = (organisation.country, organisation.subdivision)
    establishments = organisation.establishments or ()
    return any(seat and lies_in(seat, place) for seat in seats) or (
        bool(establishments) and all(lies_in(one, place) for one in establishments)
    )


REACH_WORDS: Mapping[str, Word] = {"handles": _handles}
