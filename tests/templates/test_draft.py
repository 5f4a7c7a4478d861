import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from models.duty import Duty
from models.errors import BadInputError
from models.report import Report
from models.vocabulary import Audience, Level
from templates.brief import Brief, Measure, Voice
from templates.draft import Draft, draft, drafts
from templates.forms import Occasion, forms_of, read_forms, text_form, texts_for, texts_on_request
from templates.language import language, languages
from templates.page import html, plain

MakeBrief = Callable[..., Brief]
MakeDuty = Callable[..., Duty]

ALL_FORMS = [(audience, form) for audience in Audience for form in forms_of(audience)]
ALL_TEXTS = [
    (audience, form, code) for audience, form in ALL_FORMS for code in languages() if language(code).speaks_to(audience)
]
NO_DUTY = (Audience.PRESS, Audience.CUSTOMER_CARE, Audience.STAFF, Audience.BOARD)
CALIFORNIA = (
    *("format_rule", "contact_point", "data_categories", "breach_dates", "notice_date", "law_enforcement"),
    *("incident_description", "cra_contacts", "measures_taken", "advice_to_individuals"),
)
MASSACHUSETTS = (
    *("police_report_right", "fraud_alert_and_freeze", "monitoring_offer", "entity_identity", "prohibited_content"),
)
IMPACT = {"en": "Online orders stopped for one day.", "zh": "网上订购中断一天。"}
MONITORING = {
    "monitoring_offer": {
        "en": "Twenty-four months of credit monitoring, free of charge.",
        "zh": "免费提供信用监测服务。",
    }
}


def text_of(
    make_brief: MakeBrief, make_duty: MakeDuty, audience: Audience, form: str, language: str, **changes: object
) -> Draft:
    duty = None if audience in NO_DUTY else make_duty(audience=audience, content=(), phased=False)
    return draft(make_brief(duty=duty, audience=audience, form=form, language=language, **changes))


def letter(make_brief: MakeBrief, duty: Duty, language: str = "en", **changes: object) -> Draft:
    return draft(make_brief(duty=duty, language=language, **({"answers": MONITORING} | changes)))


@pytest.fixture
def californian(make_duty: MakeDuty) -> Duty:
    return make_duty(
        provision="us-ca-individuals",
        jurisdiction="US-CA",
        audience=Audience.INDIVIDUALS,
        content=CALIFORNIA,
        phased=False,
    )


@pytest.fixture
def bay_stater(make_duty: MakeDuty) -> Duty:
    return make_duty(
        provision="us-ma-individuals",
        jurisdiction="US-MA",
        audience=Audience.INDIVIDUALS,
        content=MASSACHUSETTS,
        phased=False,
    )


