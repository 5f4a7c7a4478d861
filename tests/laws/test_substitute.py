import pytest

from laws.law import load_laws
from laws.substitute import grounds, substitute


@pytest.mark.parametrize("provision", sorted(grounds().grounds))
def test_every_provision_with_figures_is_a_provision_of_the_laws(provision: str) -> None:
    assert provision in {each.id for law in load_laws().laws for each in law.provisions}


def test_hipaa_asks_for_it_from_ten_people_who_were_not_reached() -> None:
    at, below = (substitute("us-hipaa-404", due=50, not_reached=n, cost=None) for n in (10, 9))

    assert at is not None
    assert below is not None
    assert (at.open, below.open) == (True, False)


def test_california_allows_it_above_its_figures_and_says_which() -> None:
    many = substitute("us-ca-individuals", due=500_001, not_reached=0, cost=250_000)
    dear = substitute("us-ca-individuals", due=500_000, not_reached=0, cost=250_001)
    neither = substitute("us-ca-individuals", due=500_000, not_reached=0, cost=250_000)

    assert many is not None
    assert dear is not None
    assert neither is not None
    assert many.reasons == ("500001 people are to be told, more than 500000",)
    assert dear.reasons == ("telling them costs 250001 USD, more than 250000",)
    assert not neither.open


def test_a_law_without_figures_says_nothing() -> None:
    assert substitute("eu-gdpr-34", due=1_000_000, not_reached=500, cost=None) is None
