"""Which place lies in which: countries, their parts, and the two groups of states that laws name."""

from collections.abc import Iterable

EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
    ]
)
EEA = EU | {"IS", "LI", "NO"}
GROUPS = {"EU": EU, "EEA": EEA}


def lies_in(place: str, jurisdiction: str) -> bool:
    """Whether `place` (FR, US-CA) is, or is a part of, `jurisdiction` (EU, EEA, US, US-CA); every place lies in ""."""
    if place.startswith(jurisdiction) and place[len(jurisdiction) : len(jurisdiction) + 1] in ("", "-"):
        return True
    if jurisdiction in GROUPS:
        return place.split("-")[0] in GROUPS[jurisdiction]
    return not jurisdiction


def may_lie_in(place: str, jurisdiction: str) -> bool:
    """Whether `place` is too coarse to tell: someone in the US may live in US-CA."""
    return "-" in jurisdiction and "-" not in place and jurisdiction.startswith(f"{place}-")


def reached(places: Iterable[str]) -> frozenset[str]:
    """Every jurisdiction that one of `places` lies in; a country alone also reaches `US-`, whichever part it may be."""
    found = {""}
    for place in places:
        country, _, part = place.partition("-")
        found |= {place, country, *(name for name, members in GROUPS.items() if country in members)}
        found |= set() if part else {f"{country}-"}
    return frozenset(found)
