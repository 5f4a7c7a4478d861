"""Drafting: a text for each open duty and audience in each language needed, drafted again when what it says has changed."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, select

from flows.acts.answer import answers_of
from flows.acts.evaluate import DUTY, duty_of
from flows.acts.follow_up import follow_ups, incomplete, is_news, with_what_was_left_open
from flows.acts.playbook import notice_rules
from flows.acts.public_words import measures_of
from flows.acts.severity import severity_in
from flows.acts.uncalled import ASKED, why_uncalled
from flows.desk import Desk
from models.clock import rfc3339
from models.document import nearest
from models.duty import Duty, Severity
from models.errors import BadInputError, UnknownNameError
from models.incident import facts_of, find, identity
from models.ledger import record, sha256_of
from models.report import Report
from models.store import reading, writing
from models.tables import Approval, Delivery, DutyRecord, Incident, LedgerEntry, Notice, NoticeVersion, Receipt
from models.vocabulary import Audience
from templates.brief import Brief, Measure, Remedy, Voice
from templates.draft import Draft, check, digest, draft, drafts
from templates.facts import FactUsed, stale
from templates.forms import Occasion, TextForm, texts_for, texts_on_request
from templates.language import language, languages
from templates.merge import has_conflict, merge
from templates.page import subject
from templates.spoken import Spoken, languages_for

AUTHORITIES = (Audience.AUTHORITY, Audience.CSIRT, Audience.POLICE, Audience.INTERNAL_RECORD, Audience.INVESTORS)
PEOPLE = (
    Audience.INDIVIDUALS,
    Audience.CUSTOMERS,
    Audience.MEDIA,
    Audience.CREDIT_AGENCIES,
    Audience.CONTROLLER,
    Audience.CONTRACT_PARTY,
)
PUBLIC = (Audience.PRESS, Audience.CUSTOMER_CARE, Audience.STAFF, Audience.BOARD)

CURRENT = (col(NoticeVersion.notice_id) == col(Notice.id)) & (col(NoticeVersion.version) == col(Notice.version))

RemedyAct = Literal["correction", "withdrawal"]


@dataclass(frozen=True)
class Drafted:
    """One text that was drafted, or drafted again, just now."""

    notice: int
    what: str
    version: int
    language: str
    errors: int
    missing: int


@dataclass(frozen=True)
class _Source:
    """What every text of one incident is drafted from, read once."""

    incident: Incident
    report: Report
    severity: Severity
    voice: Voice
    measures: tuple[Measure, ...]
    others_told: tuple[str, ...]
    people_told_at: datetime | None
    now: datetime
    answers: dict[str, dict[str, str]]
    known: dict[str, tuple[Notice, NoticeVersion]]

    @property
    def occasion(self) -> Occasion:
        """What decides which texts are called for."""
        said = any(notice.audience == Audience.PRESS and notice.state == "sent" for notice, _ in self.known.values())
        return Occasion(self.report, self.severity.level, said)


def draft_texts(desk: Desk, number: str, audiences: Sequence[Audience]) -> list[Drafted]:
    """Draft every text for these audiences that is missing or no longer says what is so.

    A text that cannot be drafted, such as for a flaw in the organisation's own template, holds up no other one.
    """
    with writing(desk.engine) as session:
        source = _source(desk, session, find(session, number))
        _withdraw(desk, session, source, audiences)
        needed = [text for text in _texts(desk, session, source, audiences) if _is_needed(session, source, text)]
        needed += _news(desk, session, source, audiences)
        made, refused = drafts([text.brief for text in needed], desk.settings.templates)
        for refusal in refused:
            payload = {"what": f"{refusal.brief.audience.value} ({refusal.brief.language})", "why": refusal.reason}
            if _is_told(session, source.incident, payload):
                continue
            record(
                session,
                source.incident,
                "notice.refused",
                payload,
                actor="tocsin",
                at=source.now,
                zone=source.incident.zone,
            )
        kept_briefs = {id(refusal.brief) for refusal in refused}
        written = [text for text in needed if id(text.brief) not in kept_briefs]
        return [_kept(desk, session, source, text, draft) for text, draft in zip(written, made, strict=True)]


def ask_for(desk: Desk, number: str, form: str, language: str) -> list[Drafted]:
    """Draft the texts of a form that the facts do not call for by themselves, such as a substitute notice or a withdrawal."""
    with writing(desk.engine) as session:
        source = _source(desk, session, find(session, number))
        duties: list[tuple[int | None, Duty | None]] = [
            *_open_duties(session, source.incident, tuple(Audience)),
            (None, None),
        ]
        found = [(owed, duty, one) for owed, duty in duties for one in texts_on_request(duty) if one.form == form]
        if not found:
            named = sorted({one.form for _, duty in duties for one in texts_on_request(duty)})
            raise BadInputError(f"{number} has no text of the form {form!r} to ask for{nearest(form, named)}")
        texts = [_text(source, duty, owed, one, language) for owed, duty, one in found]
        wanted = [text for text in texts if not _is_there(source, text)]
        made, refused = drafts([text.brief for text in wanted], desk.settings.templates)
        if refused:
            raise BadInputError(refused[0].reason)
        pairs = zip(wanted, made, strict=True)
        return [_kept(desk, session, source, text, draft, note=ASKED) for text, draft in pairs]


def _is_there(source: _Source, text: "_Text") -> bool:
    return text.key in source.known and source.known[text.key][0].state != "withdrawn"


def _is_told(session: Session, incident: Incident, refusal: dict[str, str]) -> bool:
    """Whether the ledger says already, with these words, that a text could not be drafted."""
    rows = session.exec(
        select(LedgerEntry.payload).where(LedgerEntry.incident_id == incident.id, LedgerEntry.kind == "notice.refused")
    )
    return refusal in list(rows)


def _withdraw(desk: Desk, session: Session, source: _Source, audiences: Sequence[Audience]) -> None:
    """What is called for no more is not said any more, signed or not; should it be again, the text is drafted again."""
    rows = session.exec(
        select(Notice)
        .where(
            Notice.incident_id == source.incident.id,
            col(Notice.audience).in_([audience.value for audience in audiences]),
            col(Notice.state).in_(("draft", "approved")),
        )
        .order_by(col(Notice.id))
    ).all()
    for notice in rows:
        reason = why_uncalled(session, notice, source.occasion)
        if reason is not None and not has_left(session, notice):
            _withdrawn(desk, session, source.incident, notice, reason)


def _withdrawn(desk: Desk, session: Session, incident: Incident, notice: Notice, reason: str) -> None:
    signed_by = [one.person for one in signatures(session, notice, current(session, notice))]
    payload = {"notice": notice.id, "what": title(notice), "reason": reason, "signed_by": signed_by}
    notice.state = "withdrawn"
    session.add(notice)
    record(session, incident, "notice.withdrawn", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)
    void_approvals(desk, session, incident, notice, reason)


def has_undrafted(desk: Desk, number: str) -> bool:
    """Whether a duty is open, with its clock started, for which no text has been drafted yet."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        worded = set(session.exec(select(Notice.duty_id).where(Notice.incident_id == incident.id)))
        return any(duty_id not in worded for duty_id, _ in _open_duties(session, incident, (*AUTHORITIES, *PEOPLE)))


