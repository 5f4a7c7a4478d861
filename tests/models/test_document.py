import time
from pathlib import Path

import pytest

from models.document import LARGEST_DOCUMENT_BYTES, read_document
from models.errors import BadInputError


def read(text: str | bytes) -> object:
    content = text.encode() if isinstance(text, str) else text
    return read_document("facts.yaml", content).data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("1:20:30", "1:20:30"),
        ("2026-03-01", "2026-03-01"),
        ("2026-03-01T08:00:00+01:00", "2026-03-01T08:00:00+01:00"),
        ("1_000", "1_000"),
        ("010", 10),
        ("08", 8),
        ("-0400", -400),
        ("0o10", 8),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("'null'", "null"),
        ("4000", 4000),
        ("-1", -1),
    ],
)
def test_a_scalar_is_read_as_yaml_1_2_has_it(text: str, value: object) -> None:
    found = read(f"value: {text}")

    assert found == {"value": value}
    assert isinstance(found, dict)
    assert type(found["value"]) is type(value)


def test_json_is_read_too() -> None:
    assert read('{"title": "Lost laptop", "records": 40, "people": [{"jurisdiction": "NO"}]}') == {
        "title": "Lost laptop",
        "records": 40,
        "people": [{"jurisdiction": "NO"}],
    }


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    assert read(b"\xef\xbb\xbftitle: Lost laptop\r\nrecords: 40\r\n") == {"title": "Lost laptop", "records": 40}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "facts.yaml: it is empty"),
        (b"   \n# only a remark\n", "facts.yaml: it is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "facts.yaml: not UTF-8 text (byte 0)"),
        (b"title: x\x00y", "facts.yaml: a binary file"),
        (b"title: caf\xe9", "facts.yaml: not UTF-8 text (byte 10)"),
        (b"title: [unclosed\nkind: other", "facts.yaml:2: not valid YAML"),
        (b"title: x\n\tkind: other", "facts.yaml:2: not valid YAML"),
        (b"title: 'x\nkind: other\n", "facts.yaml:3: not valid YAML"),
        (b"a: 1\n---\nb: 2\n", "facts.yaml:2: not valid YAML: but found another document"),
        (b"title: !!python/object/apply:os.system ['true']", "facts.yaml:1: not valid YAML: could not determine"),
        (b"title: x\x07y", "facts.yaml: not valid YAML"),
        (b"title: one\nkind: other\ntitle: two\n", "facts.yaml:3: the key 'title' stands twice; keep one"),
        (b"times:\n  aware_at: a\n  aware_at: b\n", "facts.yaml:3: the key 'aware_at' stands twice; keep one"),
        (b'{"title": "one", "title": "two"}', "facts.yaml:1: the key 'title' stands twice; keep one"),
        (b"a: &a\n  - *a\n", "facts.yaml:1: an alias that contains itself"),
        (b"a: *nowhere\n", "facts.yaml:1: not valid YAML: found undefined alias"),
        (b"? [a, b]\n: c\n", "facts.yaml:1: not valid YAML: found unhashable key"),
        (b"[" * 5000 + b"]" * 5000, "facts.yaml: not valid YAML"),
        (b"a: {" * 3000 + b"}" * 3000, "facts.yaml: not valid YAML"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_refused_in_one_line_that_names_the_place(content: bytes, complaint: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read(content)

    assert str(caught.value).startswith(complaint)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_aliases_of_aliases_are_refused_before_they_unfold() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    began = time.monotonic()

    with pytest.raises(BadInputError, match="unfolds to more than 200000 values"):
        read(bomb)
    assert time.monotonic() - began < 5


def test_merge_keys_are_text_and_not_magic() -> None:
    assert read("base: &base {a: 1}\nother: {'<<': *base}\n") == {"base": {"a": 1}, "other": {"<<": {"a": 1}}}


def test_a_large_file_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "dump.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)

    with pytest.raises(BadInputError, match="50000000 bytes; at most 2000000 are read"):
        read_document(path)


def test_the_largest_document_is_read_and_one_byte_more_is_not() -> None:
    text = b"title: x #".ljust(LARGEST_DOCUMENT_BYTES, b".")

    assert read(text) == {"title": "x"}
    with pytest.raises(BadInputError, match="at most 2000000"):
        read(text + b".")


@pytest.mark.parametrize(
    ("name", "complaint"), [("missing.yaml", "no such file; check the path"), ("folder", "cannot be read")]
)
def test_a_path_that_is_no_file_is_refused(tmp_path: Path, name: str, complaint: str) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(BadInputError, match=complaint):
        read_document(tmp_path / name)


def test_every_part_of_a_document_knows_its_line() -> None:
    document = read_document("facts.yaml", b"title: x\npeople:\n  - jurisdiction: FR\n    count: 3\n  - count: 4\n")

    assert document.line_of(("people", 1, "count")) == 5
    assert document.line_of(("people", 0, "count")) == 4
    assert document.line_of(("people", 1, "jurisdiction")) == 5, "a missing part stands where its whole does"
    assert document.line_of(("nothing",)) == 1


def test_an_emoji_that_json_writes_as_two_escapes_is_that_emoji() -> None:
    document = read_document("report.json", rb'{"title": "\ud83d\ude00 a\\ud83d\\ude00 \u4e2d"}')

    assert document.data == {"title": "😀 a\\ud83d\\ude00 中"}
