from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models.duty import Duty
from models.report import Report
from models.vocabulary import Audience
from templates.brief import Brief
from templates.check import Finding, blocks_approval, disagreements
from templates.draft import check, draft
from templates.forms import audiences_of, forms_of, read_forms
from templates.language import language, languages

MakeBrief = Callable[..., Brief]
MakeDuty = Callable[..., Duty]
ALL_FORMS = [(audience, form) for audience in Audience for form in forms_of(audience)]


def rules(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.level, finding.rule) for finding in found]


def press(make_brief: MakeBrief, language: str = "en", **changes: object) -> Brief:
    return make_brief(duty=None, audience=Audience.PRESS, form="full", language=language, **changes)


def test_a_text_that_nobody_edited_passes(make_brief: MakeBrief) -> None:
    brief = make_brief()

    assert check(draft(brief).text, brief) == ()


def test_a_changed_number_is_found_with_what_the_facts_say(make_brief: MakeBrief) -> None:
    brief = press(make_brief)
    edited = draft(brief).text.replace("5,801", "5,300")

    found = check(edited, brief)

    assert rules(found) == [("error", "fact_differs"), ("error", "number_not_from_facts")]
    assert "'5,801'" in found[0].message
    assert "'5,300'" in found[0].message
    assert found[0].place == "fact people.total"
    assert blocks_approval(found)


def test_a_changed_date_is_found(make_brief: MakeBrief) -> None:
    brief = press(make_brief)
    edited = draft(brief).text.replace("on 2 March 2026", "on 4 March 2026")

    assert ("error", "fact_differs") in rules(check(edited, brief))


def test_a_changed_number_is_found_in_chinese_too(make_brief: MakeBrief) -> None:
    brief = press(make_brief, "zh")
    edited = draft(brief).text.replace("5,801人", "5,300人")

    assert ("error", "fact_differs") in rules(check(edited, brief))


def test_a_number_that_is_left_out_is_a_warning_and_does_not_block(make_brief: MakeBrief) -> None:
    brief = press(make_brief)
    edited = draft(brief).text.replace("the incident affects 5,801 people", "people are affected")

    found = check(edited, brief)

    assert rules(found) == [("warning", "fact_no_longer_stated")]
    assert not blocks_approval(found)


def test_a_number_that_no_fact_gave_is_found_with_its_line(make_brief: MakeBrief) -> None:
    brief = press(make_brief)
    edited = draft(brief).text + "\nWe have 2,400 employees.\n"

    [finding] = check(edited, brief)

    assert finding.rule == "number_not_from_facts"
    assert finding.place == f"line {edited.count(chr(10))}"


def test_an_edited_text_is_held_against_the_facts_of_today(make_brief: MakeBrief, facts: dict[str, Any]) -> None:
    old = draft(press(make_brief)).text
    now = Report.model_validate(facts | {"people": [{"jurisdiction": "FR", "count": 9000, "relationship": "customer"}]})

    assert ("error", "fact_differs") in rules(check(old, press(make_brief, report=now)))


@pytest.mark.parametrize(
    ("audience", "form", "language"),
    [(*one, code) for one in ALL_FORMS for code in languages() if language(code).speaks_to(one[0])],
)
def test_an_edited_text_keeps_its_date_when_it_is_checked_days_later(
    make_brief: MakeBrief, make_duty: MakeDuty, audience: Audience, form: str, language: str
) -> None:
    duty = None if audience in audiences_of(None) else make_duty(audience=audience, content=())
    brief = make_brief(duty=duty, audience=audience, form=form, language=language)
    edited = draft(brief).text + "\n"

    later = check(edited, replace(brief, now=brief.now + timedelta(days=1, hours=3), facts_version=14))

    assert [finding.rule for finding in later if finding.rule in ("number_not_from_facts", "fact_differs")] == []


