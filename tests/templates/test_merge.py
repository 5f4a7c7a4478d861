from hypothesis import given
from hypothesis import strategies as st

from templates.merge import CONFLICT, Merged, merge

BASE = "# Notice\n\n31,400 records are affected. We are sorry.\n\nCall us.\n"
TEXTS = st.text(st.sampled_from("ab \n1我们"), max_size=40)


def together(base: str, ours: str, theirs: str) -> Merged:
    return merge(base, ours, theirs, ours_name="edited by Noor Haddad", theirs_name="drafted from facts version 2")


def test_a_persons_edit_and_a_new_number_in_the_same_sentence_are_both_kept() -> None:
    ours = BASE.replace("We are sorry.", "We apologise.")
    theirs = BASE.replace("31,400", "33,850")

    assert together(BASE, ours, theirs) == Merged(
        "# Notice\n\n33,850 records are affected. We apologise.\n\nCall us.\n", 0
    )


def test_it_holds_for_chinese_which_puts_no_spaces() -> None:
    base = "共有31,400条记录受影响。我们深表歉意。\n"

    merged = together(base, base.replace("深表歉意", "非常抱歉"), base.replace("31,400", "33,850"))

    assert merged == Merged("共有33,850条记录受影响。我们非常抱歉。\n", 0)


def test_a_paragraph_that_a_person_added_stays_where_it_was_put() -> None:
    ours = BASE.replace("Call us.", "Our shops help you too.\n\nCall us.")
    theirs = BASE.replace("Call us.", "Call us on +33 1 99 00 12 34.")

    assert together(BASE, ours, theirs).text.endswith("Our shops help you too.\n\nCall us on +33 1 99 00 12 34.\n")


def test_where_both_changed_the_same_words_neither_side_is_lost() -> None:
    ours, theirs = BASE.replace("31,400", "about 31,000"), BASE.replace("31,400", "33,850")

    merged = together(BASE, ours, theirs)

    assert merged.conflicts == 1
    [found] = CONFLICT.finditer(merged.text)
    assert found.groupdict() == {
        "ours_name": "edited by Noor Haddad",
        "ours": "about 31,000 records are affected. We are sorry.\n",
        "theirs": "33,850 records are affected. We are sorry.\n",
        "theirs_name": "drafted from facts version 2",
    }


def test_what_both_sides_changed_alike_is_no_conflict() -> None:
    same = BASE.replace("31,400", "33,850")

    assert together(BASE, same, same) == Merged(same, 0)


def test_a_sentence_that_a_person_took_out_does_not_come_back() -> None:
    ours, theirs = BASE.replace(" We are sorry.", ""), BASE.replace("31,400", "33,850")

    assert "sorry" not in together(BASE, ours, theirs).text


@given(TEXTS, TEXTS)
def test_a_side_that_changed_nothing_gives_way_to_the_other(base: str, other: str) -> None:
    assert together(base, other, base) == Merged(other, 0)
    assert together(base, base, other) == Merged(other, 0)
    assert together(base, other, other) == Merged(other, 0)


@given(TEXTS, TEXTS, TEXTS)
def test_without_conflict_the_merge_does_not_depend_on_which_side_is_which(base: str, one: str, two: str) -> None:
    there, back = together(base, one, two), together(base, two, one)

    assert there.conflicts == back.conflicts
    assert there.conflicts or there.text == back.text
