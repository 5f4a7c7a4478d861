"""Which place lies in which: countries, their parts, and the two groups of states that laws name."""

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
    if not jurisdiction or place == jurisdiction or place.startswith(f"{jurisdiction}-"):
        return True
    return place.split("-")[0] in GROUPS.get(jurisdiction, ())


def may_lie_in(place: str, jurisdiction: str) -> bool:
    """Whether `place` is too coarse to tell: someone in the US may live in US-CA."""
    return "-" in jurisdiction and place == jurisdiction.split("-")[0]
