"""Forms for facts: which control asks for which fact, what it shows, and the facts that a filled form states.

Every input is called by the fact's path, such as `people[0].count`. Left empty, it is not known; "-" is "none of these".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from fastapi import Depends, Request
from pydantic import BaseModel

from console.facts import CHOICES, PLACES, VOCABULARY, plain_path
from models.clock import zone
from models.errors import BadInputError
from models.report import Report, Times

ROWS = {
    "people": ("jurisdiction", "count", "relationship", "minors", "vulnerable"),
    "data": ("category", "classification", "encrypted", "key_compromised"),
    "contracts": ("party", "within_hours", "from", "contact", "citation"),
    "impact.direct_losses": ("currency", "amount"),
    "impact.without_service": ("jurisdiction", "count", "percent_of_province", "percent_of_city"),
}
"""The lists that a form shows as rows, each with its columns; a row without its first column is none."""

QUICK_DATA = "data.category"  # every category that is ticked, all with the same encryption
MOST_ROWS = 500
TIMES = tuple(Times.model_fields)
NEVER_UNKNOWN = frozenset({"circumstances", "contracts"})  # what is not listed is not established
HAS_DEFAULT = frozenset({"contracts.from"})  # left open, the report says it itself
NONE = "-"
Given = Mapping[str, Sequence[str]]
"""A filled form: what was entered under each path."""


class Ask(StrEnum):
    """How a fact is asked for."""

    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes_no"
    NUMBER = "number"
    TIME = "time"
    PLACE = "place"
    PLACES = "places"
    TEXT = "text"
    TEXTS = "texts"
    ROWS = "rows"


@dataclass(frozen=True)
class Control:
    """One question of a form."""

    path: str
    ask: Ask
    family: str = ""
    choices: tuple[str, ...] = ()


def control(path: str) -> Control:
    """How the fact at `path` is asked for; raises `BadInputError` for a path that no report has."""
    plain = plain_path(path)
    kind = _kind(plain)
    family = VOCABULARY.get(plain, "")
    choices = () if not family else TIMES if family == "times" else tuple(word.value for word in CHOICES[family])
    return Control(path, _ask(plain, kind, family), family, choices)


def _ask(plain: str, kind: Any, family: str) -> Ask:  # Any: a type annotation
    parts = _parts(kind)
    several = list in parts
    if any(isinstance(part, type) and issubclass(part, BaseModel) for part in parts):
        return Ask.ROWS
    if family:
        return Ask.CHOICES if several else Ask.CHOICE
    if plain in PLACES:
        return Ask.PLACES if several else Ask.PLACE
    if plain.startswith("times."):
        return Ask.TIME
    if bool in parts:
        return Ask.YES_NO
    if int in parts:
        return Ask.NUMBER
    return Ask.TEXTS if several else Ask.TEXT


@cache
def _kind(plain: str) -> Any:  # Any: a type annotation
    model: Any = Report
    for part in plain.split("."):
        fields = {field.alias or name: field for name, field in getattr(model, "model_fields", {}).items()}
        if part not in fields:
            raise BadInputError(f"{plain!r} is not a fact of a report; `tocsin schema report` lists them")
        annotation = fields[part].annotation
        model = next((one for one in _parts(annotation) if isinstance(one, type) and issubclass(one, BaseModel)), None)
    return annotation


def _parts(kind: Any) -> set[Any]:  # Any: a type annotation, and what it is made of
    inner = {part for each in get_args(kind) for part in _parts(each)} if get_args(kind) else {kind}
    return inner | ({list} if get_origin(kind) is list else set())


async def posted(request: Request) -> Given:
    """What of a sent form is facts; everything else in it is left to whoever asks for it by name."""
    form = await request.form()
    return {
        name: [value for value in form.getlist(name) if isinstance(value, str)]
        for name in form
        if re.split(r"[.\[]", name)[0] in Report.model_fields
    }


Posted = Annotated[Given, Depends(posted)]


def given_by(report: Mapping[str, Any], zone_name: str, paths: Iterable[str]) -> dict[str, list[str]]:
    """A form filled with what is known: the facts at these paths as a person would have entered them."""
    return {path: _entered(control(path), value_at(report, path), zone_name) for path in paths}


def _entered(asked: Control, value: Any, zone_name: str) -> list[str]:  # Any: plain JSON
    if value is None:
        return []
    if isinstance(value, list):
        return [str(item) for item in value] or [NONE]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if asked.ask is Ask.TIME:
        return [datetime.fromisoformat(value).astimezone(zone(zone_name)).strftime("%Y-%m-%dT%H:%M")]
    return [str(value)]


def value_at(report: Any, path: str) -> Any:  # Any: plain JSON
    """The value at a path of a report's JSON, or None where there is none."""
    for name, index in re.findall(r"([a-z_]+)|\[(\d+)\]", path):
        if name:
            report = report.get(name) if isinstance(report, dict) else None
        else:
            report = report[int(index)] if isinstance(report, list) and int(index) < len(report) else None
    return report


