import json
from collections.abc import Iterator

import pytest

from integrations.json_records import json_records
from models.errors import BadInputError

PRETTY = json.dumps({"a": {"b": 1}}, indent=2)


def read(text: str) -> list[tuple[str, dict[str, object]]]:
    return [(item.place, item.data) for item in json_records(text.splitlines(keepends=True), "f")]


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ('{"a": 1}', [("f:1", {"a": 1})]),
        ('\ufeff{"a": 1}\n\n{"a": 2}\n', [("f:1", {"a": 1}), ("f:3", {"a": 2})]),
        (PRETTY, [("f:1", {"a": {"b": 1}})]),
        ('[{"a": 1}, {"a": 2}]', [("f: record 1", {"a": 1}), ("f: record 2", {"a": 2})]),
        ('\n[\n {"a": 1},\n {"a": 2}\n]\n', [("f: record 1", {"a": 1}), ("f: record 2", {"a": 2})]),
        ("[]", []),
    ],
    ids=["one", "lines", "pretty", "array", "array over lines", "empty array"],
)
def test_an_object_an_array_and_json_lines_are_all_read(text: str, records: list[tuple[str, object]]) -> None:
    assert read(text) == records


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "f: it is empty"),
        ("\n \n", "f: it is empty"),
        ('{"a": 1}\n{"a": }\n', r"f:2: not valid JSON"),
        ('{"a":\n1,\n}', r"f:3: not valid JSON"),
        ('\n\n{"a" 1}', r"f:3: not valid JSON"),
        ('{"a": NaN}', r"f:1: not valid JSON: NaN is not a number"),
        ('{"a": ' + "9" * 5_000 + "}", r"f:1: not valid JSON"),
        ('{"a": 1}\n[1]', r"f:2: a record must be an object"),
        ("[1]", "f: record 1: a record must be an object"),
        ("3", "f:1: a record must be an object"),
        ("[" * 100_000, r"f:1: nested too deeply"),
        ('[{"a": 1}]\n{"a": 2}', r"f:2: not valid JSON: Extra data"),
        ("incident_id: 1\n", r"f:1: not valid JSON"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_its_place(text: str, what: str) -> None:
    with pytest.raises(BadInputError, match=f"^{what}") as refused:
        read(text)
    assert "\n" not in str(refused.value)


def test_json_lines_are_read_one_at_a_time() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield '{"a": 1}\n'

    records = json_records(endless(), "f")

    assert [next(records).place for _ in range(3)] == ["f:1", "f:2", "f:3"]


def test_a_file_that_is_not_text_is_bad_input() -> None:
    def lines() -> Iterator[str]:
        yield b"\xff\xfe{".decode()

    with pytest.raises(BadInputError, match="not UTF-8"):
        list(json_records(lines(), "f"))
