import pytest

from integrations.naics import sectors_of
from models.vocabulary import Sector


@pytest.mark.parametrize(
    ("code", "sectors"),
    [
        ("522110", [Sector.BANKING, Sector.FINANCE]),  # commercial banking
        ("524114", [Sector.INSURANCE, Sector.FINANCE]),  # health insurance carriers
        ("622110", [Sector.HEALTH]),  # general hospitals
        ("624410", [Sector.OTHER]),  # child care
        ("511210", [Sector.TECHNOLOGY]),  # software publishers, 2012 and 2017
        ("513210", [Sector.TECHNOLOGY]),  # software publishers, 2022
        ("221310", [Sector.WATER]),  # water supply
        ("221122", [Sector.ENERGY]),  # electric power distribution
        ("481", [Sector.TRANSPORT]),  # air transportation
        ("92113", [Sector.GOVERNMENT]),  # public finance activities
        ("22", None),
        ("51", None),
        ("000", None),
        ("Unknown", None),
        ("", None),
    ],
)
def test_the_longest_known_beginning_of_a_code_names_the_sector(code: str, sectors: list[Sector] | None) -> None:
    assert sectors_of(code) == sectors
