import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates.compare import MOST_TOKENS, differences, tokens

TEXTS = st.text(st.sampled_from("ab \n.,1，我们がんば한글é"), max_size=60)


def shown(old: str, new: str) -> list[tuple[str, str]]:
    [difference] = differences(old, new)
    return [(piece.kind, piece.text) for piece in difference.pieces]


def test_english_is_compared_word_by_word() -> None:
    assert shown("31,400 people are affected.\n", "33,850 people are affected.\n") == [
        ("gone", "31,400"),
        ("new", "33,850"),
        ("same", " people are affected.\n"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "gone", "put"),
    [
        ("我们已通知受影响的客户。", "我们已告知受影响的客户。", "通", "告"),
        ("お客様に連絡しました", "お客様に通知しました", "連絡", "通知"),
    ],
)
def test_chinese_and_japanese_are_compared_character_by_character(old: str, new: str, gone: str, put: str) -> None:
    pieces = shown(old, new)

    assert ("gone", gone) in pieces
    assert ("new", put) in pieces


def test_a_number_with_its_separators_is_one_word() -> None:
    assert tokens("31.400 or 1,5 at 12:30") == ["31.400", " ", "or", " ", "1,5", " ", "at", " ", "12:30"]


def test_words_that_were_replaced_together_are_shown_together() -> None:
    assert shown("it was stolen yesterday", "it got lost yesterday") == [
        ("same", "it "),
        ("gone", "was stolen"),
        ("new", "got lost"),
        ("same", " yesterday"),
    ]


def test_each_changed_passage_names_its_line_in_the_new_text() -> None:
    found = differences("a\nb\nc\nd\n", "a\nB\nc\nx\nd\n")

    assert [(one.line, one.was, one.now) for one in found] == [(2, "b\n", "B\n"), (4, "", "x\n")]


def test_a_paragraph_too_long_to_be_compared_is_shown_whole() -> None:
    old = "word " * MOST_TOKENS

    assert shown(old, old + "more") == [("gone", old), ("new", old + "more")]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_off_their_difference(old: str, new: str) -> None:
    assert "".join(tokens(old)) == old
    found = differences(old, new)
    assert bool(found) is (old != new)
    lines = new.splitlines(keepends=True)
    for one in found:
        assert "".join(lines[one.line - 1 :]).startswith(one.now)
        assert one.was in old
