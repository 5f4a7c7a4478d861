"""What single laws prescribe and forbid, by the law data as they are: each violation is a finding that blocks approval."""

import re
from collections.abc import Callable
from datetime import date

import pytest

from laws.law import load_laws
from models.duty import Duty
from templates.brief import Brief
from templates.check import Finding
from templates.draft import check, draft
from templates.forms import contents_of, read_forms
from templates.language import language, languages

MakeBrief = Callable[..., Brief]
MakeDuty = Callable[..., Duty]

TAKEN_OUT = [
    ("eu-gdpr-34", "dpo_contact", "data protection officer"),
    ("eu-gdpr-34", "contact_point", "please contact us:"),
    ("eu-gdpr-34", "likely_consequences", "Possible consequences are:"),
    ("eu-gdpr-34", "measures_taken", "We have taken these steps:"),
    ("eu-gdpr-34", "advice_to_individuals", "Change the password"),
    ("us-hipaa-404", "incident_description", "Somebody broke into our systems"),
    ("us-hipaa-404", "breach_dates", "The incident happened"),
    ("us-hipaa-404", "discovery_date", "We became aware"),
    ("us-hipaa-404", "data_categories", "kinds of your data"),
    ("us-hipaa-404", "measures_planned", "These steps are next:"),
    ("us-hipaa-406", "discovery_date", "We became aware"),
    ("us-wa-individuals", "breach_dates", "The incident happened"),
    ("us-wa-individuals", "discovery_date", "We became aware"),
    ("us-wa-individuals", "cra_contacts", "credit reporting agencies are:"),
    ("us-ca-individuals", "notice_date", "Date of this notice"),
    ("us-ca-individuals", "law_enforcement", "law enforcement investigation"),
    ("us-ca-individuals", "monitoring_offer", "Answer A B C"),
    ("us-ma-individuals", "police_report_right", "police report"),
    ("us-ma-individuals", "entity_identity", "This notice comes from"),
]
FILINGS = ("eu-gdpr-33", "us-wa-ag", "us-ma-ag")
LETTERS = sorted({name for name, _, _ in TAKEN_OUT})
ANSWERS = {
    key: dict.fromkeys(languages(), f"Answer {words}")
    for key, words in {
        "monitoring_offer": "A B C.",
        "status_update": "D E F.",
        "measures_planned": "G H I.",
        "measures_taken": "J K L.",
        "responsibility_findings": "M N O.",
        "security_measures_in_place": "P Q R.",
    }.items()
}


def duty_under(name: str, make_duty: MakeDuty) -> Duty:
    law, provision = load_laws().provision(name)
    version = provision.on(date(2026, 11, 24))
    assert version is not None
    return make_duty(
        provision=name,
        jurisdiction=law.jurisdiction,
        audience=provision.audience,
        citation=version.citation,
        content=version.content,
        phased=False,
    )


def errors(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.place) for finding in found if finding.level == "error"]


def without(text: str, words: str) -> str:
    """The text without the paragraph that has these words, and without the list that follows it."""
    kept: list[str] = []
    dropping = False
    for paragraph in text.split("\n\n"):
        dropping = words in paragraph or (dropping and paragraph.startswith("- "))
        if not dropping:
            kept.append(paragraph)
    return "\n\n".join(kept)


@pytest.mark.parametrize("name", [*FILINGS, *LETTERS])
def test_a_notice_holds_what_its_law_prescribes_as_it_is_drafted(
    make_brief: MakeBrief, make_duty: MakeDuty, name: str
) -> None:
    assert errors(draft(make_brief(duty=duty_under(name, make_duty), answers=ANSWERS)).findings) == []


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("name", FILINGS)
def test_a_filing_without_the_words_under_one_of_its_headings_is_blocked(
    make_brief: MakeBrief, make_duty: MakeDuty, name: str, code: str
) -> None:
    brief = make_brief(duty=duty_under(name, make_duty), answers=ANSWERS, language=code)
    text = draft(brief).text

    for key in contents_of(brief.duty, brief.report).required:
        heading = re.escape(str(language(code).phrases.say(f"content.{key}.heading")))
        emptied = re.sub(rf"(?ms)(^## \d+\. {heading}\n).*?(?=^## |^---)", r"\1\n", text)
        assert emptied != text, key
        assert ("required_content", f"content {key}") in errors(check(emptied, brief))