@dataclass(frozen=True)
class _Text:
    """One text that ought to be there: its key, for which duty, and what it is drafted from."""

    key: str
    duty_id: int | None
    brief: Brief
    inputs: str
    follows: int | None = None  # the filing that was sent incomplete, where this is its follow-up


def _texts(desk: Desk, session: Session, source: _Source, audiences: Sequence[Audience]) -> Iterator[_Text]:
    duties: list[tuple[int | None, Duty | None]] = [*_open_duties(session, source.incident, audiences), (None, None)]
    for duty_id, duty in duties:
        spoken = languages_for(duty, source.report, desk.settings.languages)
        for form in texts_for(duty, source.occasion):
            if form.audience in audiences:
                yield from (_text(source, duty, duty_id, form, *one) for one in spoken.of(form.audience))
        for form in texts_on_request(duty):
            if form.audience in audiences:
                yield from _asked_for(session, source, duty, duty_id, form, spoken)


def _asked_for(
    session: Session, source: _Source, duty: Duty | None, duty_id: int | None, form: TextForm, spoken: Spoken
) -> Iterator[_Text]:
    """The texts of a form that somebody asked for before, in the languages asked for, unless the facts call for it anyway."""
    if form in texts_for(duty, source.occasion):
        return
    for code in languages():
        text = _text(source, duty, duty_id, form, code, spoken.lacking_in(code, form.audience))
        if text.key in source.known and why_uncalled(session, source.known[text.key][0], source.occasion) is None:
            yield text


