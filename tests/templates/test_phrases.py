import re
from pathlib import Path

import pytest

from models.document import read_document
from models.errors import BadInputError
from models.vocabulary import Confidence
from playbooks.playbook import load_playbooks
from templates.checklist import checklist, needed_phrases
from templates.contacts import contacts, read_contacts
from templates.forms import read_forms
from templates.language import language, languages
from templates.phrases import FOLDER, Phrases, read_phrases
from templates.risks import read_risks


def test_every_language_has_every_template_block_and_phrase() -> None:
    assert checklist() == ()


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_data_file_can_be_read(path: Path) -> None:
    assert read_document(path).data


@pytest.mark.parametrize("code", languages())
def test_the_placeholders_of_a_phrase_are_the_same_in_every_language(code: str) -> None:
    ours, english = language(code).phrases.words, language("en").phrases.words
    optional = {"titles", "filing_titles", "counts", "times"}
    differing = [
        key
        for key in set(ours) & set(english)
        if key.split(".")[0] not in optional and _placeholders(ours[key]) != _placeholders(english[key])
    ]
    assert differing == []


def _placeholders(words: str) -> list[str]:
    return sorted(re.findall(r"\{(\w+)\}", words))


def test_the_check_calls_for_words_for_every_closed_list() -> None:
    needed = set(needed_phrases())

    assert {"words.kind.ransomware", "words.person_role.commander", "content.delay_reasons.question"} <= needed


def test_a_missing_phrase_is_named(tmp_path: Path) -> None:
    (tmp_path / "phrases.yaml").write_text("words: {kind: {ransomware: ransomware}}")

    with pytest.raises(BadInputError, match=r"phrases\.yaml: the phrase 'words\.kind\.other' is missing; add it"):
        read_phrases(tmp_path).say("words.kind.other")


def test_an_empty_phrase_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"the phrase 'a\.b' is empty"):
        Phrases("en", "phrases.yaml", {"a": {"b": " "}})


def test_a_value_that_is_put_into_a_phrase_is_made_harmless() -> None:
    phrases = Phrases("en", "phrases.yaml", {"to": "To {who}"})

    assert phrases.say("to", who="[x](http://evil.example)") == r"To \[x\](http://evil.example)"


def test_chinese_phrases_use_chinese_punctuation() -> None:
    wrong = [
        words
        for words in language("zh").phrases.words.values()
        if re.search(r"[\u4e00-\u9fff][,;:!?]|[,;:!?][\u4e00-\u9fff]", words)
    ]
    assert wrong == []


def test_every_risk_and_advice_that_data_bring_stands_in_the_order_of_a_text() -> None:
    table = read_risks()
    outlooks = [*table.categories.values(), *table.effects.values()]

    assert {name for outlook in outlooks for name in outlook.risks} == set(table.risks)
    assert {name for outlook in outlooks for name in outlook.advice} == set(table.advice)


def test_forms_speak_only_of_contents_that_exist() -> None:
    table = read_forms()
    named = [*table.silent, *(key for keys in (table.defaults | table.always).values() for key in keys)]
    named += [key for rule in table.provisions.values() for key in (*rule.forbids, *rule.leaves_out)]
    named += [one.content for rule in table.provisions.values() for one in rule.adds]

    assert set(named) <= set(table.contents)
    assert set(table.contents.values()) <= set(table.letter_sections)


def test_a_part_of_a_country_has_the_countrys_contact_points() -> None:
    assert [contact.name for contact in contacts("cra", "US-CA")] == ["Equifax", "Experian", "TransUnion"]
    assert contacts("cra", "FR") == ()
    assert len(contacts("ag", "US-NY")) == 2


def test_every_contact_point_has_a_source_and_an_unchecked_one_is_of_low_confidence() -> None:
    for by_place in read_contacts().values():
        for entries in by_place.values():
            for contact in entries:
                assert contact.source.startswith("https://")
                assert contact.checked is not None or contact.confidence is Confidence.LOW


def test_what_playbooks_say_in_public_can_be_said_in_every_language() -> None:
    says = {
        step.says["en"]: step.says for playbook in load_playbooks().values() for step in playbook.steps if step.says
    }
    missing = [
        (code, words)
        for words, said in says.items()
        for code in languages()
        if code not in said and words not in language(code).memory
    ]

    assert missing == [], "add it to templates/LANGUAGE/measures.yaml"
