from datetime import UTC, datetime

import pytest

from console.page import LOCALES, Words
from console.story import asked, placeholders, story, teller
from flows.acts.timeline import WORDS, latest
from flows.desk import Desk
from models.tables import LedgerEntry
from tests.flows.affected import NUMBER

LANGUAGES = [language for language in LOCALES if language != "en"]
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def entry(kind: str, **payload: object) -> LedgerEntry:
    return LedgerEntry(
        incident_id=1,
        seq=1,
        at=AT,
        zone="Europe/Paris",
        actor="Ana",
        kind=kind,
        payload=payload,
        previous="",
        sha256="",
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_entry_that_has_words_has_a_sentence(language: str) -> None:
    assert set(story(language).kinds) == set(WORDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_incidents_timeline_is_told_with_nothing_missing_and_no_word_from_outside_as_markup(
    language: str, drafted: Desk
) -> None:
    for told in latest(drafted, NUMBER, 1_000, say=teller(Words(language))):
        assert told.words, told.kind
        assert not told.words.isascii(), told


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_piece_of_a_sentence_can_be_filled(language: str) -> None:
    for pieces in story(language).kinds.values():
        for piece in [pieces] if isinstance(pieces, str) else pieces:
            assert all(name.isidentifier() for name in placeholders(piece.rpartition("|")[2]))


def test_a_piece_whose_part_is_missing_is_left_out_and_what_people_typed_is_escaped() -> None:
    say = teller(Words("zh"))

    assert "（" not in say(entry("step.done", title="Call <b>"))
    assert say(entry("step.done", title="Call", note="<i>")) == '步骤完成：<span lang="en">Call</span>（&lt;i&gt;）'
    assert say(entry("notice.withdrawn", what="x", reason="y")).startswith("不再需要")
    assert say(entry("notice.withdrawn", what="x", reason="y", signed_by=["legal"])).startswith("发送前停止")
    moved = say(
        entry("duty.gained", provision="p", stage="final", recipient="R", to={"due_at": "2026-11-25T07:30:00Z"})
    )
    assert "2026年11月25日 08:30" in moved
    assert "{" not in say(entry("facts.added", version=2, changed=["a", "b", "c", "{x}", "e"]).model_copy()).replace(
        "{x}", ""
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_provisions_that_there_are_have_a_name(language: str, desk: Desk) -> None:
    known = {part.id for law in desk.laws.laws for part in law.provisions}

    assert set(story(language).provisions) <= known
    assert {one for one in known if one.startswith("cn-")} <= set(story(language).provisions)


def test_a_text_is_named_by_its_form() -> None:
    said = teller(Words("zh"))(entry("notice.drafted", what="filing to CNIL (eu-gdpr-33, fr)", version=1))

    assert said == "草稿：报告（CNIL，eu-gdpr-33, fr）（第1版）"


def test_what_texts_ask_is_asked_in_the_language_of_the_page() -> None:
    ask, english = asked(Words("zh")), "What further measures are planned?"

    assert ask("measures_planned", english) == "拟进一步采取哪些措施？"
    assert ask("measures_planned", f"{english} (11 texts wait)") == "拟进一步采取哪些措施？（11份文本等待答复）"
    assert ask("no_such_part", "What of <b>?") == '<span lang="en">What of &lt;b&gt;?</span>'
    assert asked(Words("en"))("measures_planned", english) == english
