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
