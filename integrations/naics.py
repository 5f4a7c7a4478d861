"""Which sectors an industry code of the North American Industry Classification System (2012 to 2022) belongs to.

The longest listed beginning of a code decides. A beginning that spans several of our sectors, such as 22 (all utilities)
or 51 (all information industries), is not listed: such a code leaves the sector unknown.
Source: https://www.census.gov/naics/
"""

from collections.abc import Mapping

from models.vocabulary import Sector

_SECTORS: Mapping[str, tuple[Sector, ...]] = {
    "11": (Sector.OTHER,),
    "21": (Sector.OTHER,),
    "211": (Sector.ENERGY,),
    "2121": (Sector.ENERGY,),
    "2211": (Sector.ENERGY,),
    "2212": (Sector.ENERGY,),
    "2213": (Sector.WATER,),
    "23": (Sector.OTHER,),
    "31": (Sector.MANUFACTURING,),
    "32": (Sector.MANUFACTURING,),
    "33": (Sector.MANUFACTURING,),
    "42": (Sector.OTHER,),
    "44": (Sector.RETAIL,),
    "45": (Sector.RETAIL,),
    "48": (Sector.TRANSPORT,),
    "49": (Sector.TRANSPORT,),
    "486": (Sector.ENERGY, Sector.TRANSPORT),
    "511": (Sector.MEDIA,),
    "5112": (Sector.TECHNOLOGY,),
    "512": (Sector.MEDIA,),
    "513": (Sector.MEDIA,),
    "5132": (Sector.TECHNOLOGY,),
    "515": (Sector.MEDIA,),
    "516": (Sector.MEDIA,),
    "517": (Sector.TELECOM,),
    "518": (Sector.DIGITAL_INFRASTRUCTURE,),
    "519": (Sector.MEDIA,),
    "52": (Sector.FINANCE,),
    "521": (Sector.BANKING, Sector.FINANCE),
    "5221": (Sector.BANKING, Sector.FINANCE),
    "524": (Sector.INSURANCE, Sector.FINANCE),
    "53": (Sector.OTHER,),
    "54": (Sector.OTHER,),
    "5411": (Sector.LEGAL,),
    "5415": (Sector.TECHNOLOGY,),
    "55": (Sector.OTHER,),
    "56": (Sector.OTHER,),
    "61": (Sector.EDUCATION,),
    "62": (Sector.HEALTH,),
    "624": (Sector.OTHER,),
    "71": (Sector.OTHER,),
    "72": (Sector.OTHER,),
    "81": (Sector.OTHER,),
    "92": (Sector.GOVERNMENT,),
}


def sectors_of(code: str) -> list[Sector] | None:
    """The sectors of an industry code of two to six digits; None where it is unknown or too coarse to tell."""
    digits = code.strip()
    if not digits.isdigit():
        return None
    for length in range(len(digits), 1, -1):
        if digits[:length] in _SECTORS:
            return list(_SECTORS[digits[:length]])
    return None
