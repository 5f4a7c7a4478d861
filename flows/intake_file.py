"""The file that says whose alerts and whose word on mails are taken, how each sender proves itself, and which alerts become
incidents by rule."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints

import integrations.intake
from integrations.intake.mapped import read_mapped
from integrations.intake.source import IncomingAlert, Source
from integrations.relays.relay import Relay, known_relays, read_relay
from models.document import nearest, read_document, validated
from models.errors import BadInputError
from models.vocabulary import Kind, Level

T = TypeVar("T")
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sender(_Strict):
    """One tool: its secret stands in a file of its own; `mapping` says how to read JSON that we do not know."""

    secret_file: Path | None = None
    mapping: Path | None = None


class Matching(_Strict):
    """Which alerts a rule is for; what is not said fits every one."""

    source: Name | None = None
    level: Level | None = None  # at least
    kind: Kind | None = None
    title: str | None = None  # with * for any words


class Rule(_Strict):
    """What happens to the alerts it fits; the first rule that fits counts."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    when: Matching = Matching()
    then: Literal["incident", "candidate", "ignore"]

    def fits(self, alert: IncomingAlert) -> bool:
        """Whether the rule is for the alert."""
        when, levels = self.when, list(Level)
        return (
            when.source in (None, alert.source)
            and (
                when.level is None
                or (alert.level is not None and levels.index(alert.level) >= levels.index(when.level))
            )
            and when.kind in (None, alert.report.kind)
            and (when.title is None or fnmatch(alert.report.title.lower(), when.title.lower()))
        )


class IntakeFile(_Strict):
    """What `TOCSIN_INTAKE` may say; `docs/how-to/intake.md` shows one."""

    sources: dict[Name, Sender] = {}
    relays: dict[Name, Sender] = {}
    rules: tuple[Rule, ...] = ()
    most_new_an_hour: PositiveInt = Field(
        200, description="New candidates of one source an hour; more are folded into one."
    )


@dataclass(frozen=True)
class Intake:
    """The file, with the sources that it and we know."""

    file: IntakeFile
    sources: dict[str, Source]
    secrets: dict[str, Path]
    relays: dict[str, Relay]
    relay_secrets: dict[str, Path]

    def source(self, name: str) -> Source:
        """The source called `name`; raises `BadInputError` with the nearest name there is."""
        if name not in self.sources:
            raise BadInputError(f"no source is called {name!r}{nearest(name, self.sources)}")
        return self.sources[name]

    def secret_of(self, name: str) -> bytes | None:
        """What the sender proves itself with, read anew so that it can be changed; None for one that may not send.

        Raises `BadInputError` where its file cannot be read or is empty.
        """
        path = self.secrets.get(name)
        return _secret(name, path) if path is not None else None

    def relay(self, name: str) -> Relay:
        """The relay called `name`; raises `BadInputError` with the nearest name there is."""
        if name not in self.relays:
            raise BadInputError(f"no relay is called {name!r}{nearest(name, self.relays)}")
        return self.relays[name]

    def relay_secret_of(self, name: str) -> bytes | None:
        """What the relay proves itself with, or None for one that may not send; raises as `secret_of` does."""
        path = self.relay_secrets.get(name)
        return _secret(name, path) if path is not None else None

    def rule_for(self, alert: IncomingAlert) -> Rule | None:
        """The first rule that fits."""
        return next((rule for rule in self.file.rules if rule.fits(alert)), None)


def read_intake(path: Path | None) -> Intake:
    """The tools and rules of a file, or those that we know, of which none may send; raises `BadInputError` in one line."""
    document = read_document(path) if path else None
    file = validated(IntakeFile, document) if document else IntakeFile()
    beside = path.parent if path else Path()
    sources = _and_mapped("source", built_in_sources(), path, file.sources, read_mapped)
    relays = _and_mapped("relay", known_relays(), path, file.relays, read_relay)
    return Intake(file, sources, _secrets(beside, file.sources), relays, _secrets(beside, file.relays))


def _and_mapped(
    what: str, known: Mapping[str, T], path: Path | None, senders: Mapping[str, Sender], read: Callable[[str, Path], T]
) -> dict[str, T]:
    """Those that we know, and those that a mapping beside the file describes; a name that is neither is refused."""
    found = dict(known)
    for name, sender in senders.items():
        if path and sender.mapping:
            found[name] = read(name, path.parent / sender.mapping)
        elif name not in found:
            raise BadInputError(
                f"{path}: {name!r} is no {what} that we know{nearest(name, found)}; give it a `mapping`"
            )
    return found


def _secrets(beside: Path, senders: Mapping[str, Sender]) -> dict[str, Path]:
    return {name: beside / each.secret_file for name, each in senders.items() if each.secret_file}


def _secret(name: str, path: Path) -> bytes:
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise BadInputError(f"{path}: the secret of {name} cannot be read ({error.strerror})") from error
    if not secret:
        raise BadInputError(f"{path}: the secret of {name} is empty; write one of 32 signs or more")
    return secret


@cache
def built_in_sources() -> dict[str, Source]:
    """Every module of `integrations/intake` that is a source, by its name."""
    modules = (
        importlib.import_module(f"integrations.intake.{part.name}")
        for part in pkgutil.iter_modules(integrations.intake.__path__)
    )
    found = [module.SOURCE for module in modules if hasattr(module, "SOURCE")]
    return {source.name: source for source in found}
