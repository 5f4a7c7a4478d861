import pytest

from flows.acts.edit import edit_notice, restore_version
from flows.acts.read_notice import NoticeLine, notice_text
from flows.acts.versions import compared, versions
from flows.desk import Desk
from models.errors import BadInputError
from models.tables import Approval
from tests.flows.meridia import LEGAL, PR, add, approve, draft, ledger, notices, one

NUMBER = "INC-2026-0001"


def letter(desk: Desk, language: str = "en") -> NoticeLine:
    [line] = notices(desk, NUMBER, audience="press", form="holding", language=language)
    return line


def edit(desk: Desk, line: NoticeLine, old: str, new: str) -> None:
    text = notice_text(desk, NUMBER, line.notice).text
    assert old in text
    edit_notice(desk, NUMBER, line.notice, text.replace(old, new), by=PR)


def test_every_save_is_a_version_with_its_author_its_time_and_how_it_came_to_be(drafted: Desk) -> None:
    line = letter(drafted)
    edit(drafted, line, "security incident", "security problem")
    restore_version(drafted, NUMBER, line.notice, 1, by=LEGAL)

    found = versions(drafted, NUMBER, line.notice)

    assert [(one.version, one.author, one.note) for one in found] == [
        (3, LEGAL, "restored from version 1"),
        (2, PR, "edited"),
        (1, "tocsin", "drafted"),
    ]
    assert {one.created_at for one in found} == {drafted.clock()}
    assert found[0].sha256 == found[2].sha256 == line.sha256


@pytest.mark.parametrize(
    ("language", "old", "new", "gone", "put"),
    [
        ("en", "security incident", "security problem", "incident", "problem"),
        ("zh", "查明情况", "查清情况", "明", "清"),
    ],
)
def test_what_changed_is_shown_word_by_word_in_every_script(
    drafted: Desk, language: str, old: str, new: str, gone: str, put: str
) -> None:
    line = letter(drafted, language)
    edit(drafted, line, old, new)

    found = compared(drafted, NUMBER, line.notice)

    assert (found.old, found.new) == (1, 2)
    pieces = [(piece.kind, piece.text) for one in found.differences for piece in one.pieces if piece.kind != "same"]
    assert dict.fromkeys(pieces) == dict.fromkeys([("gone", gone), ("new", put)])


def test_any_two_versions_can_be_compared(drafted: Desk) -> None:
    line = letter(drafted)
    edit(drafted, line, "security incident", "security problem")
    edit(drafted, line, "security problem", "security incident")

    assert compared(drafted, NUMBER, line.notice, 1, 3).differences == ()
    assert compared(drafted, NUMBER, line.notice, 3, 2).differences


def test_a_restored_version_needs_new_signatures(drafted: Desk) -> None:
    line = letter(drafted)
    approve(drafted, NUMBER, line.notice, by=PR)
    edit(drafted, line, "security incident", "security problem")

    restore_version(drafted, NUMBER, line.notice, 1, by=PR)

    assert one(drafted, Approval, NUMBER).voided_at is not None
    assert letter(drafted).still_needed == ("pr", "executive")
    assert ledger(drafted, NUMBER, "notice.edited")[-1]["payload"]["note"] == "restored from version 1"


def test_a_restored_version_stays_through_the_next_pass_as_any_edit_does(drafted: Desk) -> None:
    line = letter(drafted)
    edit(drafted, line, "security incident", "security problem")
    restore_version(drafted, NUMBER, line.notice, 1, by=PR)
    add(drafted, NUMBER, "records: 33850")

    draft(drafted, NUMBER)

    assert letter(drafted).sha256 == line.sha256


def test_what_is_not_there_cannot_be_compared_or_restored(drafted: Desk) -> None:
    line = letter(drafted)

    with pytest.raises(BadInputError, match="one version only"):
        compared(drafted, NUMBER, line.notice)
    with pytest.raises(BadInputError, match="has no version 7; it has 1 to 1"):
        restore_version(drafted, NUMBER, line.notice, 7, by=PR)
    with pytest.raises(BadInputError, match="reads as in version 1 already"):
        restore_version(drafted, NUMBER, line.notice, 1, by=PR)
