import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import console.page
from console.page import LOCALES, Words
from models.vocabulary import PersonRole
from tests.console.conftest import SignInAs

VIEWS = sorted((Path(console.page.__file__).parent / "views").glob("*.html"))


def test_every_language_has_exactly_the_same_phrases() -> None:
    english, *others = (set(Words(language)._words) for language in LOCALES)

    for phrases in others:
        assert phrases == english


@pytest.mark.parametrize("view", VIEWS, ids=lambda path: path.name)
def test_no_view_names_another_host(view: Path) -> None:
    assert "://" not in view.read_text()


def test_every_answer_tells_the_browser_to_load_from_this_host_alone(signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)

    for path in ("/", "/sign-in", "/static/style.css", "/nothing-here"):
        assert "default-src 'none'" in page.get(path).headers["content-security-policy"]


def test_roles_are_named_in_the_viewers_language_and_people_by_their_names() -> None:
    words = Words("zh")

    assert words.who("legal and pr") == f"{words.word('person_role', 'legal')}和{words.word('person_role', 'pr')}"
    assert words.who("Ana de Legal") == "Ana de Legal"
    assert Words("en").who("Sam Okoro") == "Sam Okoro"


def test_times_are_written_as_the_language_writes_them() -> None:
    at = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)

    assert ">25 Nov 2026, 08:30 CET<" in Words("en").at(at, "Europe/Paris")
    assert ">2026年11月25日 08:30" in Words("zh").at(at, "Europe/Paris")


@pytest.mark.parametrize("view", VIEWS, ids=lambda path: path.name)
def test_no_view_has_words_of_its_own(view: Path) -> None:
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", view.read_text(), flags=re.DOTALL)

    words = re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>|&\w+;", " ", text))

    assert set(words) <= {"Tocsin", "SHA"}