def _open_duties(session: Session, incident: Incident, audiences: Sequence[Audience]) -> list[tuple[int, Duty]]:
    """The open duties to these audiences whose clock has started, most urgent first."""
    rows = session.exec(
        select(DutyRecord)
        .where(
            DutyRecord.incident_id == incident.id,
            DutyRecord.state == "open",
            col(DutyRecord.audience).in_([audience.value for audience in audiences]),
            DutyRecord.clock_state != "not_started",
        )
        .order_by(col(DutyRecord.due_at).is_(None), col(DutyRecord.due_at), col(DutyRecord.id))
    )
    return [(identity(row), duty_of(row)) for row in rows]


def _text(
    source: _Source,
    duty: Duty | None,
    duty_id: int | None,
    form: TextForm,
    language: str,
    wanted: tuple[str, ...] = (),
) -> _Text:
    key = ":".join((source.incident.number, *(duty.key if duty else (form.audience.value,)), form.form, language))
    asked = with_what_was_left_open(source.known, duty) if duty else None
    brief = _brief(source, asked, form.audience, form.form, language, wanted)
    return _Text(key, duty_id, brief, _inputs(brief))


def _source(desk: Desk, session: Session, incident: Incident) -> _Source:
    report = facts_of(session, incident)
    notices = texts_of(session, incident)
    told = session.exec(
        select(DutyRecord).where(DutyRecord.incident_id == incident.id, col(DutyRecord.met_at).is_not(None))
    ).all()
    people_told = [row.met_at for row in told if row.audience == Audience.INDIVIDUALS and row.met_at]
    return _Source(
        incident,
        report,
        severity_in(desk, report),
        voice_of(desk, report),
        measures_of(session, incident),
        tuple(sorted({row.recipient for row in told if row.audience in (Audience.AUTHORITY, Audience.CSIRT)})),
        min(people_told, default=None),
        desk.clock(),
        answers_of(session, incident),
        {notice.key: (notice, version) for notice, version in notices},
    )


def voice_of(desk: Desk, report: Report) -> Voice:
    """The organisation's voice: its own file, with the report's name where the file has none."""
    file = desk.organisation
    return Voice(
        organisation=file.name or report.organisation.name or "",
        contact_name=file.contact.name or "",
        contact_email=file.contact.email or "",
        contact_phone=file.contact.phone or "",
        hotline=file.hotline or "",
        website=file.website or "",
        address=file.address or "",
        dpo_name=file.dpo.name or "",
        dpo_email=file.dpo.email or "",
        signatory=file.signatory or "",
        signatory_title=file.signatory_title or "",
        press_name=file.press.name or "",
        press_email=file.press.email or "",
        press_phone=file.press.phone or "",
        domains=file.domains,
        sign_off=tuple(file.sign_off.items()),
        tone=file.tone,
    )


def texts_of(session: Session, incident: Incident, *states: str) -> list[tuple[Notice, NoticeVersion]]:
    """The incident's notices in these states (all where none is named), each with its latest version, oldest first."""
    query = select(Notice, NoticeVersion).join(NoticeVersion, CURRENT)
    query = query.where(Notice.incident_id == incident.id).order_by(col(Notice.id))
    return list(session.exec(query.where(col(Notice.state).in_(states)) if states else query))


def current(session: Session, notice: Notice) -> NoticeVersion:
    """The notice's latest version."""
    return version_of(session, notice, notice.version)


def has_left(session: Session, notice: Notice) -> bool:
    """Whether a text of the notice was sent, or may have been."""
    row = session.exec(
        select(Delivery.id).where(
            Delivery.notice_id == notice.id, col(Delivery.state).in_(("sending", "uncertain", "sent"))
        )
    ).first()
    return row is not None


def _is_needed(session: Session, source: _Source, text: _Text) -> bool:
    """Whether to draft: what is not there; else never what was sent, and what was signed only if a fact that it states has
    changed. What a person edited is drafted under the edits, which are kept."""
    notice, version = source.known.get(text.key, (None, None))
    if notice is None or version is None or notice.state == "withdrawn":
        return True
    if version.inputs == text.inputs or notice.state == "sent":
        return False
    return not signatures(session, notice, version) or bool(stale(facts_used(version), source.report))


def facts_used(version: NoticeVersion) -> list[FactUsed]:
    """The facts that a text states, as it was drafted from them."""
    return [FactUsed(**fact) for fact in version.facts_used]


