from collections.abc import Callable

import pytest

from laws.law import load_laws
from models.duty import Duty
from models.errors import BadInputError
from models.vocabulary import Audience
from templates.brief import Brief
from templates.checklist import public_contents
from templates.draft import draft
from templates.forms import read_forms
from templates.language import language as speak
from templates.language import languages

MakeBrief = Callable[..., Brief]
MakeDuty = Callable[..., Duty]

TABLE = read_forms()
WHOLE = [code for code in languages() if speak(code).is_whole]
SPOKEN = sorted(set(TABLE.contents) - set(TABLE.silent))
ANSWERED = {
    key: {"en": f"A person answered {key} in words.", "zh": f"有人以文字答复了{key}。"}
    for key in SPOKEN
}  # fmt: skip


@pytest.mark.parametrize("language", WHOLE)
@pytest.mark.parametrize("key", SPOKEN)
def test_every_content_that_a_law_can_ask_for_has_a_section_in_a_filing(
    make_brief: MakeBrief, make_duty: MakeDuty, language: str, key: str
) -> None:
    duty = make_duty(content=(key,), jurisdiction="US-NY")

    made = draft(make_brief(duty=duty, language=language))

    _, _, section = made.text.partition("## 1. ")
    heading, _, body = section.partition("\n")
    assert heading
    assert len(body.split("---")[0].strip()) > 5


@pytest.mark.parametrize("language", WHOLE)
@pytest.mark.parametrize("key", SPOKEN)
def test_a_content_that_is_not_known_is_asked_for_and_a_persons_answer_fills_it(
    make_brief: MakeBrief, make_duty: MakeDuty, language: str, key: str
) -> None:
    brief = make_brief(duty=make_duty(content=(key,), jurisdiction="SG"), language=language)

    asked = draft(brief)
    if not asked.missing:
        return
    answered = draft(make_brief(duty=brief.duty, language=language, answers=ANSWERED))

    assert [(one.key, bool(one.question)) for one in asked.missing] == [(key, True)]
    assert answered.missing == ()
    assert ANSWERED[key][language].replace("_", r"_") in answered.text.replace("\\", "")


@pytest.mark.parametrize("audience", [Audience.INDIVIDUALS, Audience.MEDIA, Audience.CUSTOMERS])
@pytest.mark.parametrize(
    ("key", "language"),
    [(key, code) for code in languages() for key in (SPOKEN if code in WHOLE else public_contents())],
)
def test_every_content_can_stand_in_a_letter_to_the_public(
    make_brief: MakeBrief, make_duty: MakeDuty, audience: Audience, language: str, key: str
) -> None:
    duty = make_duty(content=(key,), audience=audience, jurisdiction="US-NY", phased=False)

    assert draft(make_brief(duty=duty, language=language)).text.startswith("# ")


def test_what_laws_ask_of_a_notice_to_people_can_be_said_in_every_language() -> None:
    public = {*public_contents(), *TABLE.silent}
    versions = [
        (provision.id, version)
        for law in load_laws().laws
        for provision in law.provisions
        if provision.audience in TABLE.everywhere
        for version in provision.versions
    ]

    assert len(versions) > 100
    assert [(name, set(version.content) - public) for name, version in versions if set(version.content) - public] == []


def test_a_content_that_no_template_has_words_for_is_refused_by_name(
    make_brief: MakeBrief, make_duty: MakeDuty
) -> None:
    with pytest.raises(BadInputError, match="no words for the content 'incident_descripton'; did you mean"):
        draft(make_brief(duty=make_duty(content=("incident_descripton",))))


def test_a_law_that_names_no_contents_gets_the_usual_ones(make_brief: MakeBrief, make_duty: MakeDuty) -> None:
    made = draft(make_brief(duty=make_duty(content=("not_specified_by_law",))))

    assert "What happened" in made.text
    assert "Measures taken" in made.text
    assert made.findings == ()
