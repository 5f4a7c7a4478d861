from collections.abc import Callable

import pytest

from models.duty import Duty
from models.errors import BadInputError
from models.vocabulary import Audience
from templates.brief import Brief
from templates.draft import draft
from templates.forms import read_forms
from templates.language import languages

MakeBrief = Callable[..., Brief]
MakeDuty = Callable[..., Duty]

TABLE = read_forms()
SPOKEN = sorted(set(TABLE.contents) - set(TABLE.silent))
ANSWERED = {
    key: {"en": f"A person answered {key} in words.", "zh": f"有人以文字答复了{key}。"}
    for key in SPOKEN
}  # fmt: skip


@pytest.mark.parametrize("language", languages())
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


@pytest.mark.parametrize("language", languages())
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
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("key", SPOKEN)
def test_every_content_can_stand_in_a_letter_to_the_public(
    make_brief: MakeBrief, make_duty: MakeDuty, audience: Audience, language: str, key: str
) -> None:
    duty = make_duty(content=(key,), audience=audience, jurisdiction="US-NY", phased=False)

    assert draft(make_brief(duty=duty, language=language)).text.startswith("# ")


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