def brief_for(desk: Desk, session: Session, incident: Incident, notice: Notice) -> Brief:
    """What a notice would be drafted from now."""
    if notice.corrects is not None and notice.form == "followup":
        source = _source(desk, session, incident)
        return _follow_up_brief(session, source, session.get_one(Notice, notice.corrects))
    if notice.corrects is not None:
        return remedy_brief(
            desk, session, incident, session.get_one(Notice, notice.corrects), _remedy_of(session, notice)
        )
    duty = duty_of(session.get_one(DutyRecord, notice.duty_id)) if notice.duty_id else None
    source, audience = _source(desk, session, incident), Audience(notice.audience)
    spoken = languages_for(duty, source.report, desk.settings.languages)
    wanted = spoken.lacking_in(notice.language, audience)
    duty = with_what_was_left_open(source.known, duty) if duty else None
    return _brief(source, duty, audience, notice.form, notice.language, wanted)


def _follow_up_brief(session: Session, source: _Source, filed: Notice) -> Brief:
    """What the follow-up of a filing is drafted from: only what that filing, or its last follow-up, left open."""
    duty = duty_of(session.get_one(DutyRecord, filed.duty_id))
    sent = [source.known[filed.key], *follow_ups(source.known, filed)]
    last = max((pair for pair in sent if pair[0].state == "sent"), key=lambda pair: pair[0].id or 0)[1]
    asked = replace(duty, content=tuple(gap["key"] for gap in last.missing), due_at=None)
    return _brief(source, asked, Audience(filed.audience), "followup", filed.language, ())


def _follow_ups(
    session: Session, source: _Source, audiences: Sequence[Audience]
) -> Iterator[tuple[_Text, NoticeVersion]]:
    """The follow-ups that filings sent incomplete may need, each with the text that left something open."""
    for filed, _, said in incomplete(source.known, audiences):
        row = session.get_one(DutyRecord, filed.duty_id)
        if not duty_of(row).phased or _has_later_stage(session, row):
            continue
        brief = _follow_up_brief(session, source, filed)
        sent = sum(pair[0].state == "sent" for pair in follow_ups(source.known, filed))
        yield _Text(f"{filed.key}:followup:{sent + 1}", None, brief, _inputs(brief), identity(filed)), said


def _news(desk: Desk, session: Session, source: _Source, audiences: Sequence[Audience]) -> list[_Text]:
    """The follow-ups that have something to say, or have it otherwise than they were drafted."""
    return [
        text
        for text, said in _follow_ups(session, source, audiences)
        if _is_needed(session, source, text)
        and (text.key in source.known or is_news(draft(text.brief, desk.settings.templates), said))
    ]


def _has_later_stage(session: Session, row: DutyRecord) -> bool:
    """Whether the law has a stage of its own for what follows; then that stage's text takes up what was left open."""
    other = session.exec(
        select(DutyRecord.id).where(
            DutyRecord.incident_id == row.incident_id,
            DutyRecord.provision == row.provision,
            DutyRecord.recipient == row.recipient,
            DutyRecord.stage != row.stage,
            DutyRecord.state != "closed",
        )
    ).first()
    return other is not None


def open_gaps(desk: Desk, session: Session, incident: Incident) -> list[tuple[dict[str, str], Notice]]:
    """What filings that were sent left open and nobody knows yet, each with the filing."""
    source = _source(desk, session, incident)
    gaps: list[tuple[dict[str, str], Notice]] = []
    for filed, last, _ in incomplete(source.known, tuple(Audience)):
        if duty_of(session.get_one(DutyRecord, filed.duty_id)).phased:
            made = draft(_follow_up_brief(session, source, filed), desk.settings.templates)
            gaps += [({"key": gap.key, "question": gap.question}, last) for gap in made.missing]
    return gaps


def _remedy_of(session: Session, notice: Notice) -> tuple[RemedyAct, str]:
    """Which act puts a sent text right, and the reason that was given for it."""
    first = version_of(session, notice, 1)
    return ("withdrawal" if notice.form == "withdrawal" else "correction"), first.note or ""


