"""Strict reading of YAML and JSON from outside: YAML 1.2 scalars, no duplicate key, every error with its line.

YAML 1.1 would read Norway's code `NO` as false and `12:30` as a number; here both stay text.
Times stay text too, so that one without an offset is seen and refused by the model that asks for it.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from models.errors import BadInputError

LARGEST_DOCUMENT_BYTES = 2_000_000
MOST_NODES = 200_000  # aliases of aliases can unfold a small file into billions of values

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[str | int, ...]

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):  # type: ignore[misc, valid-type]  # the C loader exists only where libyaml does
    """Safe loading with the YAML 1.2 core schema."""


_StrictLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+.0123456789",
    ),
):
    _StrictLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _whole_number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = loader.construct_scalar(node)
    return int(text, 0 if text.startswith(("0o", "0x")) else 10)  # YAML 1.1 would read 0400 as 256


_StrictLoader.add_constructor("tag:yaml.org,2002:int", _whole_number)


@dataclass(frozen=True)
class Document:
    """A parsed file: its plain data, and on which line each part of it stands."""

    data: object
    source: str
    lines: dict[Location, int]

    def line_of(self, location: Location) -> int | None:
        """The line, counted from 1, of the nearest enclosing part of `location` that the file holds."""
        while location not in self.lines and location:
            location = location[:-1]
        return self.lines.get(location)


def read_document(source: Path | str, content: bytes | None = None) -> Document:
    """Read one YAML (or JSON) document from a file, or from `content` named `source`.

    Raises `BadInputError`, one line, for what cannot be read: missing, too large, binary, empty, broken, or a key twice.
    """
    raw = content if content is not None else _bytes_of(Path(source))
    name = str(source)
    if len(raw) > LARGEST_DOCUMENT_BYTES:
        raise BadInputError(
            f"{name}: {len(raw)} bytes; at most {LARGEST_DOCUMENT_BYTES} are read, so send the facts and not the data itself"
        )
    text = _text_of(raw, name)
    loader = _StrictLoader(_as_yaml(text))
    try:
        node = loader.get_single_node()
        if node is None:
            raise BadInputError(f"{name}: it is empty; see `tocsin report --help` for an example")
        lines: dict[Location, int] = {}
        _note_lines(node, (), lines, name, frozenset())
        return Document(loader.construct_document(node), name, lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}" if mark else name
        raise BadInputError(f"{place}: not valid YAML: {error.problem or 'unreadable'}; mend that line") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInputError(f"{name}: not valid YAML: {_one_line(error)}") from error
    finally:
        loader.dispose()


_PAIR = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)


def _as_yaml(text: str) -> str:
    """JSON may write a sign such as an emoji as two escapes, which YAML does not know: they become the sign itself."""
    if not text.lstrip().startswith(("{", "[")) or "\\ud" not in text.lower():
        return text
    return _PAIR.sub(lambda found: _one_sign(found[1], found[2]) if found[1] else found[0], text)


def _one_sign(high: str, low: str) -> str:
    return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_DOCUMENT_BYTES:
            raise BadInputError(
                f"{path}: {path.stat().st_size} bytes; at most {LARGEST_DOCUMENT_BYTES} are read, so send the facts and not the data itself"
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise BadInputError(f"{path}: no such file; check the path") from error
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def _text_of(raw: bytes, name: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInputError(f"{name}: not UTF-8 text (byte {error.start}); save it as UTF-8 YAML or JSON") from error
    if "\x00" in text:
        raise BadInputError(f"{name}: a binary file; a YAML or JSON text is needed")
    return text


def _note_lines(node: yaml.Node, at: Location, lines: dict[Location, int], name: str, above: frozenset[int]) -> None:
    if id(node) in above:
        raise BadInputError(f"{name}:{node.start_mark.line + 1}: an alias that contains itself; write the value out")
    if len(lines) > MOST_NODES:
        raise BadInputError(f"{name}: unfolds to more than {MOST_NODES} values; write it without nested aliases")
    above |= {id(node)}
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(item, (*at, index), lines, name, above)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            word = str(key.value)
            if word in seen:
                raise BadInputError(f"{name}:{key.start_mark.line + 1}: the key {word!r} stands twice; keep one")
            seen.add(word)
            lines[(*at, word)] = key.start_mark.line + 1
            _note_lines(value, (*at, word), lines, name, above)


def as_yaml(data: object) -> str:
    """Plain data as a person reads and edits it."""
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)


def validated(model: type[Model], document: Document) -> Model:
    """The document as a `model`, or a `BadInputError` in one line: file, line, what, how to mend it, nearest known word."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        first, *others = error.errors()
        more = f" (and {len(others)} more)" if others else ""
        raise BadInputError(f"{_place(document, first)}: {explained(first, model)}{more}") from error


def _place(document: Document, detail: ErrorDetails) -> str:
    line = document.line_of(tuple(detail["loc"]))
    return f"{document.source}:{line}" if line else document.source


def explained(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """One validation error in plain words, with the nearest known word where a word was not known."""
    path = ".".join(str(part) for part in detail["loc"]) or "the document"
    kind, given = detail["type"], detail.get("input")
    if kind == "extra_forbidden":
        return f"unknown key {path!r}{nearest(str(detail['loc'][-1]), _keys_at(model, detail['loc'][:-1]))}"
    if kind in ("enum", "literal_error"):
        return f"{path}: unknown word {given!r}{nearest(str(given), _words_in(str(detail['ctx']['expected'])))}"
    if kind == "missing":
        return f"{path} is missing; add it"
    if kind in ("datetime_parsing", "datetime_from_date_parsing"):
        return f"{path}: {given!r} is not a time; write one with its offset, such as 2026-03-01T08:00:00+01:00"
    if kind == "timezone_aware":
        return f"{path}: the time {given!r} has no offset; write it with one, such as 2026-03-01T08:00:00+01:00"
    message = detail["msg"].removeprefix("Value error, ")
    return f"{path}: {_one_line(message)}"


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that ends a sentence: the known words most like `word`, or the first few there are."""
    candidates = list(dict.fromkeys(known))
    close = difflib.get_close_matches(word, candidates, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known are {', '.join(candidates[:12])}{' ...' if len(candidates) > 12 else ''}" if candidates else ""


def _words_in(expected: str) -> Sequence[str]:
    return re.findall(r"'([^']+)'", expected)


def _keys_at(model: type[BaseModel], location: Location) -> list[str]:
    current: object = model
    for part in location:
        if isinstance(part, int):
            continue
        current = _model_in(current, part)
    fields = getattr(current, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def _model_in(current: object, part: str) -> object:
    """The model behind a field, through lists and optional values; a tag of a union is passed over."""
    fields = getattr(current, "model_fields", None)
    by_alias = {(field.alias or name): field for name, field in (fields or {}).items()}
    if part not in by_alias:
        return current
    pending: list[object] = [by_alias[part].annotation]
    while pending:
        candidate = pending.pop()
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
        pending.extend(getattr(candidate, "__args__", ()))
    return None


def _one_line(message: object) -> str:
    return " ".join(str(message).split())
