import re
from itertools import product
from pathlib import Path

import pytest

import console.page
from flows.picture import COLOURS

STYLE = (Path(console.page.__file__).parent / "static" / "style.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
)
WORDS = ("ink", "soft", "act", "late", "risk", "good")
SURFACES = ("paper", "band", "tag")
TEXT, GRAPHIC = 4.5, 3.0  # WCAG 2.2, success criteria 1.4.3 and 1.4.11 at level AA


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("words", "surface"), [*product(WORDS, SURFACES), ("on-act", "act")])
def test_every_colour_of_words_stands_out_from_every_surface(scheme: dict[str, str], words: str, surface: str) -> None:
    assert contrast(scheme[words], scheme[surface]) >= TEXT


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "surface"), [("soft", "paper"), ("soft", "band"), ("act", "paper"), ("act", "band")])
def test_the_edge_of_a_field_and_of_the_focus_stand_out(scheme: dict[str, str], edge: str, surface: str) -> None:
    assert contrast(scheme[edge], scheme[surface]) >= GRAPHIC


@pytest.mark.parametrize("colour", COLOURS.values(), ids=COLOURS)
def test_every_bar_of_the_picture_stands_out_from_its_paper(colour: str) -> None:
    assert contrast(colour, "#ffffff") >= GRAPHIC


def test_no_rule_names_a_colour_of_its_own() -> None:
    rules = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)

    assert re.findall(r"(?<!-)color: *#[0-9a-f]+", rules) == []
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)) <= {"#ffffff"}, "the paper of the picture"


def test_both_schemes_name_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()
