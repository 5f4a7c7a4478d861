import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.escape import LONGEST_FACT, harmless, harmless_paragraphs
from templates.page import html, plain

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![pixel](https://evil.example/p.png)",
    "[click](https://evil.example)",
    "<https://evil.example>",
    "# Heading",
    "> quote",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "1) item",
    "=HYPERLINK(A1)",
    "===",
    "---",
    "***",
    "~~~ fence",
    "```fence",
    "| a | b |",
    "a **bold** and _emphasis_ word",
    "`code`",
    "&lt;b&gt; &#60;b&#62;",
    "\\<b\\>",
    "[a]: https://evil.example",
    "{{ 7 * 7 }} {% raw %}",
    "line one\n\n# line two\r\n- three\u2028# four",
]


def body(page: str) -> str:
    found = re.search(r"<main[^>]*>\n(.*)</main>", page, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_come_out_as_exactly_those_words_in_one_paragraph(text: str) -> None:
    fact = harmless(text)

    assert set(re.findall(r"<(\w+)", body(html(fact, "en", "t")))) == {"p"}
    assert plain(fact).strip() == " ".join(text.split())


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_no_text_whatever_makes_anything_but_words(text: str) -> None:
    for page in (html(harmless(text), "en", "t"), html(f"before {harmless(text)} after", "en", "t")):
        assert set(re.findall(r"<(\w+)", body(page))) <= {"p"}


def test_hidden_direction_marks_are_dropped_and_arabic_is_isolated() -> None:
    assert harmless("invoice\u202efdp.exe") == "invoicefdp.exe"
    assert harmless("مستشفى المثال") == "\u2068مستشفى المثال\u2069"


def test_chinese_and_emoji_stay_as_they_are() -> None:
    assert harmless("示例医院 👩‍⚕️") == "示例医院 👩‍⚕️"


def test_lone_surrogates_and_control_characters_are_dropped() -> None:
    assert harmless("a\x00b\ud800c\x1b[31m").encode() == rb"abc\[31m"


def test_a_paragraph_of_two_megabytes_is_cut() -> None:
    assert len(harmless("word " * 400_000)) <= LONGEST_FACT
    assert len(harmless_paragraphs("word\n\n" * 400_000)) <= 5_000


def test_an_address_with_underscores_is_not_disfigured() -> None:
    assert harmless("first_last@example.com, +33 1 70 00 00 00") == "first_last@example.com, +33 1 70 00 00 00"