def test_a_changed_date_is_found_though_the_text_was_drafted_on_that_day(make_brief: MakeBrief) -> None:
    brief = press(make_brief, now=datetime(2026, 3, 2, 14, tzinfo=UTC))
    edited = draft(brief).text.replace("aware of it on 2 March 2026", "aware of it on 4 March 2026")

    assert ("error", "fact_differs") in rules(check(edited, brief))


def test_a_required_content_that_was_cut_is_found(make_brief: MakeBrief) -> None:
    brief = make_brief()
    before, _, rest = draft(brief).text.partition("## 8. Likely consequences")
    edited = before + rest[rest.index("## 9.") :]

    assert ("error", "required_content") in rules(check(edited, brief))


def test_a_heading_with_nothing_under_it_is_no_content(make_brief: MakeBrief) -> None:
    brief = make_brief()
    edited = draft(brief).text.replace("About 412,000 records.", "")

    assert "record_count" in [finding.place.split()[-1] for finding in check(edited, brief) if finding.level == "error"]


def test_other_words_under_the_same_heading_are_allowed(make_brief: MakeBrief) -> None:
    brief = make_brief()
    edited = draft(brief).text.replace("The people affected are: customers.", "All of them are customers of the shop.")

    assert check(edited, brief) == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "It is a case of ransomware.",
        "The attackers were quick, hackers they were.",
        "In all, 91 residents are concerned.",
    ],
)
def test_what_massachusetts_forbids_is_found_in_an_edited_letter(
    make_brief: MakeBrief, make_duty: MakeDuty, sentence: str
) -> None:
    duty = make_duty(
        provision="us-ma-individuals",
        jurisdiction="US-MA",
        audience=Audience.INDIVIDUALS,
        content=("police_report_right", "prohibited_content"),
    )
    brief = make_brief(duty=duty)

    found = check(draft(brief).text + f"\n{sentence}\n", brief)

    assert ("error", "prohibited_content") in rules(found)
    assert "93H" in found[0].message


@pytest.mark.parametrize(
    "left_in", ["[NAME]", "[insert date]", "{{ name }}", "{name}", "TBD", "____", "lorem ipsum", "XXXX", "待填"]
)
def test_a_placeholder_that_was_left_in_is_found(make_brief: MakeBrief, left_in: str) -> None:
    brief = press(make_brief)

    assert ("error", "placeholder") in rules(check(draft(brief).text + f"\nDear {left_in}.\n", brief))


@pytest.mark.parametrize(
    ("language", "sentence", "level", "rule"),
    [
        ("en", "Your data is now completely safe.", "error", "promise"),
        ("en", "We guarantee that this will never happen again.", "error", "promise"),
        ("en", "We promise that this never happens again.", "error", "promise"),
        ("en", "It was probably an old server.", "warning", "speculation"),
        ("en", "There is no evidence of misuse.", "warning", "speculation"),
        ("en", "Our provider is to blame.", "error", "blame"),
        ("en", "Russian hackers got in.", "error", "blame"),
        ("en", "We failed to install an update.", "error", "admission"),
        ("en", "That was negligent.", "error", "admission"),
        ("en", "We take your privacy very seriously.", "warning", "playing_down"),
        ("en", "A threat actor exfiltrated data.", "warning", "jargon"),
        ("zh", "我们保证今后绝不会再发生。", "error", "promise"),
        ("zh", "我们承诺此类事件不会再次发生。", "error", "promise"),
        ("zh", "此事大概是旧服务器造成的。", "warning", "speculation"),
        ("zh", "责任在于服务商。", "error", "blame"),
        ("zh", "我们存在过错。", "error", "admission"),
        ("zh", "本次事件影响不大。", "warning", "playing_down"),
        ("zh", "攻击者进行了横向移动。", "warning", "jargon"),
    ],
)
def test_what_is_on_the_watch_list_is_found(
    make_brief: MakeBrief, language: str, sentence: str, level: str, rule: str
) -> None:
    brief = press(make_brief, language)
    found = check(draft(brief).text + f"\n{sentence}\n", brief)

    assert (level, rule) in rules(found)
    assert all(finding.message and finding.mend for finding in found)


