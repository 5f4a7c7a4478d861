"""Which texts exist for a duty or an audience, and which contents each of them must, may and must not hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from models.document import nearest, read_document, validated
from models.duty import Duty
from models.errors import BadInputError
from models.places import lies_in
from models.report import PeopleGroup, Report
from models.vocabulary import Audience, Category, Level, Relationship
from templates.phrases import FOLDER

Condition = Literal["minors", "employees", "accounts", "grave", "followed_up"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Addition(_Part):
    """A content that one provision adds, always or only where such data were affected."""

    content: str
    for_data: list[Category] | None = None


class ProvisionRule(_Part):
    """What one provision prescribes about title, order and headings, and what it forbids."""

    citation: str
    title: str | None = None
    sections: list[str] | None = None
    forbids: list[str] = []
    leaves_out: list[str] = []
    adds: list[Addition] = []


class Forms(_Part):
    """The file `forms.yaml`."""

    forms: dict[Audience, dict[str, str]]
    called_for: dict[str, Condition]
    on_request: dict[Audience, dict[str, str]]
    after_filing: dict[Audience, dict[str, str]]
    pointers: dict[str, int]
    everywhere: list[Audience]
    everywhere_words: list[str]
    plain: list[Audience]
    contents: dict[str, str]
    silent: list[str]
    defaults: dict[Audience, list[str]]
    always: dict[Audience, list[str]]
    letter_sections: list[str]
    provisions: dict[str, ProvisionRule]


@dataclass(frozen=True)
class TextForm:
    """One text that exists: for whom, in which form, from which template."""

    audience: Audience
    form: str
    template: str


@dataclass(frozen=True)
class Contents:
    """What one text holds: the keys in order, and those of them that the law requires."""

    keys: tuple[str, ...]
    required: tuple[str, ...]
    forbidden: tuple[str, ...]


NOTHING = Contents((), (), ())
_FREE = ProvisionRule(citation="")
_PUBLIC = (Audience.PRESS, Audience.CUSTOMER_CARE, Audience.STAFF, Audience.BOARD)


@cache
def read_forms() -> Forms:
    """The one table of forms and contents."""
    return validated(Forms, read_document(FOLDER / "forms.yaml"))


@dataclass(frozen=True)
class Occasion:
    """What decides which texts are called for: the facts, the severity, and whether the press has been told before."""

    report: Report
    level: Level
    press_told: bool = False


def texts_for(duty: Duty | None, occasion: Occasion) -> tuple[TextForm, ...]:
    """The texts that a duty calls for; without a duty those for the press, customer care, staff and the board.

    Forms that are drafted only on request, such as a text message, are not among them.
    """
    table = read_forms()
    return tuple(
        TextForm(audience, form, template)
        for audience in audiences_of(duty)
        for form, template in table.forms[audience].items()
        if template not in table.called_for or _HOLDS[table.called_for[template]](duty, occasion)
    )


def texts_on_request(duty: Duty | None) -> tuple[TextForm, ...]:
    """The texts that are drafted for a duty, or without one, when somebody asks for them: also those not called for."""
    table = read_forms()
    return tuple(
        TextForm(audience, form, template)
        for audience in audiences_of(duty)
        for form, template in forms_of(audience).items()
        if template in table.called_for or form in table.on_request.get(audience, {})
    )


def lapsed(duty: Duty | None, audience: Audience, form: str, occasion: Occasion) -> Condition | None:
    """The condition under which a form is called for and that does not hold, or None."""
    condition = read_forms().called_for.get(forms_of(audience).get(form, ""))
    return condition if condition and not _HOLDS[condition](duty, occasion) else None


def audiences_of(duty: Duty | None) -> tuple[Audience, ...]:
    """Whom the texts of a duty are for; without a duty the press, customer care, staff and the board."""
    return _PUBLIC if duty is None else (duty.audience,)


def _groups(duty: Duty | None, occasion: Occasion) -> list[PeopleGroup]:
    place = duty.jurisdiction if duty else ""
    return [group for group in occasion.report.people or () if lies_in(group.jurisdiction, place)]


_HOLDS: Mapping[Condition, Callable[[Duty | None, Occasion], bool]] = {
    "minors": lambda duty, occasion: any(group.minors for group in _groups(duty, occasion)),
    "employees": lambda duty, occasion: any(
        group.relationship is Relationship.EMPLOYEE for group in _groups(duty, occasion)
    ),
    "accounts": lambda duty, occasion: any(
        group.relationship is Relationship.USER for group in _groups(duty, occasion)
    ),
    "grave": lambda _, occasion: occasion.level in (Level.HIGH, Level.VERY_HIGH),
    "followed_up": lambda _, occasion: occasion.press_told,
}


def text_form(audience: Audience, form: str | None) -> TextForm:
    """The form called `form`, or the audience's first, or a `BadInputError` that names those there are."""
    known = forms_of(audience)
    chosen = form or next(iter(known))
    if chosen not in known:
        raise BadInputError(f"no text for {audience.value} has the form {chosen!r}{nearest(chosen, known)}")
    return TextForm(audience, chosen, known[chosen])


def forms_of(audience: Audience) -> dict[str, str]:
    """Every form that the audience has, those on request last, with its template."""
    table = read_forms()
    return table.forms[audience] | table.on_request.get(audience, {}) | table.after_filing.get(audience, {})


def rule_of(duty: Duty | None) -> ProvisionRule:
    """What the duty's provision prescribes about form, or nothing in particular."""
    return read_forms().provisions.get(duty.provision, _FREE) if duty else _FREE


def contents_of(duty: Duty | None, report: Report, *, late: bool = False) -> Contents:
    """The content keys of the duty's text: those of the law first and in its order, then what a good text holds besides.

    A filing that is `late` has to give the reasons for the delay, whether or not its law lists them. Raises `BadInputError`
    for a key that no template has words for.
    """
    if duty is None:
        return NOTHING
    table, rule = read_forms(), rule_of(duty)
    named = [key for key in duty.content if key not in table.silent]
    for key in named:
        if key not in table.contents:
            raise BadInputError(f"{duty.provision}: no words for the content {key!r}{nearest(key, table.contents)}")
    usual = [] if named else table.defaults[duty.audience]
    added = [one.content for one in rule.adds if one.for_data is None or _has_data(report, one.for_data)]
    added += ["delay_reasons"] if late and duty.audience in (Audience.AUTHORITY, Audience.CSIRT) else []
    keys = dict.fromkeys([*named, *added, *usual, *table.always.get(duty.audience, ())])
    left_out = {*rule.forbids, *(key for key in rule.leaves_out if key not in named)}
    held = tuple(key for key in keys if key not in left_out)
    required = tuple(key for key in dict.fromkeys([*named, *added]) if key not in left_out)
    return Contents(held, required, tuple(rule.forbids))


@lru_cache(maxsize=1024)
def by_section(keys: tuple[str, ...], sections: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Content keys sorted into the sections of a letter, in the table's order; what fits nowhere goes to the last one."""
    of = read_forms().contents
    homes = {key: of[key] if of[key] in sections else sections[-1] for key in of if key in keys}
    return {name: tuple(key for key, home in homes.items() if home == name) for name in sections}


def _has_data(report: Report, wanted: list[Category]) -> bool:
    return any(item.category in wanted for item in report.data or ())
