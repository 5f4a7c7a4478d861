"""The methods that laws refer to, each in its own file under `methods/`."""

from collections.abc import Mapping
from dataclasses import dataclass

from laws.grading import GradingMethod
from laws.part import Part, Text
from laws.risk import RiskMethod
from laws.severity import EnisaMethod
from models.document import Document, validated


class WordList(Part):
    """Keys and what each means."""

    source: Text
    words: dict[str, Text]


@dataclass(frozen=True)
class Methods:
    """Every method and closed list that the laws use."""

    enisa: EnisaMethod
    risk: RiskMethod
    grading: GradingMethod
    content_keys: Mapping[str, str]
    exemptions: Mapping[str, str]


def methods_of(documents: Mapping[str, Document]) -> Methods:
    """The methods in these files, by file name; raises `BadInputError` for the first defect."""
    return Methods(
        validated(EnisaMethod, documents["enisa_2013"]),
        validated(RiskMethod, documents["risk"]),
        validated(GradingMethod, documents["cn_2025_grading"]),
        validated(WordList, documents["content_keys"]).words,
        validated(WordList, documents["exemptions"]).words,
    )
