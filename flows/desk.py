"""The desk: what every act has at hand. Built once from the settings by the outermost layer; parts load when first used."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from flows.channels import Channels, channels_from
from flows.intake_file import Intake, read_intake
from flows.organisation import OrganisationFile, read_organisation
from flows.settings import Settings, laws_from, read_settings
from laws.law import Laws
from migrations.upgrade import ensure_tables
from models import lease
from models.clock import Clock, VirtualClock, system_clock
from models.incident import refuse_halted
from models.store import fenced, open_store
from models.tables import Incident
from playbooks.playbook import Playbook, load_playbooks


@dataclass(frozen=True)
class Desk:
    """Settings, database and clock, and what is read from files."""

    settings: Settings
    engine: Engine
    clock: Clock = field(default=system_clock)
    held: lease.Held | None = None

    def carrying(self, held: lease.Held) -> "Desk":
        """This desk in the hands of the run that holds an incident's lease; files already read are not read again.

        Whatever it writes is refused with `LeaseHeldError` once another run has taken over, and with `HaltedError` once a
        person has stopped it; until then it keeps the lease.
        """

        def fence(session: Session) -> None:
            lease.renew(session, held, system_clock())
            refuse_halted(session.get_one(Incident, held.incident_id))

        engine = fenced(self.engine, fence)
        mine = replace(self, engine=engine, held=held)
        mine.__dict__.update({name: value for name, value in self.__dict__.items() if name in _READ_ONCE})
        return mine

    def read_files(self) -> None:
        """Read everything that is read once, so that every run of this process shares it."""
        for name in _READ_ONCE:
            getattr(self, name)

    @property
    def is_rehearsal(self) -> bool:
        """Whether time is not the machine's, so that nothing of this is a real incident."""
        return isinstance(self.clock, VirtualClock)

    @cached_property
    def laws(self) -> Laws:
        """The law data: ours, and the organisation's own over it."""
        return laws_from(self.settings)

    @cached_property
    def playbooks(self) -> dict[str, Playbook]:
        """The playbooks by name: ours, and the organisation's own over them."""
        return load_playbooks(*_folders(self.settings.playbooks))

    @cached_property
    def organisation(self) -> OrganisationFile:
        """The organisation's contact points and addresses."""
        return read_organisation(self.settings.organisation)

    @cached_property
    def intake(self) -> Intake:
        """The tools whose alerts are taken, and what becomes of them."""
        return read_intake(self.settings.intake)

    @cached_property
    def channels(self) -> Channels:
        """The ways out, as configured; the outbox folder is always there."""
        return channels_from(self.settings, self.organisation, self.clock)


_READ_ONCE = frozenset({"laws", "playbooks", "organisation", "channels"})


def _folders(folder: Path | None) -> tuple[Path, ...]:
    return (folder,) if folder else ()


def clock_of(settings: Settings) -> Clock:
    """The machine's clock, or the rehearsal's."""
    return VirtualClock(settings.clock) if settings.clock else system_clock


def open_desk(settings: Settings | None = None) -> Desk:
    """The desk for the settings given (default: the environment's), with its tables up to date."""
    settings = settings or read_settings()
    engine = open_store(settings.database())
    ensure_tables(engine)
    return Desk(settings, engine, clock_of(settings))