def test_jargon_is_allowed_towards_an_authority(make_brief: MakeBrief) -> None:
    brief = make_brief()

    assert check(draft(brief).text + "\nA threat actor exfiltrated data.\n", brief) == ()


@pytest.mark.parametrize(
    "link",
    ["https://evil.example/login", "http://example-retail.com.evil.example", "www.evil.example", "javascript:alert(1)"],
)
def test_a_link_that_leads_away_is_found(make_brief: MakeBrief, link: str) -> None:
    brief = press(make_brief)

    assert ("error", "foreign_link") in rules(check(draft(brief).text + f"\nSee {link} now.\n", brief))


def test_links_to_our_domains_are_allowed(make_brief: MakeBrief) -> None:
    brief = press(make_brief)
    edited = draft(brief).text + "\nSee <https://help.example-retail.com/a?b=c> and <https://www.identitytheft.gov/>.\n"

    assert check(edited, brief) == ()
    more = replace(brief, voice=replace(brief.voice, domains=("example-group.org",)))
    assert check(edited + "\n<https://news.example-group.org>\n", more) == ()


def test_another_persons_address_is_found_and_ours_is_not(make_brief: MakeBrief) -> None:
    brief = press(make_brief)

    [finding] = check(draft(brief).text + "\njane.doe@mail.example wrote to us.\n", brief)

    assert (finding.level, finding.rule) == ("error", "email_address")
    assert "jane" not in finding.message


def test_a_text_that_needs_an_annex_says_so(make_brief: MakeBrief, make_duty: MakeDuty) -> None:
    duty = make_duty(provision="us-ca-ag", jurisdiction="US-CA", content=("individual_notice_copy",))

    assert rules(draft(make_brief(duty=duty)).findings) == [("warning", "annex")]


def test_two_texts_of_one_incident_that_rest_on_different_facts_are_found(
    make_brief: MakeBrief, facts: dict[str, Any]
) -> None:
    now = Report.model_validate(facts | {"records": 500_000})
    old, new, chinese = draft(make_brief()), draft(make_brief(report=now)), draft(make_brief(language="zh"))

    [finding] = disagreements([*old.facts_used, *new.facts_used, *chinese.facts_used])

    assert (finding.level, finding.place) == ("error", "fact records")
    assert "'412000' and others on '500000'" in finding.message
    assert disagreements([*old.facts_used, *chinese.facts_used]) == ()


def test_errors_come_before_warnings(make_brief: MakeBrief) -> None:
    brief = press(make_brief)
    found = check(draft(brief).text + "\nIt was probably you. [NAME]\n", brief)

    assert [finding.level for finding in found] == ["error", "warning"]


def edited(brief: Brief, old: str, new: str) -> tuple[Finding, ...]:
    text = draft(brief).text
    assert old in text
    return check(text.replace(old, new), brief)


@pytest.mark.parametrize("form", ["5801", "5,801"])
def test_the_same_number_written_otherwise_is_no_difference(make_brief: MakeBrief, form: str) -> None:
    assert [one for one in edited(press(make_brief), "5,801", form) if one.level == "error"] == []


def test_the_same_day_written_otherwise_is_no_difference(make_brief: MakeBrief) -> None:
    found = edited(press(make_brief), "on 2 March 2026", "on 2 Mar 2026")

    assert [one for one in found if one.level == "error"] == []


def test_a_number_in_the_format_of_another_language_is_found(make_brief: MakeBrief) -> None:
    assert ("error", "fact_differs") in rules(edited(press(make_brief), "5,801", "5.801"))


def test_a_number_of_another_fact_is_named_as_such(make_brief: MakeBrief) -> None:
    brief = press(make_brief)

    [finding] = check(draft(brief).text + "\nOf them, 3,800 live in France.\n", brief)

    assert (finding.level, finding.rule) == ("warning", "number_of_another_fact")
    assert "people in FR" in finding.message


