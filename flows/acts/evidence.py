"""Evidence: kept as a copy that nobody writes to again, known by its SHA-256, each piece on the ledger."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlmodel import select

from flows.desk import Desk
from models.errors import BadInputError, StoreUnavailableError
from models.incident import facts_of, find, identity
from models.ledger import exported, record
from models.store import reading, writing
from models.tables import Evidence

CHUNK = 1 << 20


def preserve_file(
    desk: Desk, number: str, step: str | None, file: Path, *, by: str, name: str | None = None
) -> Evidence:
    """Copy a file of any size into the evidence folder, hashing it as it streams."""
    try:
        with file.open("rb") as source:
            return _preserved(desk, number, step, name or file.name, iter(lambda: source.read(CHUNK), b""), by)
    except OSError as error:
        raise BadInputError(f"{file}: cannot be read ({error.strerror}); check the path and its permissions") from error


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


def _preserved(desk: Desk, number: str, step: str | None, name: str, content: Iterable[bytes], by: str) -> Evidence:
    path, sha256, size = _written(desk.settings.home / "evidence" / number, content)
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


def _written(folder: Path, content: Iterable[bytes]) -> tuple[Path, str, int]:
    digest, size = hashlib.sha256(), 0
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as draft:
            for chunk in content:
                digest.update(chunk)
                size += draft.write(chunk)
            draft.flush()
            os.fsync(draft.fileno())
        path = folder / digest.hexdigest()
        Path(draft.name).replace(path)
        path.chmod(0o400)
    except OSError as error:
        raise StoreUnavailableError(
            f"evidence cannot be written to {folder} ({error.strerror}); free space or mend its permissions"
        ) from error
    return path, digest.hexdigest(), size
