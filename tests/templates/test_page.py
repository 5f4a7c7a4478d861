import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from models.errors import BadInputError
from models.vocabulary import Audience
from templates.brief import Brief
from templates.draft import draft
from templates.language import languages
from templates.page import html, plain, subject

MakeBrief = Callable[..., Brief]


class Outline(HTMLParser):
    """Collects the tags of a page and fails on one that is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", languages())
def test_a_page_is_whole_accessible_and_loads_nothing(make_brief: MakeBrief, language: str) -> None:
    made = draft(make_brief(language=language, audience=Audience.PRESS, duty=None, form="full"))

    page = html(made.text, language, made.subject)
    outline = Outline(page)

    assert page.startswith("<!doctype html>")
    assert ("lang", {"zh": "zh-Hans", "pt": "pt-BR"}.get(language, language)) in outline.attributes
    assert outline.tags.count("h1") == 1
    assert {"html", "head", "title", "body", "main", "h2"} <= set(outline.tags)
    assert not {"img", "script", "link", "iframe", "form", "object"} & set(outline.tags)
    assert "url(" not in page
    assert not [name for name, _ in outline.attributes if name.startswith("on") or name == "src"]


def test_markup_in_a_text_stays_text_and_a_script_link_is_no_link() -> None:
    page = html("<b onclick=x>a</b> [x](javascript:alert(1)) ![i](https://e.example/i.png)", "en", "<t>&")

    assert "<b " not in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert "<title>&lt;t&gt;&amp;</title>" in page


def test_chinese_lines_do_not_break_bold_labels(make_brief: MakeBrief) -> None:
    page = html(draft(make_brief(language="zh")).text, "zh", "t")

    assert "<strong>报送</strong>：CNIL" in page
    assert "*" not in re.sub(r"<style>.*?</style>", "", page)


@pytest.mark.parametrize("language", languages())
def test_plain_text_says_the_same_without_marks(make_brief: MakeBrief, language: str) -> None:
    made = draft(make_brief(language=language, audience=Audience.PRESS, duty=None, form="full"))
    words = plain(made.text)

    assert not re.search(r"\*\*|^#|\\", words, re.MULTILINE)
    for fact in made.facts_used:
        if fact.shown in made.text:
            assert fact.shown in words
    assert "- " in words


def test_the_subject_is_the_first_heading_in_one_line() -> None:
    assert subject("# A \\*b\\* c\n\ntext") == "A *b* c"
    assert subject("no heading") == ""


def test_a_language_without_texts_is_refused() -> None:
    with pytest.raises(BadInputError, match="no texts in the language 'tlh'"):
        html("# x", "tlh", "x")
