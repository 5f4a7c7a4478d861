import pytest

from models.places import EEA, EU, lies_in, may_lie_in


@pytest.mark.parametrize(
    ("place", "jurisdiction", "answer"),
    [
        ("FR", "FR", True),
        ("FR", "EU", True),
        ("FR", "EEA", True),
        ("FR-IDF", "FR", True),
        ("FR-IDF", "EU", True),
        ("NO", "EU", False),
        ("NO", "EEA", True),
        ("GB", "EU", False),
        ("CH", "EEA", False),
        ("US-CA", "US", True),
        ("US-CA", "US-CA", True),
        ("US-CA", "US-C", False),
        ("US", "US-CA", False),
        ("US-NY", "US-CA", False),
        ("UA", "U", False),
        ("JP", "", True),
        ("US-CA", "", True),
    ],
)
def test_a_place_lies_in_itself_its_country_and_its_groups(place: str, jurisdiction: str, answer: bool) -> None:
    assert lies_in(place, jurisdiction) is answer


@pytest.mark.parametrize(
    ("place", "jurisdiction", "answer"),
    [
        ("US", "US-CA", True),
        ("US-NY", "US-CA", False),
        ("US-CA", "US-CA", False),
        ("CA", "US-CA", False),
        ("US", "US", False),
        ("FR", "EU", False),
        ("U", "US-CA", False),
    ],
)
def test_somebody_in_a_country_may_live_in_any_of_its_parts(place: str, jurisdiction: str, answer: bool) -> None:
    assert may_lie_in(place, jurisdiction) is answer


def test_the_union_has_27_members_and_the_area_30() -> None:
    assert len(EU) == 27
    assert len(EEA) == 30
