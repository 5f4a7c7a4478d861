from collections.abc import Callable
from pathlib import Path

import pytest

from models.duty import Duty
from models.vocabulary import Audience
from templates.brief import Brief
from templates.dialect import TemplateRefusedError
from templates.draft import draft, drafts
from templates.language import language, languages
from templates.phrases import FOLDER

MakeBrief = Callable[..., Brief]


def own_template(folder: Path, text: str, name: str = "filing") -> Path:
    (folder / "en").mkdir(parents=True, exist_ok=True)
    (folder / "en" / f"{name}.md.j2").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("# T\n{{ voice.__class__ }}", 2, "attribute '__class__'"),
        ("{{ voice.organisation.upper() }}", 1, "only the words it is given"),
        ("{{ ''.join }}", 1, "attribute 'join'"),
        ("{{ config }}", 1, "no word here is called 'config'"),
        ("{% for i in range(1000000000) %}x{% endfor %}", 1, "no word here is called 'range'"),
        ("\n\n{% for a in risks() recursive %}{{ loop(risks()) }}{% endfor %}", 3, "a loop may not call itself"),
        (
            "{% for a in risks() %}\n{% for b in risks() %}\n{% for c in risks() %}\n{% endfor %}{% endfor %}{% endfor %}",
            3,
            "2 deep",
        ),
        ("{% macro m() %}{{ m() }}{% endmacro %}", 1, "may not use Macro"),
        ("{% set x = 'a' * 1000000000 %}", 1, "may not use Assign"),
        ("{{ 'a' * 1000000000 }}", 1, "may not use Mul"),
        ("{{ 'a' ~ 'b' }}", 1, "may not use Concat"),
        ("{% include 'x' %}", 1, "may not use Include"),
        ("{{ number | safe }}", 1, "may not use Filter"),
        ("# T\n{% if %}", 2, "mend that line"),
        ("x" * 100_001, 1, "at most 100000"),
        ("{% if number %}" * 150 + "x" + "{% endif %}" * 150, 1, "nested too deeply"),
        ("{% if number %}" * 3000 + "x" + "{% endif %}" * 3000, 1, "nested too deeply"),
        ("{% for a in risks() %}{% endfor %}" * 101, 1, "at most 100"),
        ("# T\n\x00", 2, "control character"),
        ("{{ own('__class__') }}", 1, "the organisation has no '__class__' to name"),
        ("{{ attach('secrets') }}", 1, "nothing called 'secrets' goes with a text"),
        ("{{ fact('organisation.__class__') }}", 1, "no fact has the path"),
    ],
)
def test_a_template_outside_the_small_language_is_refused_with_file_and_line(
    make_brief: MakeBrief, tmp_path: Path, text: str, line: int, reason: str
) -> None:
    own = own_template(tmp_path, text)

    with pytest.raises(TemplateRefusedError) as refused:
        draft(make_brief(), own)

    assert f"en/filing.md.j2:{line}: " in str(refused.value)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_error_while_a_text_is_made_names_the_line_too(make_brief: MakeBrief, tmp_path: Path) -> None:
    own = own_template(tmp_path, "# {{ title }}\n\n{{ fact('people.names') }}")

    with pytest.raises(TemplateRefusedError, match=r"filing\.md\.j2:3: no fact has the path 'people\.names'"):
        draft(make_brief(), own)


def test_a_content_that_asks_for_itself_does_not_run_for_ever(
    make_brief: MakeBrief, make_duty: Callable[..., Duty], tmp_path: Path
) -> None:
    own = own_template(tmp_path, "{% block record_count %}\n{{ content('cause') }}{% endblock %}", "content")

    with pytest.raises(TemplateRefusedError, match=r"content\.md\.j2:2: no word here is called 'content'"):
        draft(make_brief(duty=make_duty(content=("record_count",))), own)


def test_a_refused_template_does_not_hold_up_the_other_texts(make_brief: MakeBrief, tmp_path: Path) -> None:
    own = own_template(tmp_path, "{{ nothing }}")

    done, refused = drafts([make_brief(), make_brief(language="zh")], own)

    assert [one.language for one in done] == ["zh"]
    assert "filing.md.j2:1" in refused[0].reason


def test_a_template_that_is_no_text_is_refused_in_one_line(make_brief: MakeBrief, tmp_path: Path) -> None:
    own = own_template(tmp_path, "")
    (own / "en" / "filing.md.j2").write_bytes(b"# caf\xe9")

    done, refused = drafts([make_brief()], own)

    assert done == ()
    assert refused[0].reason.endswith("en/filing.md.j2:1: cannot be read as UTF-8 text; save it as UTF-8")


def test_a_template_that_says_nothing_makes_a_text_that_cannot_be_signed(make_brief: MakeBrief, tmp_path: Path) -> None:
    found = draft(make_brief(), own_template(tmp_path, "")).findings

    assert ("error", "empty") in [(finding.level, finding.rule) for finding in found]


def test_an_own_phrase_wins_over_ours_and_leaves_the_others(make_brief: MakeBrief, tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "phrases.yaml").write_text("text: {press: {working: We are at work on it.}}", encoding="utf-8")

    text = draft(make_brief(audience=Audience.PRESS, duty=None, form="holding"), tmp_path).text

    assert "We are at work on it." in text
    assert "is dealing with a security incident." in text


def test_an_own_phrase_that_asks_for_what_is_not_given_is_found_as_a_placeholder(
    make_brief: MakeBrief, tmp_path: Path
) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "phrases.yaml").write_text('text: {press: {working: "As of {day}."}}', encoding="utf-8")

    made = draft(make_brief(audience=Audience.PRESS, duty=None, form="holding"), tmp_path)

    assert ("error", "placeholder") in [(finding.level, finding.rule) for finding in made.findings]


def test_an_own_template_for_all_languages_stands_in_the_folder_any(make_brief: MakeBrief, tmp_path: Path) -> None:
    (tmp_path / "any").mkdir()
    (tmp_path / "any" / "press_holding.md.j2").write_text("# {{ phrase('text.press.working') }}", encoding="utf-8")

    for code in languages():
        made = draft(make_brief(audience=Audience.PRESS, duty=None, form="holding", language=code), tmp_path)
        assert made.text == f"# {language(code).phrases.say('text.press.working')}\n"


def test_an_own_template_wins_over_ours(make_brief: MakeBrief, tmp_path: Path) -> None:
    own = own_template(tmp_path, "# Own words on {{ number }}")

    assert draft(make_brief(), own).subject == "Own words on INC-2026-0001"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*.md.j2")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_template_keeps_to_the_small_language(path: Path) -> None:
    spoken = language("en" if path.parent.name == "any" else path.parent.name)

    assert spoken.template(path.name.removesuffix(".md.j2"))


def test_there_is_english_and_chinese() -> None:
    assert {"en", "zh"} <= set(languages())