@pytest.mark.parametrize(("name", "key", "words"), TAKEN_OUT)
def test_a_letter_from_which_a_prescribed_content_is_taken_out_is_blocked(
    make_brief: MakeBrief, make_duty: MakeDuty, name: str, key: str, words: str
) -> None:
    brief = make_brief(duty=duty_under(name, make_duty), answers=ANSWERS)
    text = draft(brief).text
    shorter = without(text, words)

    assert shorter != text
    assert ("required_content", f"content {key}") in errors(check(shorter, brief))


def test_what_is_said_in_other_words_is_not_missed(make_brief: MakeBrief, make_duty: MakeDuty) -> None:
    brief = make_brief(duty=duty_under("eu-gdpr-34", make_duty), answers=ANSWERS)
    text = (
        without(draft(brief).text, "data protection officer") + "\nAsk our data protection officer, Dominique Petit.\n"
    )

    assert errors(check(text, brief)) == []


@pytest.mark.parametrize("form", ["letter", "email", "substitute", "newspaper", "guardian"])
@pytest.mark.parametrize("code", languages())
def test_california_has_its_title_and_headings_in_every_form_and_language(
    make_brief: MakeBrief, make_duty: MakeDuty, code: str, form: str
) -> None:
    brief = make_brief(duty=duty_under("us-ca-individuals", make_duty), answers=ANSWERS, language=code, form=form)
    text = draft(brief).text
    lines = text.split("\n")
    heads = [line for line in lines if line.startswith("#") or (line.startswith("**") and line.endswith("**"))]

    assert "Notice of Data Breach" in heads[0]
    order = [
        "What Happened",
        "What Information Was Involved",
        "What We Are Doing",
        "What You Can Do",
        "For More Information",
    ]
    assert [name for head in heads for name in order if name in head] == order


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("# Notice of Data Breach", "# Good news"),
        lambda text: text.replace("## What Happened", "## Our story"),
        lambda text: (
            text.replace("## What We Are Doing", "##x")
            .replace("## What You Can Do", "## What We Are Doing")
            .replace("##x", "## What You Can Do")
        ),
        lambda text: text.replace("## For More Information\n", ""),
    ],
)
def test_another_title_heading_or_order_is_blocked_in_california(
    make_brief: MakeBrief, make_duty: MakeDuty, change: Callable[[str], str]
) -> None:
    brief = make_brief(duty=duty_under("us-ca-individuals", make_duty), answers=ANSWERS)

    assert ("prescribed_form", "title and headings") in errors(check(change(draft(brief).text), brief))


GIVEN_AWAY = {
    "en": "Our systems were hit by ransomware; 5,801 people are affected.",
    "zh": "我们的系统遭到勒索软件攻击，涉及5801人。",
    "de": "Unsere Systeme wurden mit Ransomware angegriffen; 5.801 Personen sind betroffen.",
    "fr": "Un rançongiciel a touché nos systèmes ; 5\u202f801 personnes sont concernées.",
    "es": "Un ransomware afectó a nuestros sistemas; hay 5.801 personas afectadas.",
    "it": "Un ransomware ha colpito i nostri sistemi; le persone coinvolte sono 5.801.",
    "nl": "Onze systemen zijn getroffen door ransomware; het gaat om 5.801 personen.",
    "pl": "Nasze systemy zaatakowało złośliwe oprogramowanie; dotyczy to 5\u00a0801 osób.",
    "pt": "Um ransomware atingiu nossos sistemas; 5.801 pessoas foram afetadas.",
    "ja": "当社のシステムがランサムウェアに感染し、対象は5,801名です。",
    "ko": "당사 시스템이 랜섬웨어에 감염되었으며 대상은 5,801명입니다.",
}


@pytest.mark.parametrize("code", languages())
def test_massachusetts_forbids_the_nature_of_the_breach_and_the_number_in_every_language(
    make_brief: MakeBrief, make_duty: MakeDuty, code: str
) -> None:
    brief = make_brief(duty=duty_under("us-ma-individuals", make_duty), answers=ANSWERS, language=code)
    text = draft(brief).text

    said = [one.message for one in check(f"{text}\n{GIVEN_AWAY[code]}\n", brief) if one.rule == "prohibited_content"]

    assert errors(draft(brief).findings) == []
    assert len(said) >= 2, "the nature and the number"


def test_every_law_whose_form_is_ruled_here_is_in_the_law_data() -> None:
    laws = load_laws()

    for name in read_forms().provisions:
        assert laws.provision(name)
