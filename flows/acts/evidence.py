"""Evidence: kept as a copy that nobody writes to again, known by its SHA-256, each piece on the ledger."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlmodel import select

from flows.acts.playbook import step_rows
from flows.desk import Desk
from models.errors import BadInputError, StoreUnavailableError, TooLargeError
from models.incident import facts_of, find, identity
from models.ledger import exported, record
from models.store import reading, writing
from models.tables import Evidence

CHUNK = 1 << 20
LOOKED_AT = 64 << 20  # how much comes in between two looks at the room that is left
ROOM_LEFT = 1 << 30  # for the database, which needs room most when a disk runs full


def preserve_file(
    desk: Desk, number: str, step: str | None, file: Path, *, by: str, name: str | None = None
) -> Evidence:
    """Copy a file of any size into the evidence folder, hashing it as it streams."""
    try:
        with file.open("rb") as source:
            return _preserved(desk, number, step, name or file.name, iter(lambda: source.read(CHUNK), b""), by)
    except OSError as error:
        raise BadInputError(f"{file}: cannot be read ({error.strerror}); check the path and its permissions") from error


def preserve_bytes(desk: Desk, number: str, step: str, name: str, content: bytes, *, by: str) -> Evidence:
    """Keep something that is at hand already."""
    return _preserved(desk, number, step, name, [content], by)


def preserve_record(desk: Desk, number: str, step: str, name: str, source: str) -> None:
    """Keep the facts or the ledger as they are now, or every file of a folder that the organisation's file names."""
    if source == "facts":
        with reading(desk.engine) as session:
            facts = facts_of(session, find(session, number)).model_dump(mode="json", by_alias=True)
        _preserved(
            desk,
            number,
            step,
            name,
            [json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True).encode()],
            "tocsin",
        )
    elif source == "ledger":
        with reading(desk.engine) as session:
            lines = [f"{line}\n".encode() for line in exported(session, find(session, number))]
        _preserved(desk, number, step, name, lines, "tocsin")
    else:
        for file in _files(desk, source.partition(":")[2]):
            preserve_file(desk, number, step, file, by="tocsin", name=f"{name}/{file.name}")


def _files(desk: Desk, setting: str) -> Iterator[Path]:
    folder = desk.organisation.folders.get(setting)
    if folder is None or not Path(folder).is_dir():
        raise BadInputError(
            f"the organisation's file names no folder under folders.{setting}; set it, or record the evidence by hand"
        )
    yield from sorted(path for path in Path(folder).iterdir() if path.is_file())


class Incoming:
    """A file while it comes in: hashed as it is written, kept under its hash once whole, gone if it never is."""

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        self._folder, self._limit, self._digest, self._size = folder, limit, hashlib.sha256(), 0
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Deleted by hand: what is whole is renamed, not copied.
            self._draft = tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False)  # noqa: SIM115
        except OSError as error:
            raise self._unwritten(error) from error

    def write(self, chunk: bytes) -> None:
        """Take the next piece; raises `TooLargeError` past the limit, `StoreUnavailableError` where there is no room."""
        _must_fit(self._size + len(chunk), self._limit)
        if self._size // LOOKED_AT != (self._size + len(chunk)) // LOOKED_AT:
            _must_have_room(self._folder, len(chunk))
        self._digest.update(chunk)
        try:
            self._size += self._draft.write(chunk)
        except OSError as error:
            raise self._unwritten(error) from error

    def keep(self) -> tuple[Path, str, int]:
        """Put it where nobody writes to it again; gives path, SHA-256 and size."""
        path = self._folder / self._digest.hexdigest()
        try:
            self._draft.flush()
            os.fsync(self._draft.fileno())
            self._draft.close()
            Path(self._draft.name).replace(path)
            path.chmod(0o400)
        except OSError as error:
            raise self._unwritten(error) from error
        return path, self._digest.hexdigest(), self._size

    def discard(self) -> None:
        """Leave nothing of what is not kept."""
        self._draft.close()
        Path(self._draft.name).unlink(missing_ok=True)

    def _unwritten(self, error: OSError) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"what comes in cannot be written to {self._folder} ({error.strerror}); free space or mend its permissions"
        )


def begin_evidence(desk: Desk, number: str, announced: int | None = None) -> Incoming:
    """Begin to take evidence piece by piece; raises `TooLargeError` as `incoming` does."""
    return incoming(desk, desk.settings.home / "evidence" / number, announced)


def incoming(desk: Desk, folder: Path, announced: int | None = None) -> Incoming:
    """Begin to take a file piece by piece, at most as much as the setting allows.

    Raises `TooLargeError` where the size announced is more, or would fill the disk.
    """
    limit = desk.settings.upload_limit
    if announced is not None:
        _must_fit(announced, limit)
        _must_have_room(desk.settings.home, announced)
    return Incoming(folder, limit)


def _must_fit(size: int, limit: int | None) -> None:
    if limit is not None and size > limit:
        raise TooLargeError(f"at most {limit} bytes are taken here; the command takes a file of any size")


def _must_have_room(folder: Path, size: int) -> None:
    room = shutil.disk_usage(folder).free - ROOM_LEFT
    if size > room:
        raise TooLargeError(f"{size} bytes are more than there is room for ({max(room, 0)}); free space first")


def keep_evidence(desk: Desk, number: str, step: str | None, name: str, incoming: Incoming, *, by: str) -> Evidence:
    """Keep evidence that has come in whole, on the ledger."""
    with reading(desk.engine) as session:
        if step is not None and step not in step_rows(session, find(session, number)):
            raise BadInputError(f"{number} has no step {step!r}")
    return _recorded(desk, number, step, name, by, *incoming.keep())


def _preserved(desk: Desk, number: str, step: str | None, name: str, content: Iterable[bytes], by: str) -> Evidence:
    incoming = Incoming(desk.settings.home / "evidence" / number)
    try:
        for chunk in content:
            incoming.write(chunk)
        return _recorded(desk, number, step, name, by, *incoming.keep())
    finally:
        incoming.discard()


def _recorded(
    desk: Desk, number: str, step: str | None, name: str, by: str, path: Path, sha256: str, size: int
) -> Evidence:
    with writing(desk.engine) as session:
        incident = find(session, number)
        known = session.exec(
            select(Evidence).where(
                Evidence.incident_id == incident.id,
                Evidence.step_key == step,
                Evidence.name == name,
                Evidence.sha256 == sha256,
            )
        ).first()
        if known is not None:
            return known
        row = Evidence(
            incident_id=identity(incident),
            step_key=step,
            name=name,
            sha256=sha256,
            size=size,
            path=str(path),
            recorded_at=desk.clock(),
            zone=incident.zone,
            recorded_by=by,
        )
        session.add(row)
        payload = {"step": step, "name": name, "sha256": sha256, "size": size}
        record(session, incident, "evidence.recorded", payload, actor=by, at=desk.clock(), zone=incident.zone)
        return row
