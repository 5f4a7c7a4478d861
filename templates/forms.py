"""Which texts exist for a duty or an audience, and which contents each of them must, may and must not hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, ConfigDict

from models.document import nearest, read_document, validated
from models.duty import Duty
from models.errors import BadInputError
from models.report import Report
from models.vocabulary import Audience, Category
from templates.phrases import FOLDER


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
    on_request: dict[Audience, dict[str, str]]
    pointers: dict[str, int]
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
_PUBLIC = (Audience.PRESS, Audience.CUSTOMER_CARE, Audience.STAFF)


@cache
def read_forms() -> Forms:
    """The one table of forms and contents."""
    return validated(Forms, read_document(FOLDER / "forms.yaml"))


def texts_for(duty: Duty | None) -> tuple[TextForm, ...]:
    """The texts that a duty needs; without a duty those for the press, customer care and staff.

    Forms that are drafted only on request, such as a text message, are not among them.
    """
    audiences = _PUBLIC if duty is None else (duty.audience,)
    return tuple(
        TextForm(audience, form, template)
        for audience in audiences
        for form, template in read_forms().forms[audience].items()
    )


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
    return table.forms[audience] | table.on_request.get(audience, {})


def rule_of(duty: Duty | None) -> ProvisionRule:
    """What the duty's provision prescribes about form, or nothing in particular."""
    return read_forms().provisions.get(duty.provision, _FREE) if duty else _FREE


def contents_of(duty: Duty | None, report: Report) -> Contents:
    """The content keys of the duty's text: those of the law first and in its order, then what a good text holds besides.

    Raises `BadInputError` for a key that no template has words for.
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
    keys = dict.fromkeys([*named, *added, *usual, *table.always.get(duty.audience, ())])
    left_out = {*rule.forbids, *(key for key in rule.leaves_out if key not in named)}
    held = tuple(key for key in keys if key not in left_out)
    required = tuple(key for key in dict.fromkeys([*named, *added]) if key not in left_out)
    return Contents(held, required, tuple(rule.forbids))


def by_section(keys: tuple[str, ...], sections: list[str], of: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Content keys sorted into the sections of a letter, in the table's order; what fits nowhere goes to the last one."""
    homes = {key: of[key] if of[key] in sections else sections[-1] for key in of if key in keys}
    return {name: tuple(key for key, home in homes.items() if home == name) for name in sections}


def _has_data(report: Report, wanted: list[Category]) -> bool:
    return any(item.category in wanted for item in report.data or ())
