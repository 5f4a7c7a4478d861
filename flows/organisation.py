"""The organisation's own file: how it is called, who is to be contacted, and where its recipients are reached."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from models.document import read_document, validated
from playbooks.ladder import Ladders

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Contact(BaseModel):
    """Somebody who answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text | None = None
    email: Text | None = None
    phone: Text | None = None


class OrganisationFile(BaseModel):
    """What `TOCSIN_ORGANISATION` may say; `docs/how-to/configure.md` shows one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text | None = None
    address: Text | None = None
    website: Text | None = None
    hotline: Text | None = None
    signatory: Text | None = None
    signatory_title: Text | None = None
    sign_off: dict[str, Text] = {}  # language -> the words before the signature
    tone: Literal["warm", "sober"] = "warm"  # sober: no words of regret
    domains: tuple[Text, ...] = ()
    logo: Path | None = None  # PNG or JPEG, at the head of documents
    press: Contact = Contact()
    contact: Contact = Contact()
    dpo: Contact = Contact()
    folders: dict[str, Text] = {}  # evidence that steps copy: name in the playbook -> folder
    addresses: dict[str, Text] = {}  # recipient, audience or role -> e-mail address
    ladders: Ladders = ()  # when a running clock warns whom; none: ours


def read_organisation(file: Path | None) -> OrganisationFile:
    """The organisation's file, or an empty one when none is set; raises `BadInputError` in one line."""
    return validated(OrganisationFile, read_document(file)) if file else OrganisationFile()
