"""Public contact points that laws want named in a notice: credit bureaus, consumer and supervisory authorities."""

from datetime import date
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from models.document import read_document, validated
from models.places import lies_in
from models.vocabulary import Confidence
from templates.phrases import FOLDER

ContactKind = Literal["cra", "credit_report", "ftc", "ag", "complaint"]


class Contact(BaseModel):
    """One public body and how to reach it, with its source and the day it was last checked against it, if it was."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    phone: str
    address: str
    website: str = Field(pattern=r"^https://[a-z0-9.-]+(/\S*)?$")
    source: str = Field(pattern=r"^https://")
    checked: date | None
    confidence: Confidence


class _Contacts(RootModel[dict[ContactKind, dict[str, list[Contact]]]]):
    pass


@cache
def read_contacts() -> dict[ContactKind, dict[str, list[Contact]]]:
    """Every public contact point, by kind and jurisdiction."""
    return validated(_Contacts, read_document(FOLDER / "contacts.yaml")).root


def contacts(kind: ContactKind, jurisdiction: str) -> tuple[Contact, ...]:
    """The contact points of one kind for a jurisdiction: its own, or those of the country that it is a part of."""
    found = read_contacts().get(kind, {})
    return tuple(contact for place, entries in found.items() if lies_in(jurisdiction, place) for contact in entries)
