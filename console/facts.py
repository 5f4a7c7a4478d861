"""What the facts of a report are to a page: which list their words come from, and which of them name places."""

import re
from collections.abc import Mapping
from enum import StrEnum

from models import vocabulary

VOCABULARY: Mapping[str, str] = {
    "kind": "kind",
    "cause": "cause",
    "effects": "effect",
    "organisation.role": "role",
    "organisation.sectors": "sector",
    "organisation.attributes": "attribute",
    "organisation.attributes_ruled_out": "attribute",
    "data.category": "category",
    "data.classification": "classification",
    "identifiability": "identifiability",
    "people.relationship": "relationship",
    "circumstances": "circumstance",
    "contracts.from": "times",  # of the report
    "impact.official_site": "official_site",
    "impact.threat": "threat",
    "impact.official_grade": "grade",
}
"""From a fact's path to the family of its words in the texts."""

CHOICES: Mapping[str, type[StrEnum]] = {
    "kind": vocabulary.Kind,
    "cause": vocabulary.Cause,
    "effect": vocabulary.Effect,
    "role": vocabulary.Role,
    "sector": vocabulary.Sector,
    "attribute": vocabulary.Attribute,
    "category": vocabulary.Category,
    "classification": vocabulary.Classification,
    "identifiability": vocabulary.Identifiability,
    "relationship": vocabulary.Relationship,
    "circumstance": vocabulary.Circumstance,
    "official_site": vocabulary.OfficialSite,
    "threat": vocabulary.Threat,
    "grade": vocabulary.Grade,
}

PLACES = frozenset(
    {
        "organisation.country",
        "organisation.subdivision",
        "organisation.establishments",
        "organisation.handled_in",
        "people.jurisdiction",
        "impact.without_service.jurisdiction",
    }
)


def plain_path(path: str) -> str:
    """A fact's path without the places in its lists: `people.count` for `people[0].count`."""
    return re.sub(r"\[\d+\]", "", path)