@pytest.mark.parametrize(("audience", "form", "code"), ALL_TEXTS)
def test_every_text_is_whole_and_passes_its_own_checks(
    make_brief: MakeBrief, make_duty: MakeDuty, audience: Audience, form: str, code: str
) -> None:
    impact = {code: IMPACT.get(code, "...")}
    answers = dict.fromkeys(("impact_and_severity", "financial_impact"), impact)
    measures = (
        Measure({code: "A " * 3}, datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        Measure({code: "B " * 3}),
    )
    told = {"people_told_at": datetime(2026, 3, 3, tzinfo=UTC), "answers": answers, "measures": measures}
    made = text_of(make_brief, make_duty, audience, form, code, **told)

    assert made.subject
    assert made.missing == ()
    assert [finding for finding in made.findings if finding.rule != "annex"] == []
    assert "None" not in made.text
    assert "\n\n\n" not in made.text


@pytest.mark.parametrize(("audience", "form", "code"), ALL_TEXTS)
def test_every_text_can_be_drafted_when_next_to_nothing_is_known(
    make_brief: MakeBrief, make_duty: MakeDuty, audience: Audience, form: str, code: str
) -> None:
    made = text_of(
        make_brief,
        make_duty,
        audience,
        form,
        code,
        report=Report(title="Something happened"),
        voice=Voice(),
        measures=(),
    )

    assert "None" not in made.text
    assert made.subject


def test_the_hash_is_that_of_the_exact_bytes(make_brief: MakeBrief) -> None:
    made = draft(make_brief(language="zh"))

    assert made.sha256 == hashlib.sha256(made.text.encode("utf-8")).hexdigest()
    assert made == draft(make_brief(language="zh"))


def test_a_filing_says_to_whom_under_what_and_at_which_stage(make_brief: MakeBrief) -> None:
    text = draft(make_brief()).text

    assert "- **To:** CNIL" in text
    assert "- **Under:** Regulation (EU) 2016/679, Art. 33(1)" in text
    assert "- **Stage:** initial notification" in text
    assert "INC-2026-0001" in text
    assert "The breach affects 5,801 people." in text


def test_a_chinese_filing_reads_as_a_chinese_filing(make_brief: MakeBrief) -> None:
    made = draft(make_brief(language="zh"))

    assert made.subject == "个人信息安全事件报告（首次报告）（INC-2026-0001）"
    assert "受影响人数为5,801人。" in made.text
    assert "我单位于" not in made.text  # Article 33 does not ask for the time of awareness
    assert "已将受影响的服务器断网隔离。" in made.text


def test_what_is_not_known_is_marked_and_turned_into_a_question(make_brief: MakeBrief, facts: dict[str, Any]) -> None:
    made = draft(make_brief(report=Report.model_validate(facts | {"records": None})))

    assert "Not yet known; it will be supplemented" in made.text
    assert [(one.key, one.question) for one in made.missing] == [
        ("record_count", "How many records are involved, roughly?")
    ]
    assert [(one.level, one.rule) for one in made.findings] == [("warning", "required_content_not_known")]


def test_a_gap_blocks_a_notice_that_the_law_does_not_let_be_phased(
    make_brief: MakeBrief, make_duty: MakeDuty, facts: dict[str, Any]
) -> None:
    report = Report.model_validate(facts | {"records": None})

    [finding] = draft(make_brief(report=report, duty=make_duty(phased=False))).findings

    assert finding.level == "error"


def test_a_late_filing_has_to_give_its_reasons(make_brief: MakeBrief) -> None:
    late = datetime(2026, 3, 6, tzinfo=UTC)

    made = draft(make_brief(now=late))
    [finding] = made.findings
    given = draft(
        make_brief(now=late, answers={"delay_reasons": {"en": "The full scope was known only on 5 March 2026."}})
    )

    assert (finding.level, finding.place) == ("error", "content delay_reasons")
    assert "The period ended on 5 March 2026, 09:00" in made.text
    assert "The full scope was known only on 5 March 2026." in given.text
    assert given.findings == ()


def test_an_answer_in_another_language_only_is_not_put_into_the_text(make_brief: MakeBrief) -> None:
    made = draft(make_brief(language="zh", measures=(Measure({"en": "Done."}, datetime(2026, 3, 2, tzinfo=UTC)),)))

    assert "Done." not in made.text
    assert "untranslated" in [finding.rule for finding in made.findings]


def test_california_gets_its_title_and_its_headings_in_order(make_brief: MakeBrief, californian: Duty) -> None:
    made = letter(make_brief, californian)
    headings = [line for line in made.text.splitlines() if line.startswith("#")]

    assert headings == [
        "# Notice of Data Breach",
        "## What Happened",
        "## What Information Was Involved",
        "## What We Are Doing",
        "## What You Can Do",
        "## For More Information",
    ]
    assert "This notice was not delayed by a law enforcement investigation." in made.text
    assert "Equifax" in made.text
    assert "March 3, 2026" in made.text
    assert made.findings == ()


def test_california_needs_an_identity_protection_offer_only_for_the_data_that_call_for_it(
    make_brief: MakeBrief, californian: Duty, facts: dict[str, Any]
) -> None:
    harmless = Report.model_validate(facts | {"data": [{"category": "health", "encrypted": False}]})

    assert [one.key for one in letter(make_brief, californian, answers={}).missing] == ["monitoring_offer"]
    assert letter(make_brief, californian, answers={}, report=harmless).missing == ()


def test_massachusetts_is_told_neither_the_nature_of_the_breach_nor_the_number(
    make_brief: MakeBrief, bay_stater: Duty
) -> None:
    for form in ("letter", "email"):
        made = letter(make_brief, bay_stater, form=form)

        assert made.findings == ()
        for word in ("ransomware", "broke into", "91", "5,801"):
            assert word not in made.text
        assert "police report" in made.text
        assert "no charge" in made.text


def test_illinois_is_not_told_how_many_residents_are_affected(make_brief: MakeBrief, make_duty: MakeDuty) -> None:
    duty = make_duty(
        provision="us-il-individuals",
        jurisdiction="US-IL",
        audience=Audience.INDIVIDUALS,
        content=("affected_count", "cra_contacts", "ftc_contacts", "fraud_alert_and_freeze", "prohibited_content"),
        phased=False,
    )

    assert "5,801" not in letter(make_brief, duty).text


def test_new_york_is_pointed_to_its_attorney_general(make_brief: MakeBrief, make_duty: MakeDuty) -> None:
    duty = make_duty(
        provision="us-ny-individuals",
        jurisdiction="US-NY",
        audience=Audience.INDIVIDUALS,
        content=("contact_point", "ag_contacts", "data_categories"),
        phased=False,
    )

    made = letter(make_brief, duty)

    assert "Office of the New York State Attorney General" in made.text
    assert {(finding.level, finding.rule) for finding in made.findings} == {("warning", "unchecked_contact")}


def test_a_letter_about_children_is_addressed_to_their_parents(
    make_brief: MakeBrief, make_duty: MakeDuty, facts: dict[str, Any]
) -> None:
    children = Report.model_validate(
        facts | {"people": [{"jurisdiction": "FR", "count": 12, "relationship": "student", "minors": True}]}
    )
    duty = make_duty(audience=Audience.INDIVIDUALS, content=())

    text = letter(make_brief, duty, report=children).text

    assert "parent or guardian" in text
    assert "Dear student," in text


def test_the_internal_title_of_an_incident_never_reaches_the_public(make_brief: MakeBrief, make_duty: MakeDuty) -> None:
    for audience, form in ALL_FORMS:
        if audience in read_forms().plain:
            assert "shop platform" not in text_of(make_brief, make_duty, audience, form, "en").text


HOSTILE = "<script>x</script> [a](https://evil.example) ![i](//evil.example) | # \u202e =cmd|' /C calc'!A0"


def test_a_hostile_report_and_voice_come_out_as_words(
    make_brief: MakeBrief, make_duty: MakeDuty, facts: dict[str, Any]
) -> None:
    report = Report.model_validate(facts | {"title": HOSTILE, "organisation": {"name": HOSTILE}})
    voice = Voice(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    measures = (Measure({"en": HOSTILE * 20_000, "zh": HOSTILE}, datetime(2026, 3, 2, tzinfo=UTC)),)

    for audience, form, code in ALL_TEXTS:
        made = text_of(
            make_brief,
            make_duty,
            audience,
            form,
            code,
            report=report,
            voice=voice,
            measures=measures,
            others_told=(HOSTILE,),
        )
        page = html(made.text, code, made.subject)
        assert "evil.example" in page
        for bad in ("<script>x", "<img", 'href="https://evil', "<table", "\u202e"):
            assert bad not in page
        assert len(made.text) < 60_000


def called_for(duty: Duty | None, report: Report, level: Level, *, press_told: bool = False) -> list[tuple[str, str]]:
    return [(one.audience.value, one.form) for one in texts_for(duty, Occasion(report, level, press_told))]


def test_the_texts_for_the_public_grow_with_the_severity_and_after_the_press_was_told(report: Report) -> None:
    usual = [
        ("press", "holding"),
        ("press", "full"),
        ("customer_care", "questions"),
        ("customer_care", "script"),
        ("staff", "note"),
    ]
    grave = [("press", "social"), ("press", "post"), ("press", "banner"), ("press", "page"), ("board", "note")]

    assert called_for(None, report, Level.MEDIUM) == usual
    assert set(called_for(None, report, Level.HIGH)) == {*usual, *grave}
    assert set(called_for(None, report, Level.LOW, press_told=True)) == {*usual, ("press", "followup")}


def test_letters_to_parents_and_employees_are_called_for_where_there_are_any(
    make_duty: MakeDuty, report: Report, facts: dict[str, Any]
) -> None:
    groups = [
        {"jurisdiction": "FR", "count": 2, "relationship": "employee"},
        {"jurisdiction": "DE", "count": 3, "relationship": "student", "minors": True},
        {"jurisdiction": "IT", "count": 4, "relationship": "user"},
    ]
    mixed = Report.model_validate(facts | {"people": groups})
    europe = make_duty(audience=Audience.INDIVIDUALS, jurisdiction="EU")
    france = make_duty(audience=Audience.INDIVIDUALS, jurisdiction="FR")

    assert [form for _, form in called_for(europe, report, Level.LOW)] == ["letter", "email"]
    assert [form for _, form in called_for(france, mixed, Level.LOW)] == ["letter", "email", "employee"]
    assert [form for _, form in called_for(europe, mixed, Level.LOW)] == [
        *("letter", "email", "guardian", "employee", "web"),
    ]


def test_what_is_not_called_for_can_be_asked_for(make_duty: MakeDuty) -> None:
    assert texts_on_request(make_duty()) == (), "what a filing left open follows it by itself"
    assert {"guardian", "substitute", "newspaper", "sms"} <= {
        one.form for one in texts_on_request(make_duty(audience=Audience.INDIVIDUALS))
    }
    assert "page" in {one.form for one in texts_on_request(None)}


def test_every_audience_has_a_text() -> None:
    assert set(read_forms().forms) == set(Audience)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    ("audience", "form", "most"),
    [
        (Audience.INDIVIDUALS, "sms", 320),
        (Audience.PRESS, "social", 280),
        (Audience.PRESS, "banner", 200),
    ],
)
def test_a_short_text_points_to_the_notice_within_the_length_of_its_channel(
    make_brief: MakeBrief, make_duty: MakeDuty, voice: Voice, audience: Audience, form: str, most: int, language: str
) -> None:
    made = text_of(make_brief, make_duty, audience, form, language)
    wordy = replace(voice, organisation="Example Retail and Wholesale Holding " * 40)
    long = text_of(make_brief, make_duty, audience, form, language, voice=wordy)

    assert len(made.text) <= most
    assert made.findings == ()
    assert [(finding.level, finding.rule) for finding in long.findings] == [("error", "length")]


def test_a_substitute_notice_holds_what_the_letter_holds(make_brief: MakeBrief, californian: Duty) -> None:
    made = letter(make_brief, californian, form="substitute")

    assert "## What You Can Do" in made.text
    assert "whom we cannot reach directly" in made.text
    assert made.findings == ()


def test_an_unknown_form_or_language_is_refused_by_name(make_brief: MakeBrief) -> None:
    with pytest.raises(BadInputError, match="has the form 'leter'; did you mean"):
        text_form(Audience.INDIVIDUALS, "leter")
    with pytest.raises(BadInputError, match="no texts in the language 'xx'"):
        draft(make_brief(language="xx"))


def test_many_briefs_give_the_same_texts_as_one_by_one(
    make_brief: MakeBrief, make_duty: MakeDuty, californian: Duty
) -> None:
    late = datetime(2026, 3, 6, tzinfo=UTC)
    briefs = [
        make_brief(),
        make_brief(language="zh"),
        make_brief(duty=make_duty(content=("monitoring_offer", "affected_count_local"))),
        make_brief(duty=californian),
        make_brief(duty=make_duty(content=("affected_count_local",), jurisdiction="US-CA")),
        make_brief(zone="Asia/Shanghai"),
        make_brief(now=late),
        make_brief(now=late, duty=make_duty(due_at=None)),
        make_brief(number="INC-2026-0002", measures=()),
    ]

    done, refused = drafts(briefs)

    assert done == tuple(draft(brief) for brief in briefs)
    assert refused == ()


def test_a_stage_the_language_has_no_words_for_is_shown_as_the_law_data_write_it(
    make_brief: MakeBrief, make_duty: MakeDuty
) -> None:
    assert "third_party_audit".replace("_", " ") in draft(make_brief(duty=make_duty(stage="third_party_audit"))).subject


def test_the_voice_of_the_organisation_wins_over_the_report(make_brief: MakeBrief, voice: Voice) -> None:
    assert "Example Group" in draft(make_brief(voice=replace(voice, organisation="Example Group"))).text


def test_a_german_day_in_a_line_of_its_own_is_no_list(make_brief: MakeBrief) -> None:
    made = draft(make_brief(language="de", audience=Audience.PRESS, duty=None, form="full"))

    assert "<ol" not in html(made.text, "de", made.subject)
    assert "3. März 2026" in plain(made.text)


def test_a_letter_in_another_language_states_the_number_its_way(make_brief: MakeBrief) -> None:
    shown = {
        "de": "5.801 Personen",
        "fr": "5\u202f801 personnes",
        "pl": "5\u00a0801 osób",
        "ja": "5,801名",
        "ko": "5,801명",
    }

    for code, words in shown.items():
        assert words in draft(make_brief(language=code, audience=Audience.PRESS, duty=None, form="full")).text


ODD = (
    "شركة النور للتجزئة",
    "株式会社 例・小売",
    "👩‍👩‍👧 Retail 🛒",
    '=HYPERLINK("https://evil.example","x")',
    "<b onmouseover=alert(1)>B</b>",
    "{{ 7*7 }} {% raw %}",
)


@pytest.mark.parametrize("name", ODD)
def test_a_name_in_any_script_or_with_markup_stays_a_name_in_every_text(
    make_brief: MakeBrief, make_duty: MakeDuty, voice: Voice, name: str
) -> None:
    odd = replace(voice, organisation=name, signatory=name)

    for audience, form, code in ALL_TEXTS:
        made = text_of(make_brief, make_duty, audience, form, code, voice=odd)
        page = html(made.text, code, made.subject)
        assert "<b " not in page
        assert 'href="https://evil' not in page
        if form == "letter":
            assert name in plain(made.text).replace("\u2068", "").replace("\u2069", "")
