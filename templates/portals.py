"""The fields of authorities' portals in their order: which of them a filing goes through, and what belongs into each."""

from datetime import date
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.document import read_document, validated
from models.duty import Duty
from templates.phrases import FOLDER


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PortalField(_Part):
    """One field: where its words come from, and what a person picks there."""

    label: str
    content: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    voice: tuple[str, ...] = ()
    stage: bool = False
    severity: bool = False
    people_told: bool = False
    choose: tuple[str, ...] = ()


class Portal(_Part):
    """One portal or form, for some provisions and, where it names them, some of their recipients."""

    portal: str
    name: str
    provisions: tuple[str, ...] = Field(min_length=1)
    recipients: tuple[str, ...] = ()
    source: str
    basis: Literal["read", "partial", "recalled"]
    checked: date
    fields: tuple[PortalField, ...] = Field(min_length=1)


class _Portals(_Part):
    portals: tuple[Portal, ...]


@cache
def read_portals() -> tuple[Portal, ...]:
    """Every portal that we know the fields of."""
    return validated(_Portals, read_document(FOLDER / "portals.yaml")).portals


def portal_for(duty: Duty | None) -> Portal | None:
    """The portal that a duty's filing goes through: one that names its recipient wins over one for all of them."""
    if duty is None:
        return None
    fitting = [one for one in read_portals() if duty.provision in one.provisions]
    named = [one for one in fitting if duty.recipient in one.recipients]
    return next(iter([*named, *(one for one in fitting if not one.recipients)]), None)
