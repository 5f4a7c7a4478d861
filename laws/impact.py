"""Questions about what an incident did beyond the data: interruption, loss, people without a service, altered pages.

Where a service was disrupted, an impact that is not stated is unknown. Otherwise it counts once it is stated, as any
aggravation does.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Literal

from pydantic import Field, NonNegativeInt, TypeAdapter

from laws.part import Part
from laws.question import Facts
from models.condition import Answer, Condition, Word, any_of
from models.places import lies_in
from models.report import Report, WithoutService
from models.vocabulary import Circumstance, Grade, OfficialSite, Sector, Threat

SITE_SECTORS = frozenset({Sector.GOVERNMENT, Sector.MEDIA})


def _disrupted(report: Report) -> bool:
    return Circumstance.SERVICE_DISRUPTED in report.circumstances


def _not_stated(report: Report, path: str, what: str) -> Answer:
    if _disrupted(report):
        return Answer(None, (f"{what} is not known",), (path,))
    return Answer(False, (f"{what} is not stated; it counts once {path} says it",))


class _DowntimeQuestion(Part):
    part: Literal["main_function", "whole_system"] = "main_function"
    at_least_minutes: NonNegativeInt


def _disrupted_for(argument: object) -> Condition:
    question = _DowntimeQuestion.model_validate(argument)
    field, named = f"{question.part}_down_minutes", question.part.replace("_", " ")

    def ask(situation: Facts) -> Answer:
        report = situation.report
        minutes = getattr(report.impact, field)
        if minutes is None and not _disrupted(report):
            return Answer(False, ("no service was disrupted",))
        if minutes is None and question.part == "main_function":
            return _by_the_times(report, question.at_least_minutes)
        if minutes is None:
            return _not_stated(report, f"impact.{field}", f"how long the {named} was interrupted")
        return Answer(minutes >= question.at_least_minutes, (f"the {named} was interrupted for {_minutes(minutes)}",))

    return ask


def _by_the_times(report: Report, least: int) -> Answer:
    began, ended = report.times.occurred_from, report.times.contained_at or report.times.occurred_to
    if began is None or ended is None:
        named = (("times.occurred_from", began), ("times.contained_at", ended))
        missing = tuple(name for name, at in named if at is None)
        return Answer(None, ("how long the service was disrupted is not known",), missing)
    lasted = (ended - began).total_seconds() / 60
    return Answer(lasted >= least, (f"the service was disrupted for {_minutes(int(lasted))}",))


def _minutes(count: int) -> str:
    hours, rest = divmod(count, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


class _LossQuestion(Part):
    currency: str
    at_least: NonNegativeInt


def _direct_loss(argument: object) -> Condition:
    question = _LossQuestion.model_validate(argument)
    path = "impact.direct_losses"

    def ask(situation: Facts) -> Answer:
        losses = situation.report.impact.direct_losses
        if losses is None:
            return _not_stated(situation.report, path, "the direct economic loss")
        known = sum(loss.amount for loss in losses if loss.currency == question.currency)
        if known >= question.at_least:
            return Answer(True, (f"direct economic loss of {known:,} {question.currency}",))
        others = sorted({loss.currency for loss in losses if loss.amount and loss.currency != question.currency})
        if others:
            said = f"the loss is stated in {', '.join(others)}; give it in {question.currency}"
            return Answer(None, (said,), (path,))
        return Answer(False, (f"direct economic loss of {known:,} {question.currency}",))

    return ask


class _ServiceQuestion(Part):
    place: str = Field(alias="in")
    of: Literal["people", "province", "city"] = "people"
    at_least: NonNegativeInt


def _without_service(argument: object) -> Condition:
    question = _ServiceQuestion.model_validate(argument)
    count_of = _summed if question.of == "people" else _fullest

    def ask(situation: Facts) -> Answer:
        groups = situation.report.impact.without_service
        if groups is None:
            return _not_stated(situation.report, "impact.without_service", "how many people were without the service")
        there = [(index, group) for index, group in enumerate(groups) if lies_in(group.jurisdiction, question.place)]
        return count_of(there, question)

    return ask


def _summed(groups: list[tuple[int, WithoutService]], question: _ServiceQuestion) -> Answer:
    known = sum(group.count for _, group in groups if group.count is not None)
    missing = tuple(f"impact.without_service[{index}].count" for index, group in groups if group.count is None)
    if known < question.at_least and missing:
        return Answer(None, ("how many people were without the service is not known",), missing)
    return Answer(known >= question.at_least, (f"{known:,} people in {question.place} were without the service",))


def _fullest(groups: list[tuple[int, WithoutService]], question: _ServiceQuestion) -> Answer:
    field = f"percent_of_{question.of}"
    return any_of(
        _share(getattr(group, field), f"impact.without_service[{at}].{field}", question) for at, group in groups
    )


def _share(percent: int | None, path: str, question: _ServiceQuestion) -> Answer:
    if percent is None:
        return Answer(None, (f"what share of one {question.of} was without the service is not known",), (path,))
    return Answer(percent >= question.at_least, (f"{percent} % of one {question.of} were without the service",))


def _official_site(argument: object) -> Condition:
    wanted = TypeAdapter(list[OfficialSite]).validate_python(argument)

    def ask(situation: Facts) -> Answer:
        report = situation.report
        site = report.impact.official_site
        if site is not None:
            return Answer(site in wanted, (f"the site concerned: {site.value.replace('_', ' ')}",))
        sectors = report.organisation.sectors
        if _disrupted(report) and (sectors is None or SITE_SECTORS.intersection(sectors)):
            return Answer(
                None,
                ("whether an official portal or a key news site was down is not known",),
                ("impact.official_site",),
            )
        return Answer(False, ("no official portal or key news site is concerned",))

    return ask


class _PagesQuestion(Part):
    of: Literal["homepage_minutes", "other_page_minutes", "reposts", "views"]
    at_least: NonNegativeInt


def _altered_pages(argument: object) -> Condition:
    question = _PagesQuestion.model_validate(argument)

    def ask(situation: Facts) -> Answer:
        pages = situation.report.impact.altered_pages
        if pages is None:
            return Answer(False, ("no page is stated to have shown illegal content",))
        counted = getattr(pages, question.of)
        if counted is None:
            path = f"impact.altered_pages.{question.of}"
            return Answer(None, (f"{path} is not known",), (path,))
        return Answer(counted >= question.at_least, (f"altered pages: {question.of.replace('_', ' ')} {counted:,}",))

    return ask


def _threat(argument: object) -> Condition:
    least = TypeAdapter(Threat).validate_python(argument)
    return _reaches("impact.threat", least, lambda report: report.impact.threat)


def _official_grade(argument: object) -> Condition:
    least = TypeAdapter(Grade).validate_python(argument)
    return _reaches("impact.official_grade", least, lambda report: report.impact.official_grade)


def _reaches(path: str, least: StrEnum, stated: Callable[[Report], StrEnum | None]) -> Condition:
    order = list(type(least))  # least first

    def ask(situation: Facts) -> Answer:
        found = stated(situation.report)
        if found is None:
            return Answer(False, (f"{path} is not stated",))
        return Answer(order.index(found) >= order.index(least), (f"{path}: {found.value.replace('_', ' ')}",))

    return ask


IMPACT_WORDS: Mapping[str, Word] = {
    "disrupted_for": _disrupted_for,
    "direct_loss": _direct_loss,
    "without_service": _without_service,
    "official_site": _official_site,
    "altered_pages": _altered_pages,
    "threat": _threat,
    "official_grade": _official_grade,
}