def test_a_name_with_a_letter_wrong_is_found(make_brief: MakeBrief) -> None:
    found = edited(press(make_brief), "# Example Retail SA", "# Exampel Retail SA")

    assert ("error", "name_differs") in rules(found)


def test_a_kind_of_data_that_the_facts_do_not_have_is_found(make_brief: MakeBrief) -> None:
    brief = press(make_brief)
    words = str(language("en").phrases.say("words.category.health_insurance"))

    found = check(draft(brief).text + f"\nThe {words} were copied too.\n", brief)

    assert ("warning", "category_not_in_facts") in rules(found)


def test_a_finding_names_the_section_that_its_line_stands_in(make_brief: MakeBrief) -> None:
    brief = press(make_brief)
    text = draft(brief).text.replace("## Contact", "## Contact\n\nWe guarantee it.", 1)

    [finding] = [one for one in check(text, brief) if one.rule == "promise"]

    assert finding.section == "Contact"


def test_a_link_that_shows_one_address_and_leads_to_another_is_found(make_brief: MakeBrief) -> None:
    brief = press(make_brief)
    line = "\n[www.example-retail.com](https://www.example-retail.com.evil.example/x)\n"

    assert ("error", "foreign_link") in rules(check(draft(brief).text + line, brief))
    line = "\n[other.example](https://www.example-retail.com/incident)\n"
    assert ("error", "disguised_link") in rules(check(draft(brief).text + line, brief))


def test_a_text_message_that_takes_more_than_four_parts_is_found(make_brief: MakeBrief, make_duty: MakeDuty) -> None:
    brief = make_brief(duty=make_duty(audience=Audience.INDIVIDUALS), form="sms")

    found = check("Please read our letter ę " * 12, brief)

    [finding] = [one for one in found if one.rule == "length"]
    assert "takes 5 parts of 67 signs, since 'ę' is not in the GSM alphabet" in finding.message


def test_officialese_for_the_public_is_a_warning_with_the_measure(make_brief: MakeBrief) -> None:
    brief = press(make_brief)
    hard = "Notwithstanding organisational countermeasures, comprehensive remediation necessitated considerable infrastructure rehabilitation. "

    found = [one for one in check(draft(brief).text + hard * 25, brief) if one.rule == "reading_level"]

    assert [one.level for one in found] == ["warning"]
    assert "Flesch Reading Ease" in found[0].message


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize(("audience", "form"), ALL_FORMS)
def test_what_we_draft_ourselves_is_not_hard_to_read(
    make_brief: MakeBrief, make_duty: MakeDuty, audience: Audience, form: str, code: str
) -> None:
    if not language(code).speaks_to(audience):
        return
    free = (Audience.PRESS, Audience.CUSTOMER_CARE, Audience.STAFF, Audience.BOARD)
    asked = () if audience in read_forms().everywhere else make_duty().content
    duty = None if audience in free else make_duty(audience=audience, content=asked)

    made = draft(make_brief(duty=duty, audience=audience, form=form, language=code))

    assert [one.message for one in made.findings if one.rule in ("reading_level", "telephone_number")] == []


def test_an_organisations_own_watch_list_adds_to_ours_and_replaces_the_rules_it_names(
    make_brief: MakeBrief, tmp_path: Path
) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    (folder / "watch.yaml").write_text(
        "- {rule: nickname, level: error, patterns: ['\\bMeri\\b'], reason: it is a nickname, mend: write the full name}\n"
        "- {rule: promise, level: warning, patterns: ['\\bpromise\\b'], reason: ours, mend: think}\n"
    )
    brief = press(make_brief)

    found = check(draft(brief).text + "\nMeri can guarantee and promise it. We failed to see it.\n", brief, tmp_path)

    assert set(rules(found)) == {("error", "nickname"), ("error", "admission"), ("warning", "promise")}