def row_paths(report: Mapping[str, Any], name: str) -> list[str]:
    """The paths of every control of the rows of a list."""
    return [f"{name}[{index}].{column}" for index in range(len(value_at(report, name) or ())) for column in ROWS[name]]


def row_count(given: Given, name: str) -> int:
    """How many rows of a list a filled form has."""
    found = [int(index) for path in given for index in re.findall(rf"^{re.escape(name)}\[(\d{{1,9}})\]", path)]
    return min(max(found, default=-1) + 1, MOST_ROWS + 1)


def facts_in(given: Given, zone_name: str, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The facts that a filled form states, as a report's JSON; rows keep what of `known` the form does not show.

    Raises `BadInputError` for a path that no report has, a time or a time zone that cannot be read.
    """
    facts: dict[str, Any] = {}
    for path, entered in given.items():
        if not path.startswith(tuple(ROWS)):
            value = _stated(control(path), entered, zone_name)
            _put(facts, path.split("."), [] if value is None and path in NEVER_UNKNOWN else value)
    if given.get(QUICK_DATA):
        sealed = _stated(control("data.encrypted"), given.get("data.encrypted", []), zone_name)
        facts["data"] = [{"category": word, "encrypted": sealed} for word in given[QUICK_DATA]]
    for name in ROWS:
        if row_count(given, name) > MOST_ROWS:
            raise BadInputError(f"{name}: a form has at most {MOST_ROWS} rows; add the rest with `tocsin update`")
        if row_count(given, name):
            rows = _rows(given, name, zone_name, value_at(known or {}, name) or [])
            _put(facts, name.split("."), rows or ([] if name in NEVER_UNKNOWN else None))
    return facts


def _rows(given: Given, name: str, zone_name: str, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for index in range(row_count(given, name)):
        row = dict(known[index]) if index < len(known) else {}
        for column in ROWS[name]:
            path = f"{name}[{index}].{column}"
            if path in given:
                row[column] = _stated(control(path), given[path], zone_name)
            if row.get(column) is None and f"{name}.{column}" in HAS_DEFAULT:
                row.pop(column, None)
        if row.get(ROWS[name][0]):
            rows.append(row)
    return rows


def _put(facts: dict[str, Any], keys: list[str], value: Any) -> None:  # Any: plain JSON
    for key in keys[:-1]:
        facts = facts.setdefault(key, {})
    facts[keys[-1]] = value


def _stated(asked: Control, entered: Sequence[str], zone_name: str) -> Any:  # Any: plain JSON
    if asked.ask is Ask.ROWS:
        raise BadInputError(f"{asked.path} is filled in part by part")
    values = [value.strip() for value in entered if value.strip()]
    if asked.ask in (Ask.CHOICES, Ask.PLACES, Ask.TEXTS):
        words = [word for value in values for word in ([value] if asked.ask is Ask.CHOICES else value.split(","))]
        return [word.strip() for word in words if word.strip() not in ("", NONE)] if words else None
    if not values:
        return None
    match asked.ask:
        case Ask.YES_NO:
            return {"yes": True, "no": False}.get(values[0], values[0])
        case Ask.NUMBER:
            digits = values[0].replace(" ", "").replace(",", "")
            return int(digits) if digits.isdecimal() and len(digits) < 16 else values[0]
        case Ask.TIME:
            return _moment(asked.path, values[0], zone_name)
    return values[0]


def _moment(path: str, entered: str, zone_name: str) -> str:
    try:
        moment = datetime.fromisoformat(entered)
    except ValueError as error:
        raise BadInputError(f"{path}: {entered!r} is not a time; write one such as 2026-03-01T08:00") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone(zone_name))).isoformat()
