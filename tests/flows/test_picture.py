from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from flows.picture import MOST_BARS, Bar, Mark, PictureWords, drawn

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def bars(count: int) -> list[Bar]:
    return [Bar(f"duty-{n}", START, START + timedelta(hours=24 + n), "open") for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 60, 1_000])
def test_a_picture_holds_the_first_clocks_counts_the_others_and_keeps_them_apart(count: int) -> None:
    picture = ElementTree.fromstring(drawn(bars(count), [Mark("reported", START)], START + timedelta(hours=1)))

    labels = [text for text in picture.iter(f"{SVG}text") if (text.text or "").startswith("duty-")]
    heights = sorted(float(text.get("y", "0")) for text in labels)
    assert len(labels) == min(count, MOST_BARS)
    assert all(later - earlier >= 12 for earlier, later in pairwise(heights))
    more = [text.text for text in picture.iter(f"{SVG}text") if "more clocks" in (text.text or "")]
    assert more == ([f"and {count - MOST_BARS} more clocks"] if count > MOST_BARS else [])
    assert picture.findtext(f"{SVG}title")


def test_a_picture_speaks_the_language_of_its_words_and_follows_a_dark_page() -> None:
    picture = drawn(
        bars(1), [], START, PictureWords(now="现在", days="+{days}天", moment="%m月%d日 %H:%M", title="时限")
    )

    assert ">现在<" in picture
    assert "+1天" in picture
    assert "11月23日 09:00" in picture
    assert "<title>时限</title>" in picture
    assert "prefers-color-scheme: dark" in picture
