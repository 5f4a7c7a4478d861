"""Records from JSON text: one object, an array of objects, or one object a line (JSON Lines), which is streamed."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from models.errors import BadInputError

MOST_CHARACTERS_AT_ONCE = 64_000_000


@dataclass(frozen=True)
class JsonRecord:
    """One object, and where it stands, fit to begin an error with."""

    place: str
    data: dict[str, object]


def json_records(lines: Iterable[str], source: str) -> Iterator[JsonRecord]:
    """The objects in `lines`, one at a time.

    Raises `BadInputError`, which names the line, for text that is not JSON or holds something other than objects.
    """
    numbered = enumerate(_readable(lines, source), 1)
    number, line = next((pair for pair in numbered if pair[1].strip()), (0, ""))
    if not number:
        raise BadInputError(f"{source}: it is empty; give it at least one record")
    try:
        first = _parsed(line)
    except (ValueError, RecursionError):
        yield from _from_one_text(number, _all_of(line, numbered, source), source)
        return
    if isinstance(first, list):
        yield from _from_one_text(number, _all_of(line, numbered, source), source)
        return
    yield _record(first, f"{source}:{number}")
    for number, line in numbered:
        if line.strip():
            yield _record(_value(line, number, source), f"{source}:{number}")


def _readable(lines: Iterable[str], source: str) -> Iterator[str]:
    try:
        for number, line in enumerate(lines):
            yield line.removeprefix("\ufeff") if number == 0 else line
    except UnicodeDecodeError as error:
        raise BadInputError(f"{source}: not UTF-8 text (byte {error.start}); save it as UTF-8 JSON") from error


def _all_of(first: str, rest: Iterable[tuple[int, str]], source: str) -> str:
    parts, size = [first], len(first)
    for _, line in rest:
        parts.append(line if line.endswith("\n") else f"{line}\n")
        size += len(line)
        if size > MOST_CHARACTERS_AT_ONCE:
            raise BadInputError(f"{source}: too large to read at once; write one record a line (JSON Lines)")
    return "".join(parts)


def _from_one_text(number: int, text: str, source: str) -> Iterator[JsonRecord]:
    whole = _value(text, number, source)
    if not isinstance(whole, list):
        yield _record(whole, f"{source}:{number}")
        return
    for index, item in enumerate(whole, 1):
        yield _record(item, f"{source}: record {index}")


def _record(value: object, place: str) -> JsonRecord:
    if not isinstance(value, dict):
        raise BadInputError(f"{place}: a record must be an object in braces, not {json.dumps(value)[:40]}")
    return JsonRecord(place, value)


def _value(text: str, number: int, source: str) -> object:
    try:
        return _parsed(text)
    except json.JSONDecodeError as error:
        raise BadInputError(
            f"{source}:{number + error.lineno - 1}: not valid JSON: {error.msg} (column {error.colno}); mend that line"
        ) from error
    except RecursionError as error:
        raise BadInputError(f"{source}:{number}: nested too deeply to be a record") from error
    except ValueError as error:
        raise BadInputError(f"{source}:{number}: not valid JSON: {' '.join(str(error).split())}") from error


def _parsed(text: str) -> object:
    value: object = json.loads(text, parse_constant=_no_such_number)
    return value


def _no_such_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")