def remedy_brief(
    desk: Desk, session: Session, incident: Incident, sent: Notice, act_and_reason: tuple[RemedyAct, str]
) -> Brief:
    """What the correction or withdrawal of a sent text is drafted from: that text, its receipt, and the facts that changed since."""
    act, reason = act_and_reason
    source, version = _source(desk, session, incident), current(session, sent)
    delivery, receipt = session.exec(
        select(Delivery, Receipt)
        .join(Receipt, col(Receipt.delivery_id) == col(Delivery.id), isouter=True)
        .where(Delivery.notice_id == sent.id, Delivery.state == "sent")
        .order_by(col(Delivery.id).desc())
    ).first() or (None, None)
    shown = {fact.path: fact.shown for fact in facts_used(version)}
    changes = tuple((change.path, shown[change.path]) for change in stale(facts_used(version), source.report))
    remedy = Remedy(
        act=act,
        subject=version.subject,
        sent_at=(delivery.sent_at if delivery else None) or version.created_at,
        # what the outbox gives as a reference is a file of ours, which nobody outside should read
        reference=receipt.reference
        if receipt and delivery and (receipt.filed_by or delivery.channel != "outbox")
        else "",
        reason=reason,
        changes=tuple(change for change in changes if change[1]),
    )
    spoken = sent.language if language(sent.language).is_whole else "en"
    brief = _brief(source, None, Audience(sent.audience), act, spoken, ())
    return replace(brief, remedy=remedy)


def _brief(
    source: _Source, duty: Duty | None, audience: Audience, form: str, language: str, wanted: tuple[str, ...]
) -> Brief:
    return Brief(
        number=source.incident.number,
        report=source.report,
        facts_version=source.incident.facts_version,
        severity=source.severity,
        audience=audience,
        language=language,
        voice=source.voice,
        duty=duty,
        measures=source.measures,
        now=source.now,
        zone=source.incident.zone,
        others_told=source.others_told,
        form=form,
        people_told_at=source.people_told_at,
        answers=source.answers,
        wanted=wanted,
    )


def _inputs(brief: Brief) -> str:
    """A hash of what the text is made from, but for the time of day, so that the same inputs are not drafted twice."""
    return sha256_of(
        {
            "report": brief.report.model_dump(mode="json"),
            "late": brief.is_late,
            "duty": DUTY.dump_python(brief.duty, mode="json", fallback=list) if brief.duty else None,
            "voice": asdict(brief.voice),
            "measures": [
                [dict(measure.texts), rfc3339(measure.done_at) if measure.done_at else None]
                for measure in brief.measures
            ],
            "others_told": list(brief.others_told),
            "answers": {key: dict(words) for key, words in brief.answers.items()},
        }
    )


def signatures(session: Session, notice: Notice, version: NoticeVersion) -> list[Approval]:
    """The approvals that hold for exactly this text."""
    return list(
        session.exec(
            select(Approval)
            .where(
                Approval.subject == f"notice:{notice.id}",
                Approval.sha256 == version.sha256,
                Approval.decision == "approved",
                col(Approval.voided_at).is_(None),
            )
            .order_by(col(Approval.id))
        )
    )


def _kept(
    desk: Desk, session: Session, source: _Source, text: _Text, made: Draft, *, note: str | None = None
) -> Drafted:
    incident, brief = source.incident, text.brief
    notice, latest = source.known.get(text.key, (None, None))
    if notice is None:
        notice = Notice(
            key=text.key,
            incident_id=identity(incident),
            duty_id=text.duty_id,
            provision=brief.duty.provision if brief.duty else None,
            audience=brief.audience.value,
            form=made.form,
            language=brief.language,
            recipient=brief.duty.recipient if brief.duty else brief.audience.value.replace("_", " "),
            corrects=text.follows,
        )
    kept = (
        with_edits(desk, session, notice, latest, brief, made) if latest and latest.edited else Wording(made, note=note)
    )
    made = kept.draft
    version = new_version(desk, session, incident, notice, kept, author="tocsin", inputs=text.inputs)
    void_approvals(desk, session, incident, notice, "the text was drafted again from new facts")
    payload = {"notice": notice.id, "what": title(notice), "version": notice.version, "sha256": version.sha256}
    record(session, incident, "notice.drafted", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)
    errors = sum(finding.level == "error" for finding in made.findings)
    return Drafted(identity(notice), title(notice), notice.version, notice.language, errors, len(made.missing))


@dataclass(frozen=True)
class Wording:
    """A text to be kept; where a person's words stand in it, `drafted` is what the program had drafted under them."""

    draft: Draft
    drafted: str | None = None
    note: str | None = None


