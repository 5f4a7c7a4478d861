"""The rows: what is known, decided, waited for, done and sent. All tables live here and nowhere else.

Every time is an instant in UTC; `zone` names the place whose clock it was read from.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, MetaData, TypeDecorator, UniqueConstraint
from sqlmodel import Field, SQLModel

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. A time without a zone is refused; what is read back carries one, on SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy names it
        """To the database: in UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no zone; every stored time needs one")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy names it
        """From the database: in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _instant(*, index: bool = False, nullable: bool = False) -> Any:  # SQLModel's own Field returns Any
    return Field(default=None, sa_column=Column(Instant(), nullable=nullable, index=index))


def _json() -> Any:  # SQLModel's own Field returns Any
    return Field(sa_column=Column(JSON, nullable=False))


class Row(SQLModel):
    """Base of every table."""

    metadata = metadata


class Incident(Row, table=True):
    """One breach, from the first report to its closure."""

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    title: str
    state: str = "open"  # open, closed
    rehearsal: bool = False
    opened_at: datetime = _instant()
    zone: str = "UTC"
    opened_by: str
    closed_at: datetime | None = _instant(nullable=True)
    purged_at: datetime | None = _instant(nullable=True)  # when its texts and evidence were removed
    facts_version: int = 1
    severity: str | None = None  # as last worked out with the duties
    playbook: str | None = None
    playbook_body: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    private: bool = True  # only its members see it in the console
    wake_at: datetime | None = _instant(index=True, nullable=True)  # when time alone next changes its steps
    halted_at: datetime | None = _instant(nullable=True)  # a run was cancelled: nothing is carried on until resumed
    halted_by: str | None = None
    published: int = 0  # how many ledger entries the Prefect UI has been told
    passes: int = 0  # how many runs have carried it; part of the key that starts the next one
    ledger_count: int = 0
    ledger_head: str = ""


class FactsVersion(Row, table=True):
    """Everything known at one time."""

    __table_args__ = (UniqueConstraint("incident_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    version: int
    report: dict[str, Any] = _json()
    sha256: str
    changed: list[str] = _json()
    added_at: datetime = _instant()
    zone: str = "UTC"
    added_by: str


class DutyRecord(Row, table=True):
    """What one provision asks for one stage and recipient, as of the latest facts."""

    __tablename__ = "duty"
    __table_args__ = (
        UniqueConstraint("incident_id", "provision", "stage", "recipient"),
        Index("ix_duty_open_due", "state", "due_at"),
        Index(
            "ix_duty_incident_id_state_due_at", "incident_id", "state", "due_at"
        ),  # a list of incidents reads it alone
    )

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    provision: str
    stage: str
    recipient: str
    jurisdiction: str
    audience: str
    verdict: str
    state: str  # open, undecided, met, closed (not required, or withdrawn)
    clock_state: str
    starts_at: datetime | None = _instant(nullable=True)
    due_at: datetime | None = _instant(nullable=True)
    zone: str = "UTC"
    body: dict[str, Any] = _json()
    facts_version: int
    met_at: datetime | None = _instant(nullable=True)
    decided_by: str | None = None  # a person who decided an undecided one
    decision_reason: str | None = None


class DutyChange(Row, table=True):
    """How a duty came to be as it is: gained, withdrawn, clock moved, decided, met."""

    __tablename__ = "duty_change"

    id: int | None = Field(default=None, primary_key=True)
    duty_id: int = Field(foreign_key="duty.id", index=True)
    facts_version: int
    change: str
    before: dict[str, Any] = _json()
    after: dict[str, Any] = _json()
    at: datetime = _instant()
    zone: str = "UTC"
    by: str


class Step(Row, table=True):
    """One step of the incident's playbook."""

    __table_args__ = (UniqueConstraint("incident_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    key: str
    title: str
    phase: str
    role: str | None = None
    assigned_to: str | None = None
    state: str = "waiting"  # where it stands by the plan
    record: str = "pending"  # what happened to it
    reason: str = ""
    outcome: str | None = None
    attempts: int = 0
    ready_at: datetime | None = _instant(nullable=True)
    started_at: datetime | None = _instant(nullable=True)
    finished_at: datetime | None = _instant(nullable=True)
    next_try_at: datetime | None = _instant(nullable=True)
    due_at: datetime | None = _instant(index=True, nullable=True)
    overdue: bool = False
    zone: str = "UTC"
    done_by: str | None = None
    note: str | None = None


class Evidence(Row, table=True):
    """Something preserved, known by its hash."""

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    step_key: str | None = None
    name: str
    sha256: str
    size: int
    path: str
    recorded_at: datetime = _instant()
    zone: str = "UTC"
    recorded_by: str


class Notice(Row, table=True):
    """One text for one audience in one language, through all its versions."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    duty_id: int | None = Field(default=None, foreign_key="duty.id", index=True)
    provision: str | None = None
    audience: str
    form: str
    language: str
    recipient: str
    state: str = "draft"  # draft, approved, sent, withdrawn
    held: bool = False
    held_by: str | None = None
    held_reason: str | None = None
    held_until: datetime | None = _instant(nullable=True)
    corrects: int | None = Field(default=None, index=True)  # the notice that was sent and is put right
    sign_until: datetime | None = _instant(index=True, nullable=True)  # when the watch says that signatures are late
    version: int = 0


class NoticeVersion(Row, table=True):
    """One exact text, and the facts it states."""

    __tablename__ = "notice_version"
    __table_args__ = (UniqueConstraint("notice_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    notice_id: int = Field(foreign_key="notice.id", index=True)
    version: int
    subject: str
    text: str
    sha256: str = Field(index=True)
    facts_version: int
    facts_used: list[dict[str, Any]] = _json()
    missing: list[dict[str, Any]] = _json()
    findings: list[dict[str, Any]] = _json()
    inputs: str = ""  # hash of what it was drafted from
    author: str
    edited: bool = False
    drafted: str | None = None  # what the program had drafted, where a person's words stand over it
    note: str | None = None  # how it came to be, where neither drafting nor editing says it all
    created_at: datetime = _instant()
    zone: str = "UTC"


class ContentAnswer(Row, table=True):
    """What a person answered to a question that a text leaves open, in one language."""

    __tablename__ = "content_answer"
    __table_args__ = (UniqueConstraint("incident_id", "key", "language"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    key: str
    language: str
    words: str
    given_by: str
    at: datetime = _instant()
    zone: str = "UTC"


class Approval(Row, table=True):
    """One person's decision, bound to the hash of exactly what was read."""

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    subject: str = Field(index=True)  # notice:<id> or step:<key>
    sha256: str
    facts_version: int
    person: str
    role: str
    decision: str  # approved, rejected
    reason: str | None = None
    at: datetime = _instant()
    zone: str = "UTC"
    voided_at: datetime | None = _instant(nullable=True)
    void_reason: str | None = None


class Delivery(Row, table=True):
    """One message that is to reach one recipient: a row before the act, and a receipt after it."""

    __table_args__ = (Index("ix_delivery_state_next_try_at", "state", "next_try_at"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    purpose: str  # notice, step, alert
    notice_id: int | None = Field(default=None, foreign_key="notice.id", index=True)
    notice_version: int | None = None
    step_key: str | None = None
    channel: str
    recipient: str
    subject: str
    body: dict[str, Any] = _json()
    state: str = "pending"  # pending, sending, sent, to_hand_over, uncertain, refused, withdrawn
    attempts: int = 0
    tried_at: datetime | None = _instant(nullable=True)
    next_try_at: datetime | None = _instant(nullable=True)
    last_error: str | None = None
    announced: bool = False  # whether the responders were told that it was sent
    created_at: datetime = _instant()
    sent_at: datetime | None = _instant(nullable=True)
    zone: str = "UTC"


class Receipt(Row, table=True):
    """What the other side answered when it took a message; or who filed it by hand, with the proof that they kept."""

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id", unique=True)
    reference: str
    detail: str
    at: datetime = _instant()
    filed_by: str | None = None
    evidence_id: int | None = Field(default=None, foreign_key="evidence.id")
    zone: str = "UTC"


class Ticket(Row, table=True):
    """The ticket of one step in the organisation's ticket system; its delivery opened it, whose receipt names it.

    `of_task` tells a task for people, which ends with its ticket, from a step that only opens one.
    """

    __table_args__ = (
        UniqueConstraint("incident_id", "step_key"),
        Index("ix_ticket_state_incident_id", "state", "incident_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    step_key: str
    delivery_id: int = Field(foreign_key="delivery.id", unique=True)
    system: str
    of_task: bool
    state: str = "open"  # open; done, dropped or removed there; closed: nothing more is asked of it
    status: str | None = None  # in the words of the ticket system
    closed_by: str | None = None  # as the ticket system names them
    closed_at: datetime | None = _instant(nullable=True)
    why: str | None = None  # why its end there did not end the step
    zone: str = "UTC"


class TicketWatch(Row, table=True):
    """When a ticket system was last asked what became of our tickets, and when it is asked next."""

    __tablename__ = "ticket_watch"

    system: str = Field(primary_key=True)
    asked_at: datetime | None = _instant(nullable=True)  # about what changed
    asked_all_at: datetime | None = _instant(nullable=True)  # about every one
    next_at: datetime | None = _instant(nullable=True)
    last_error: str | None = None


class Alert(Row, table=True):
    """One warning of a duty's clock: a rung of its ladder, a reminder after the limit, or an escalation; it fires once.

    `due_at` is when it ought to come; `fires_at` is when the watch takes it, later than that while it is snoozed.
    """

    __table_args__ = (
        Index("ix_alert_state_fires_at", "state", "fires_at"),
        # Each question has an index of its own: SQLite knows no figures by which it could choose a better one.
        Index("ix_alert_incident_id_state_fires_at", "incident_id", "state", "fires_at"),
        Index("ix_alert_duty_id_state", "duty_id", "state"),
        Index("ix_alert_due_at", "due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    incident_id: int = Field(foreign_key="incident.id")
    duty_id: int = Field(foreign_key="duty.id")
    kind: str = "rung"  # rung, reminder (after the limit), escalation
    rung: str
    role: str
    ways: str = "chat"  # chat, mail, webhook, page, comma-separated
    made_at: datetime | None = _instant(nullable=True)  # None: before this was kept
    due_at: datetime = _instant()
    fires_at: datetime = _instant()
    state: str = "pending"  # pending, fired, missed, overtaken, cancelled
    fired_at: datetime | None = _instant(nullable=True)
    ended_at: datetime | None = _instant(nullable=True)  # when it was missed, overtaken or cancelled
    why: str | None = None
    snoozed_until: datetime | None = _instant(nullable=True)
    snoozed_by: str | None = None
    acknowledged_at: datetime | None = _instant(nullable=True)
    acknowledged_by: str | None = None
    zone: str = "UTC"


class WatchRun(Row, table=True):
    """One stretch of time in which a watcher looked without a gap."""

    __tablename__ = "watch_run"
    __table_args__ = (Index("ix_watch_run_seen_at", "seen_at"),)

    id: int | None = Field(default=None, primary_key=True)
    watcher: str = Field(index=True)  # host, process
    started_at: datetime = _instant()
    seen_at: datetime = _instant()
    told_at: datetime | None = _instant(nullable=True)  # when its silence was told to people


class Person(Row, table=True):
    """Somebody who may act, by name."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    email: str | None = None
    zone: str = "UTC"
    active: bool = True


class PersonRoleRow(Row, table=True):
    """One role of one person."""

    __tablename__ = "person_role"
    __table_args__ = (UniqueConstraint("person_id", "role"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    role: str


class Account(Row, table=True):
    """How one person signs in to the console."""

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", unique=True)
    login: str = Field(unique=True)
    password_hash: str | None = None  # argon2id; None: only by single sign-on
    subject: str | None = Field(default=None, unique=True)  # of single sign-on: issuer and subject
    totp_secret: str | None = None  # of the authenticator, once a code of it was entered
    totp_offered: str | None = None  # one that was shown and not yet confirmed
    totp_step: int = 0  # of the last code that was taken; none is taken twice
    failures: int = 0  # wrong passwords in a row
    locked_until: datetime | None = _instant(nullable=True)
    language: str | None = None
    made_at: datetime = _instant()


class RecoveryCode(Row, table=True):
    """A code that stands in for the authenticator once, kept as SHA-256."""

    __tablename__ = "recovery_code"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    code_sha256: str
    used_at: datetime | None = _instant(nullable=True)


class FailedSignIn(Row, table=True):
    """A sign-in that failed, by the network address that it came from."""

    __tablename__ = "failed_sign_in"
    __table_args__ = (Index("ix_failed_sign_in_address_at", "address", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    address: str
    at: datetime = _instant(index=True)


class SingleSignOnTry(Row, table=True):
    """A browser that was sent to the provider and has not come back."""

    __tablename__ = "single_sign_on_try"

    id: int | None = Field(default=None, primary_key=True)
    state_sha256: str = Field(unique=True)
    nonce: str
    verifier: str
    then: str
    ends_at: datetime = _instant(index=True)


class SignIn(Row, table=True):
    """One browser that is signed in; the database knows only the hash of its token."""

    __tablename__ = "sign_in"

    id: int | None = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True)
    csrf: str
    account_id: int = Field(foreign_key="account.id", index=True)
    waits_for_code: bool = False  # the password was right, the second factor has not been shown
    by_single_sign_on: bool = False
    address: str
    agent: str
    started_at: datetime = _instant()
    seen_at: datetime = _instant()
    ends_at: datetime = _instant(index=True)


class SignInLink(Row, table=True):
    """A link that lets somebody set a password, once; without a person it makes the first administrator."""

    __tablename__ = "sign_in_link"

    id: int | None = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True)
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    made_by: str
    made_at: datetime = _instant()
    ends_at: datetime = _instant()
    used_at: datetime | None = _instant(nullable=True)


class ApiToken(Row, table=True):
    """What lets a program act as one person, within scopes, until a day; the database knows only its hash."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    purpose: str
    scopes: list[str] = _json()
    made_by: str
    made_at: datetime = _instant()
    ends_at: datetime = _instant()
    used_at: datetime | None = _instant(nullable=True)
    revoked_at: datetime | None = _instant(nullable=True)
    revoked_by: str | None = None


class PersonalView(Row, table=True):
    """One look at personal data of those affected."""

    __tablename__ = "personal_view"
    __table_args__ = (Index("ix_personal_view_person_id_at", "person_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = _instant()
    incident_id: int = Field(foreign_key="incident.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    what: str
    records: int
    place: str  # the network that it came from
    unusual: list[str] = _json()


class Membership(Row, table=True):
    """Somebody who sees a private incident, for good or, after breaking the glass, until a time."""

    __table_args__ = (UniqueConstraint("incident_id", "person_id"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    added_by: str
    at: datetime = _instant()
    zone: str = "UTC"
    ends_at: datetime | None = _instant(nullable=True)
    reason: str | None = None


class Candidate(Row, table=True):
    """What an alert of another tool may be: an incident, once a person or a rule says so. Repeats are counted on one row."""

    __table_args__ = (
        UniqueConstraint("source", "about"),
        Index("ix_candidate_source_first_seen_at", "source", "first_seen_at"),
        Index("ix_candidate_state_last_seen_at", "state", "last_seen_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    source: str
    about: str  # what repeats of the same thing share
    title: str
    level: str | None = None
    state: str = "open"  # open, confirmed (an incident of its own or part of one), dismissed
    resolved: bool = False  # the tool itself says that it is over
    count: int = 1
    first_seen_at: datetime = _instant()
    last_seen_at: datetime = _instant()
    report: dict[str, Any] = _json()
    warnings: list[str] = _json()
    summary: str = ""  # removed once somebody has decided
    link: str | None = None
    rule: str | None = None  # the rule that makes it an incident without being asked
    incident_id: int | None = Field(default=None, foreign_key="incident.id", index=True)
    decided_by: str | None = None
    decided_at: datetime | None = _instant(nullable=True)
    reason: str | None = None
    zone: str = "UTC"


class CandidateEvent(Row, table=True):
    """A message that was taken, so that the same one sent again is not counted twice."""

    __tablename__ = "candidate_event"
    __table_args__ = (UniqueConstraint("source", "event"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str
    event: str
    at: datetime = _instant(index=True)


class CalendarFeed(Row, table=True):
    """Who reads which deadlines in a calendar program; the database knows only the hash of the address."""

    __tablename__ = "calendar_feed"

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", unique=True)
    token_sha256: str = Field(unique=True)
    made_at: datetime = _instant()


class Subscription(Row, table=True):
    """An address outside that is told of events; the database knows its host, and the rest only sealed."""

    id: int | None = Field(default=None, primary_key=True)
    host: str
    sealed: str  # the whole address, and the secret that requests are signed with
    kinds: list[str] = _json()  # none: every kind
    everything: bool = False  # also what happens in private incidents
    made_by: str
    made_at: datetime = _instant()
    ended_at: datetime | None = _instant(nullable=True)
    ended_by: str | None = None
    failures: int = 0  # in a row
    rests_until: datetime | None = _instant(nullable=True)
    told_at: datetime | None = _instant(nullable=True)  # when people heard that its events are given up


class EventCursor(Row, table=True):
    """How many entries of an incident's ledger have become events for subscriptions."""

    __tablename__ = "event_cursor"

    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    seq: int


class EventDelivery(Row, table=True):
    """One event for one subscription: a row before the act, and the answer after it."""

    __tablename__ = "event_delivery"
    __table_args__ = (
        UniqueConstraint("subscription_id", "incident_id", "seq"),
        Index("ix_event_delivery_claim", "subscription_id", "state", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    subscription_id: int = Field(foreign_key="subscription.id")
    incident_id: int | None = Field(default=None, foreign_key="incident.id", index=True)  # None: a test
    seq: int | None = None  # of the ledger entry
    kind: str
    at: datetime = _instant()
    made_at: datetime = _instant()
    state: str = "pending"  # pending, sending, sent, given_up
    attempts: int = 0
    tried_at: datetime | None = _instant(nullable=True)
    next_try_at: datetime | None = _instant(nullable=True)
    answer: str | None = None
    sent_at: datetime | None = _instant(nullable=True)


class SlackUser(Row, table=True):
    """Which member of the Slack workspace a person of the team is, where an administrator said so."""

    __tablename__ = "slack_user"

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", unique=True)
    slack_id: str = Field(unique=True)
    linked_by: str
    at: datetime = _instant()


class SlackRequest(Row, table=True):
    """One request of Slack's that was taken, so that the same one sent again is not; known by its signature or identity."""

    __tablename__ = "slack_request"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    at: datetime = _instant(index=True)


class SlackRoom(Row, table=True):
    """The incident's own conversation, and what its pinned summary shows."""

    __tablename__ = "slack_room"

    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    name: str
    channel: str | None = None  # None until Slack made it
    summary: str | None = None  # the message that is edited
    trying: bool = False  # a summary is being posted, so that after a death it is looked for first
    pinned: bool = False
    shown: str = ""  # hash of what the summary shows
    busy_until: datetime | None = _instant(nullable=True)  # one process at a time keeps it
    next_try_at: datetime | None = _instant(nullable=True)
    last_error: str | None = None
    zone: str = "UTC"


class SlackGuest(Row, table=True):
    """A member of the incident who is to be in its conversation."""

    __tablename__ = "slack_guest"
    __table_args__ = (UniqueConstraint("incident_id", "person_id"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    state: str  # invited, unknown (Slack knows nobody with the e-mail address)
    at: datetime = _instant()
    zone: str = "UTC"


class SlackQuestion(Row, table=True):
    """A question put in the incident's conversation; replies in its thread can become the answer."""

    __tablename__ = "slack_question"
    __table_args__ = (UniqueConstraint("incident_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    key: str
    message: str | None = Field(default=None, index=True)  # None until it was posted
    trying: bool = False
    at: datetime = _instant()
    zone: str = "UTC"


class LedgerEntry(Row, table=True):
    """One link of an incident's chain; see `models/ledger.py`."""

    __tablename__ = "ledger_entry"
    __table_args__ = (UniqueConstraint("incident_id", "seq"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    seq: int
    at: datetime = _instant()
    zone: str = "UTC"
    actor: str
    kind: str
    payload: dict[str, Any] = _json()
    previous: str
    sha256: str


class KeptAnswer(Row, table=True):
    """What was answered to a request with an `Idempotency-Key`; no status while it is being carried out."""

    __tablename__ = "kept_answer"
    __table_args__ = (UniqueConstraint("person_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    key: str
    asked_sha256: str
    status: int | None = None
    body: str = ""
    location: str | None = None
    at: datetime = _instant(index=True)


class Lease(Row, table=True):
    """Which run carries an incident, until when; `fence` grows with every holder, so that a dead one's writes are refused."""

    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    holder: str
    fence: int = 0
    expires_at: datetime = _instant()
    failures: int = 0  # runs in a row that ended with an error
    not_before: datetime | None = _instant(nullable=True)  # no run is started by itself until then


class PeopleSending(Row, table=True):
    """How far the sending to the people of one incident may go, and who said so."""

    __tablename__ = "people_sending"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", unique=True)
    state: str = "running"  # running, paused, stopped
    why: str | None = None
    wave: str = "review"  # the furthest wave that may go: review, first, rest
    due_at: datetime | None = _instant(nullable=True)  # the earliest limit of the duties whose texts go
    limits: dict[str, float] = _json()  # "email", "domain", "webhook": how many a second
    ways: dict[str, dict[str, str]] = _json()  # cohort -> channel -> form of the notice
    unreached: dict[str, int] = _json()  # why people get nothing by this sending
    started_at: datetime = _instant()
    changed_at: datetime = _instant()
    changed_by: str
    alarmed_at: datetime | None = _instant(nullable=True)  # when it was told that the limit will be missed
    zone: str = "UTC"


class PersonDelivery(Row, table=True):
    """One text to one person by one channel. The person is an opaque id; name and address stay in the roster."""

    __tablename__ = "person_delivery"
    __table_args__ = (
        UniqueConstraint("incident_id", "person", "notice_id", "channel"),
        Index("ix_person_delivery_claim", "incident_id", "state", "channel", "wave", "id"),
        Index("ix_person_delivery_sent", "incident_id", "sent_at"),
        Index("ix_person_delivery_holder", "holder"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    incident_id: int = Field(foreign_key="incident.id")
    person: str
    seq: int  # where the person stands in the roster's list of addresses
    notice_id: int = Field(foreign_key="notice.id", index=True)
    notice_version: int | None = None  # which text was taken to it, once it was tried
    text_sha256: str | None = None
    cohort: str
    wave: str  # review, first, rest
    channel: str
    rank: int = 0  # 0: the person's first channel
    # pending, sending, delayed, uncertain, sent, delivered, bounced, refused, written, withdrawn
    state: str = "pending"
    attempts: int = 0
    doubtful: int = 0  # how often it may have been taken without our hearing of it
    holder: str | None = None
    lease_until: datetime | None = _instant(nullable=True)
    next_try_at: datetime | None = _instant(nullable=True)
    dated_at: datetime | None = _instant(nullable=True)  # the message's own date, the same however often it is tried
    answer: str | None = None  # codes and our own words only: what the other side says may name the person
    followed: bool = False  # whether its failure was answered, by the person's next channel where there is one
    batch: str | None = None  # of letters to be printed
    also: str | None = None  # provisions besides the notice's own that the text tells this person, with a space between
    sent_at: datetime | None = _instant(nullable=True)
    returned_at: datetime | None = _instant(nullable=True)


class PersonCase(Row, table=True):
    """Somebody affected who wrote or called: under their opaque id, with a clock of its own. Their words lie in the roster's folder."""

    __tablename__ = "person_case"
    __table_args__ = (Index("ix_person_case_incident_id_state_due_at", "incident_id", "state", "due_at"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    person: str = Field(index=True)
    way: str  # reply, call, letter, visit
    topic: str
    state: str = "open"  # open, answered
    opened_at: datetime = _instant()
    opened_by: str
    due_at: datetime = _instant()
    answered_at: datetime | None = _instant(nullable=True)
    answered_by: str | None = None
    zone: str = "UTC"


class CaseMail(Row, table=True):
    """One mail of a case, so that the same one is not taken twice. Its words lie in the roster's folder."""

    __tablename__ = "case_mail"
    __table_args__ = (UniqueConstraint("incident_id", "digest"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    case_id: int = Field(foreign_key="person_case.id", index=True)
    digest: str  # of its Message-ID, with the roster's key
    at: datetime = _instant()


class SendingSlot(Row, table=True):
    """When the next message may leave by a channel, or to a domain, so that all workers together keep to its limit."""

    __tablename__ = "sending_slot"
    __table_args__ = (UniqueConstraint("incident_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    name: str  # a channel, or a keyed hash of a domain
    free_at: datetime = _instant()
