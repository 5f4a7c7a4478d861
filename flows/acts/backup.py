"""Back-up of a live installation into a folder, and back: database, outbox and evidence, with a manifest of hashes.

The database is copied first, at one instant; the files only grow, so that everything it names is among them. The
manifest comes last: a folder without one is no back-up.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import Engine, inspect
from sqlmodel import Session, col, delete, select

from flows.desk import Desk, clock_of, open_desk
from flows.settings import Settings
from integrations.database_copy import dump, load
from migrations.upgrade import HEAD, version_of
from models.clock import rfc3339
from models.document import read_document, validated
from models.errors import BadInputError, LedgerAlteredError, NotAllowedError, StoreUnavailableError
from models.ledger import record, verify_stored
from models.store import open_store, reading, writing
from models.tables import ApiToken, Delivery, Evidence, Incident, SignIn, SignInLink

FORMAT = "tocsin-backup-1"
MANIFEST, DATABASE = "manifest.json", "database"
FOLDERS = ("outbox", "evidence")
CHUNK = 1 << 20


class Part(BaseModel):
    """Base of every part of a manifest: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Kept(Part):
    """One file of the back-up."""

    path: str
    size: int
    sha256: str


class Manifest(Part):
    """What a back-up holds."""

    format: str
    taken_at: AwareDatetime
    tables: str
    database: str
    files: tuple[Kept, ...]


class Restored(Part):
    """What came back."""

    taken_at: AwareDatetime
    incidents: int
    ledger_entries: int
    halted: tuple[str, ...]
    uncertain: int


def back_up(desk: Desk, folder: Path) -> Manifest:
    """Copy everything into a new folder while others work on; raises `NotAllowedError` where something is there already."""
    if folder.exists() and any(folder.iterdir()):
        raise NotAllowedError(f"{folder} is not empty; name a new folder, so that no back-up is overwritten")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        taken_at = desk.clock()
        dump(desk.settings.database(), folder / DATABASE)
        for name in FOLDERS:
            _copy_folder(desk.settings.home / name, folder / name)
        manifest = Manifest(
            format=FORMAT,
            taken_at=taken_at,
            tables=version_of(desk.engine) or HEAD,
            database=desk.engine.dialect.name,
            files=tuple(_kept(folder)),
        )
        _write_whole(folder / MANIFEST, manifest.model_dump_json(indent=1))
    except OSError as error:
        raise StoreUnavailableError(f"{folder}: {error.strerror}; free space or mend its permissions") from error
    return manifest


def _copy_folder(source: Path, target: Path) -> None:
    """Copy what stands whole there; a file that is being written begins with a dot and is left out."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*"))


def _kept(folder: Path) -> Iterator[Kept]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST):
        yield Kept(path=str(path.relative_to(folder)), size=path.stat().st_size, sha256=_sha256(path))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    with draft.open("w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def check_backup(folder: Path) -> Manifest:
    """Read a back-up's manifest and hash every file; raises `BadInputError` for one that is not whole."""
    if not (folder / MANIFEST).is_file():
        raise BadInputError(f"{folder} holds no {MANIFEST}, so it is no finished back-up; name its folder")
    manifest = validated(Manifest, read_document(folder / MANIFEST))
    if manifest.format != FORMAT:
        raise BadInputError(f"{folder} is {manifest.format!r}; this version reads {FORMAT}")
    for kept in manifest.files:
        path = folder / kept.path
        if not path.resolve().is_relative_to(folder.resolve()):
            raise BadInputError(f"{kept.path} leads out of {folder}; the manifest was altered")
        if not path.is_file() or _sha256(path) != kept.sha256:
            raise BadInputError(f"{path} is missing or was altered since the back-up; take another one")
    return manifest


def restore(settings: Settings, folder: Path) -> Restored:
    """Bring a back-up into an empty installation, migrate it forward and verify every ledger; nothing goes out by itself.

    What went out between the back-up and its restoring is not known, so that every open incident is halted until a person
    has looked, and what was on its way is uncertain. Its alerts go on. Raises `NotAllowedError` where something is there.
    """
    manifest = check_backup(folder)
    _refuse_to_overwrite(settings, manifest)
    load(settings.database(), folder / DATABASE)
    for name in FOLDERS:
        _copy_folder(folder / name, settings.home / name)
    desk = open_desk(settings)
    entries = _verified(desk)
    now = clock_of(settings)()
    with writing(desk.engine) as session:
        _point_to_files(session, settings.home)
        session.execute(delete(SignIn))  # an old sign-in may have been ended since
        session.execute(delete(SignInLink))
        session.execute(delete(ApiToken))  # nor does a token come back that was revoked since
        found = list(session.exec(select(Incident).order_by(col(Incident.id))))
        halted = [incident for incident in found if incident.state == "open"]
        uncertain = sum(_halt(session, incident, manifest.taken_at, now) for incident in halted)
    desk.engine.dispose()
    return Restored(
        taken_at=manifest.taken_at,
        incidents=len(found),
        ledger_entries=entries,
        halted=tuple(incident.number for incident in halted),
        uncertain=uncertain,
    )


def _refuse_to_overwrite(settings: Settings, manifest: Manifest) -> None:
    engine = open_store(settings.database())
    if engine.dialect.name != manifest.database:
        raise BadInputError(
            f"the back-up is of {manifest.database}, and TOCSIN_DATABASE_URL names {engine.dialect.name}; name an empty "
            f"{manifest.database} database"
        )
    file = Path(str(engine.url.database))
    if file.exists() if engine.dialect.name == "sqlite" else _has_tables(engine):
        raise NotAllowedError(
            f"{engine.url.render_as_string(hide_password=True)} is there already; restore into an empty database"
        )
    for name in FOLDERS:
        there = settings.home / name
        if there.is_dir() and any(there.iterdir()):
            raise NotAllowedError(f"{there} is not empty; restore into a new TOCSIN_HOME")


def _has_tables(engine: Engine) -> bool:
    with reading(engine) as session:
        return bool(inspect(session.connection()).get_table_names())


def _verified(desk: Desk) -> int:
    with reading(desk.engine) as session:
        try:
            return sum(verify_stored(session, incident) for incident in session.exec(select(Incident)).all())
        except LedgerAlteredError as error:
            raise LedgerAlteredError(f"restored, but the record was altered before: {error}") from error


def _point_to_files(session: Session, home: Path) -> None:
    """Evidence stands under the new home."""
    rows = session.exec(select(Evidence, Incident.number).join(Incident, col(Evidence.incident_id) == col(Incident.id)))
    for evidence, number in rows.all():
        evidence.path = str(home / "evidence" / number / evidence.sha256) if evidence.path else ""
        session.add(evidence)


def _halt(session: Session, incident: Incident, taken_at: datetime, now: datetime) -> int:
    why = f"restored from the back-up of {rfc3339(taken_at)}; it may have gone out since, look before it is sent"
    on_their_way = session.exec(
        select(Delivery).where(
            Delivery.incident_id == incident.id,
            Delivery.purpose != "alert",
            col(Delivery.state).in_(("pending", "sending")),
        )
    ).all()
    for row in on_their_way:
        row.state, row.last_error, row.next_try_at = "uncertain", why, None
        session.add(row)
    incident.halted_at, incident.halted_by = now, f"restoring the back-up of {rfc3339(taken_at)}"
    session.add(incident)
    payload = {"taken_at": rfc3339(taken_at), "uncertain": [row.key for row in on_their_way]}
    record(session, incident, "incident.restored", payload, actor="tocsin", at=now, zone=incident.zone)
    return len(on_their_way)