def with_edits(
    desk: Desk, session: Session, notice: Notice, latest: NoticeVersion, brief: Brief, made: Draft
) -> Wording:
    """A new draft with the edits of people merged in; where both changed the same words, both stand there, marked."""
    mine = _last_without_conflict(session, notice, latest)
    base = mine.drafted or _drafted_before(session, notice, mine)
    names = {"ours_name": f"version {mine.version}", "theirs_name": f"drafted from facts version {brief.facts_version}"}
    merged = merge(base, mine.text, made.text, **names)
    text = merged.text
    note = f"the edits of version {mine.version} over a new draft" + (
        f"; {merged.conflicts} passages to choose in" if merged.conflicts else ""
    )
    found = check(text, brief, desk.settings.templates)
    return Wording(
        replace(made, subject=subject(text), text=text, sha256=digest(text), findings=found), made.text, note
    )


def _last_without_conflict(session: Session, notice: Notice, version: NoticeVersion) -> NoticeVersion:
    """The latest version that is not the program's own merge with passages left to choose in."""
    while version.author == "tocsin" and has_conflict(version.text):
        version = version_of(session, notice, version.version - 1)
    return version


def _drafted_before(session: Session, notice: Notice, version: NoticeVersion) -> str:
    """The text that the program had drafted last before a version."""
    return (
        session.exec(
            select(NoticeVersion.text)
            .where(
                NoticeVersion.notice_id == notice.id,
                NoticeVersion.version < version.version,
                col(NoticeVersion.edited).is_(False),
            )
            .order_by(col(NoticeVersion.version).desc())
        ).first()
        or version.text
    )


def version_of(session: Session, notice: Notice, number: int) -> NoticeVersion:
    """The notice's version of that number, or a `BadInputError` that says how many there are."""
    version = session.exec(
        select(NoticeVersion).where(NoticeVersion.notice_id == notice.id, NoticeVersion.version == number)
    ).first()
    if version is None:
        raise UnknownNameError(f"notice {notice.id} has no version {number}; it has 1 to {notice.version}")
    return version


def new_version(
    desk: Desk,
    session: Session,
    incident: Incident,
    notice: Notice,
    kept: Wording,
    *,
    author: str,
    inputs: str,
) -> NoticeVersion:
    """Keep a text as the notice's next version; it is a draft again."""
    made = kept.draft
    notice.version += 1
    notice.state = "draft"
    notice.sign_until = notice_rules(incident).approval_for(Audience(notice.audience)).due(desk.clock(), ())
    session.add(notice)
    session.flush()
    version = NoticeVersion(
        notice_id=identity(notice),
        version=notice.version,
        subject=made.subject,
        text=made.text,
        sha256=made.sha256,
        facts_version=incident.facts_version,
        facts_used=[asdict(fact) for fact in made.facts_used],
        missing=[asdict(one) for one in made.missing],
        findings=[asdict(finding) for finding in made.findings],
        inputs=inputs,
        author=author,
        edited=kept.drafted is not None,
        drafted=kept.drafted,
        note=kept.note,
        created_at=desk.clock(),
        zone=incident.zone,
    )
    session.add(version)
    return version


def notice_in(session: Session, incident: Incident, notice_id: int) -> Notice:
    """The incident's notice of that id, or a `BadInputError` that says how to see those there are."""
    notice = session.exec(select(Notice).where(Notice.id == notice_id, Notice.incident_id == incident.id)).first()
    if notice is None:
        raise UnknownNameError(
            f"{incident.number} has no notice {notice_id}; `tocsin notices {incident.number}` lists them"
        )
    return notice


def title(notice: Notice) -> str:
    """What the notice is, in a few words: its form, recipient, provision and language."""
    provision = f"{notice.provision}, " if notice.provision else ""
    return f"{notice.form.replace('_', ' ')} to {notice.recipient} ({provision}{notice.language})"


def void_approvals(desk: Desk, session: Session, incident: Incident, notice: Notice, reason: str) -> None:
    """Approvals of an earlier text no longer hold; each signer's is on the ledger with the reason."""
    given = session.exec(
        select(Approval).where(
            Approval.subject == f"notice:{notice.id}",
            col(Approval.decision).in_(("approved", "override")),
            col(Approval.voided_at).is_(None),
        )
    ).all()
    for approval in given:
        approval.voided_at, approval.void_reason = desk.clock(), reason
        session.add(approval)
        payload = {"person": approval.person, "what": title(notice), "notice": notice.id, "reason": reason}
        record(session, incident, "approval.voided", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)
