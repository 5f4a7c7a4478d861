"""To whom a duty is owed: a list by name, or the competent body of a place."""

from collections.abc import Mapping

from laws.law import Authority, AuthorityOf
from models.places import lies_in
from models.report import Organisation, Report

Recipient = tuple[str, Authority | None]
Lists = Mapping[str, Mapping[str, Authority]]


def recipients_of(asked: AuthorityOf | tuple[str, ...], report: Report, lists: Lists) -> list[Recipient]:
    """The recipients of a duty by name; several affected states give one each, a list of names gives one filing."""
    if isinstance(asked, tuple):
        return [("; ".join(asked), None)]
    known = lists[asked.list_name]
    if asked.authority_of == "affected_states":
        return _of_affected_states(asked, report, known)
    seat = main_establishment(report.organisation, asked.place)
    if seat:
        return [_competent(seat, known)]
    if asked.otherwise and report.organisation.establishments is not None:
        return _of_affected_states(asked, report, known)
    return [("the competent authority of the main establishment, which is not known yet", None)]


def main_establishment(organisation: Organisation, within: str) -> str | None:
    """Where the organisation has its seat in an area: its own country or part of one, else the first establishment."""
    seats = [organisation.subdivision, organisation.country, *(organisation.establishments or [])]
    return next((seat for seat in seats if seat and lies_in(seat, within)), None)


def _of_affected_states(asked: AuthorityOf, report: Report, known: Mapping[str, Authority]) -> list[Recipient]:
    places = [group.jurisdiction for group in report.people or [] if lies_in(group.jurisdiction, asked.place)]
    found = dict(_competent(place, known) for place in places)
    return list(found.items()) or [("the competent authority of each affected state, which are not known yet", None)]


def _competent(place: str, known: Mapping[str, Authority]) -> Recipient:
    country = place.split("-")[0]
    authority = known.get(place) or known.get(country)
    return (authority.name, authority) if authority else (f"the competent authority of {country}", None)
