from datetime import date

import pytest

from templates.figures import amount, day_forms, figures


@pytest.mark.parametrize(
    ("figure", "locale", "plain"),
    [
        ("31,400", "en_GB", "31400"),
        ("31.400", "de", "31400"),
        ("31\u202f400", "fr", "31400"),
        ("31 400", "fr", "31400"),
        ("1.234.567", "nl", "1234567"),
        ("3.14万", "zh_Hans_CN", "31400"),
        ("3万", "ja", "30000"),
        ("31400", "en", "31400"),
        ("31.400", "en", "31.400"),
        ("3.5", "en", "3.5"),
    ],
)
def test_a_number_is_read_in_the_format_of_its_language(figure: str, locale: str, plain: str) -> None:
    assert amount(figure, locale) == plain


@pytest.mark.parametrize(
    ("locale", "form"),
    [
        ("en_GB", "2 March 2026"),
        ("en_US", "March 2, 2026"),
        ("de", "2. März 2026"),
        ("de", "02.03.2026"),
        ("fr", "2 mars 2026"),
        ("es", "2 de marzo de 2026"),
        ("zh_Hans_CN", "2026年3月2日"),
        ("ja", "2026年3月2日"),
        ("ko", "2026년 3월 2일"),
        ("pl", "2026-03-02"),
    ],
)
def test_a_day_is_known_in_each_way_that_a_language_writes_it(locale: str, form: str) -> None:
    assert form in day_forms(date(2026, 3, 2), locale)
    assert form in [figure for figure, _ in figures(f"x {form} y")]


def test_what_only_counts_headings_and_items_states_nothing() -> None:
    assert [figure for figure, _ in figures("## 3. Data\n\n1. One\n2. Two of 40\n")] == ["40"]
