"""A notice's current text put on paper: read from the record, with who signed it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, func, select

from flows.acts.draft import current, notice_in, signatures, title, voice_of
from flows.acts.evaluate import duty_of
from flows.acts.severity import severity_in
from flows.desk import Desk
from models.errors import BadInputError
from models.filing import Filing, FilingApproval, FilingDuty, FilingFact, FilingField, FilingGap
from models.incident import facts_of, find, identity
from models.store import reading
from models.tables import DutyRecord, Incident, Notice, NoticeVersion
from models.vocabulary import Audience
from templates.paper import Paper, Signature
from templates.parts import parts_of
from templates.sheet import Filed

LARGEST_LOGO = 500_000


@dataclass(frozen=True)
class OnPaper:
    """One notice as it stands: the paper, the same for machines, and what a form takes beside the text."""

    paper: Paper
    filing: Filing
    what: str
    name: str
    filed: Filed


def notice_ids(desk: Desk, number: str) -> list[int]:
    """The ids of the incident's notices, in the order in which they were first drafted."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        rows = session.exec(select(Notice).where(Notice.incident_id == incident.id).order_by(col(Notice.id)))
        return [identity(row) for row in rows]


def put_on_paper(desk: Desk, number: str, ids: Sequence[int], language: str | None = None) -> Iterator[OnPaper]:
    """Each of these notices, one after the other, so that memory does not grow with how many there are.

    `language` is that of whoever copies a filing into a portal.
    """
    logo = _logo(desk.organisation.logo)
    for notice_id in ids:
        with reading(desk.engine) as session:
            incident = find(session, number)
            yield _on_paper(desk, session, incident, notice_in(session, incident, notice_id), logo, language)


def as_pdf(paper: Paper) -> bytes:
    """The paper as a PDF; the same paper gives the same bytes. Raises `BadInputError` where this machine cannot make one."""
    # Loaded when first used: it takes longer to import than most commands to run.
    from integrations.pdf import pdf_of
    from templates.print_page import printed

    return pdf_of(printed(paper))


def _on_paper(
    desk: Desk, session: Session, incident: Incident, notice: Notice, logo: bytes | None, language: str | None
) -> OnPaper:
    version = current(session, notice)
    row = session.get_one(DutyRecord, notice.duty_id) if notice.duty_id is not None else None
    report = facts_of(session, incident, version.facts_version)
    voice = voice_of(desk, report)
    signed = tuple(Signature(one.person, one.role, one.at) for one in signatures(session, notice, version))
    paper = Paper(
        number=incident.number,
        notice=identity(notice),
        language=notice.language,
        subject=version.subject,
        text=version.text,
        sha256=version.sha256,
        version=version.version,
        facts_version=version.facts_version,
        state=notice.state,
        signatures=signed,
        written_at=version.created_at,
        zone=incident.zone,
        organisation=voice.organisation,
        place=row.jurisdiction if row else report.organisation.country or "",
        rehearsal=incident.rehearsal,
        logo=logo,
    )
    name = f"{incident.number}-{notice.id}-{_name(notice)}-v{version.version}"
    duty = duty_of(row) if row else None
    level, told_at = severity_in(desk, report).level, _people_told_at(session, incident)
    filed = Filed(paper, duty, report, voice, level, told_at, language)
    return OnPaper(paper, _filing(paper, notice, version, row), title(notice), name, filed)


def _people_told_at(session: Session, incident: Incident) -> datetime | None:
    """When the first of the people affected were told."""
    return session.exec(
        select(func.min(DutyRecord.met_at)).where(
            DutyRecord.incident_id == incident.id, DutyRecord.audience == Audience.INDIVIDUALS
        )
    ).first()


def _name(notice: Notice) -> str:
    words = "-".join([notice.provision or notice.audience.replace("_", "-"), notice.form, notice.language])
    return re.sub(r"[^A-Za-z0-9.-]+", "-", words)  # a contract's name stands in it, and a file's name takes few signs


def _filing(paper: Paper, notice: Notice, version: NoticeVersion, row: DutyRecord | None) -> Filing:
    return Filing(
        incident=paper.number,
        notice=paper.notice,
        rehearsal=paper.rehearsal,
        state=notice.state,
        may_leave=paper.may_leave,
        audience=Audience(notice.audience),
        form=notice.form,
        language=notice.language,
        recipient=notice.recipient,
        organisation=paper.organisation,
        duty=_duty(row) if row else None,
        subject=version.subject,
        text=version.text,
        sha256=version.sha256,
        version=version.version,
        facts_version=version.facts_version,
        written_at=version.created_at,
        fields=tuple(FilingField(**vars(part)) for part in parts_of(version.text, notice.language)),
        facts=tuple(FilingFact(path=one["path"], value=one["value"], shown=one["shown"]) for one in version.facts_used),
        missing=tuple(FilingGap(key=one["key"], question=one["question"]) for one in version.missing),
        approvals=tuple(FilingApproval(person=one.person, role=one.role, at=one.at) for one in paper.signatures),
    )


def _duty(row: DutyRecord) -> FilingDuty:
    duty = duty_of(row)
    return FilingDuty(
        provision=row.provision,
        citation=duty.citation,
        jurisdiction=row.jurisdiction,
        stage=row.stage,
        channel=duty.channel,
        due_at=row.due_at,
        met_at=row.met_at,
    )


def _logo(file: Path | None) -> bytes | None:
    """The organisation's own picture; raises `BadInputError` for what no format can show."""
    if file is None:
        return None
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadInputError(f"logo {file}: cannot be read ({error.strerror}); correct `logo` in the file") from error
    if len(content) > LARGEST_LOGO or not content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        raise BadInputError(f"logo {file}: a PNG or JPEG of at most {LARGEST_LOGO} bytes is needed; convert it")
    return content
