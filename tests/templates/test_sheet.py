import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from html import unescape

import pytest

from laws.law import load_laws
from models.duty import Duty
from models.report import Report
from models.vocabulary import Audience, Level
from templates.brief import Brief, Voice
from templates.draft import draft
from templates.facts import FactReader
from templates.forms import read_forms
from templates.language import language
from templates.portals import Portal, portal_for, read_portals
from templates.sheet import Filed, entries_of, sheet_of
from tests.templates.test_formats import HOSTILE, MORNING, paper_of

MakeBrief = Callable[..., Brief]
OLDEST = date(2026, 11, 23) - timedelta(days=1)


def name_of(portal: Portal) -> str:
    return portal.portal


def filed(brief: Brief, text: str | None = None, **other: object) -> Filed:
    made = draft(brief)
    paper = paper_of(text if text is not None else made.text, brief.language, subject=made.subject)
    whole = Filed(paper, brief.duty, brief.report, brief.voice, Level.HIGH)
    return replace(whole, **other)  # type: ignore[arg-type]  # a test names fields that there are


@pytest.mark.parametrize("portal", read_portals(), ids=name_of)
def test_a_portal_is_for_provisions_and_recipients_that_the_law_data_know(portal: Portal) -> None:
    laws = load_laws()
    audiences = {laws.provision(name)[1].audience for name in portal.provisions}
    names = {one.name for each in laws.authorities.values() for one in each.values()}

    assert audiences <= {Audience.AUTHORITY, Audience.CSIRT, Audience.POLICE}
    assert set(portal.recipients) <= names
    assert portal.source.startswith("https://")
    assert portal.checked >= OLDEST


@pytest.mark.parametrize("portal", read_portals(), ids=name_of)
def test_every_field_of_a_portal_is_filled_from_something_there_is_or_picked(portal: Portal, voice: Voice) -> None:
    reader = FactReader(Report.model_validate({"title": "t"}), language("en").phrases, "en_GB", "UTC")

    for field in portal.fields:
        assert set(field.content) <= set(read_forms().contents), field.label
        assert all(hasattr(voice, name) for name in field.voice), field.label
        for path in field.facts:
            reader.read(path)
        assert any((field.content, field.facts, field.voice, field.stage, field.people_told, field.choose)), field.label
    labels = [field.label for field in portal.fields]
    assert len(set(labels)) == len(labels)


def test_the_portals_have_names_of_their_own() -> None:
    names = [portal.portal for portal in read_portals()]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("recipient", "expected"), [("CNIL", "cnil"), ("AEPD", "aepd"), ("Some other authority", "gdpr")]
)
def test_a_filing_goes_through_its_recipients_portal(
    make_duty: Callable[..., Duty], recipient: str, expected: str
) -> None:
    portal = portal_for(make_duty(provision="eu-gdpr-33", recipient=recipient))

    assert portal is not None
    assert portal.portal == expected


def test_fields_come_in_the_portals_order_with_the_words_that_were_signed(make_brief: MakeBrief) -> None:
    one = filed(make_brief())
    portal = one.portal
    assert portal is not None

    entries = entries_of(one)

    assert [entry.label for entry in entries] == [field.label for field in portal.fields]
    by_label = {entry.label: entry for entry in entries}
    number = by_label["Number of people"]
    assert (number.origin, "5,801" in number.value) == ("text", True)
    assert by_label["Start of the breach"].origin == "facts"
    assert by_label["Start of the breach"].value.startswith("1 March 2026, 08:00")
    assert by_label["Security measures in place before the breach"].origin == "open"
    assert by_label["Security measures in place before the breach"].question


def test_what_a_person_wrote_is_what_the_portal_gets(make_brief: MakeBrief) -> None:
    text = draft(make_brief()).text.replace("About 412,000 records.", "Some four hundred thousand, by our count.")

    entries = entries_of(filed(make_brief(), text))

    [records] = [entry for entry in entries if entry.label == "Number of records"]
    assert records.value == "Some four hundred thousand, by our count."


def test_when_people_were_told_stands_in_the_sheet(make_brief: MakeBrief) -> None:
    [told] = [
        entry
        for entry in entries_of(filed(make_brief(), people_told_at=MORNING))
        if entry.label.startswith("People informed")
    ]

    assert told.value == "2026-03-03 09:30 (UTC+01:00)"


def test_a_form_that_we_do_not_know_gets_the_parts_in_the_laws_order(
    make_brief: MakeBrief, make_duty: Callable[..., Duty]
) -> None:
    brief = make_brief(duty=make_duty(provision="xx-unknown"))

    entries = entries_of(filed(brief))

    assert len(entries) > 5
    assert {entry.origin for entry in entries} == {"text"}
    assert "We do not know this authority" in sheet_of(filed(brief))


def test_a_value_can_be_taken_with_one_click_and_holds_no_marks(make_brief: MakeBrief) -> None:
    page = sheet_of(filed(make_brief()))

    values = [unescape(value) for value in re.findall(r"<pre[^>]*user-select:all[^>]*>(.*?)</pre>", page, re.DOTALL)]
    assert len(values) > 10
    assert not [value for value in values if "**" in value or "\\" in value]
    assert "<script" not in page
    assert "DRAFT: not approved" in page
    assert page.count("<h1") == 1


def test_the_words_around_the_fields_are_in_the_language_of_whoever_fills_in_the_portal(make_brief: MakeBrief) -> None:
    chinese = sheet_of(filed(make_brief(), language="zh"))

    assert '<html lang="zh-Hans">' in chinese
    assert "点击内容即可全选。" in chinese
    assert "（取自" not in chinese
    assert "(取自报告正文)" in chinese
    assert not [words for words in ("from the filing", "To be filled in", "Pick:", "Portal sheet") if words in chinese]
    assert "A click on a value selects all of it." in sheet_of(filed(make_brief()))


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_stay_words_in_the_sheet(make_brief: MakeBrief, words: str) -> None:
    page = sheet_of(filed(make_brief(), f"# {words}\n\n## What happened\n\n{words}\n"))

    assert not set(re.findall(r"<(\w+)", page)) & {"script", "img", "b", "iframe"}
    assert not re.search(r"""href=["'](?!https:)""", page)
    page.encode()
