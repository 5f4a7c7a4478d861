"""Who a member of the Slack workspace is here: the person an administrator linked, else the one with the same e-mail address."""

from sqlmodel import Session, col, func, select

from flows.acts.accounts import Viewer
from flows.acts.team import member_called, roles_of_person
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.incident import identity
from models.store import reading, writing
from models.tables import Account, Person, SlackUser

LONGEST_ID = 30


def link_slack(desk: Desk, name: str, slack_id: str, *, by: str) -> None:
    """Say which member of the Slack workspace a person is, in place of what was said before.

    Raises `BadInputError` for an ID that is none or is another person's.
    """
    if not (slack_id.isalnum() and slack_id[:1] in "UW" and slack_id.isupper() and len(slack_id) <= LONGEST_ID):
        raise BadInputError(f"{slack_id!r} is no Slack member ID, such as U024BE7LH; copy it from the member's profile")
    with writing(desk.engine) as session:
        person = member_called(session, name)
        other = session.exec(select(SlackUser).where(SlackUser.slack_id == slack_id)).first()
        if other is not None and other.person_id != person.id:
            raise BadInputError(f"{slack_id} is {session.get_one(Person, other.person_id).name} already")
        row = session.exec(select(SlackUser).where(SlackUser.person_id == person.id)).first()
        row = row or SlackUser(person_id=identity(person), slack_id="", linked_by=by)
        row.slack_id, row.linked_by, row.at = slack_id, by, desk.clock()
        session.add(row)


def linked_id(session: Session, person: Person) -> str | None:
    """Which member of the workspace the person was said to be."""
    return session.exec(select(SlackUser.slack_id).where(SlackUser.person_id == person.id)).first()


def person_in_slack(desk: Desk, slack_id: str, email: str | None) -> Viewer:
    """The active person of the team who this member is; raises `NotAllowedError` for a stranger, and says how to mend it.

    `email` is the one that Slack has confirmed. An address that two people have decides nothing.
    """
    with reading(desk.engine) as session:
        person = _linked(session, slack_id) or _by_email(session, email)
        if person is None or not person.active:
            raise NotAllowedError(
                "Tocsin does not know who you are; ask an administrator for "
                f'`tocsin team slack "YOUR NAME" {slack_id}`, or for your e-mail address in `tocsin team add`'
            )
        account = session.exec(select(Account).where(Account.person_id == person.id)).first()
        language = account.language if account else None
        return Viewer(identity(person), person.name, roles_of_person(session, person), "", language, 0)


def _linked(session: Session, slack_id: str) -> Person | None:
    query = select(Person).join(SlackUser, col(SlackUser.person_id) == col(Person.id))
    return session.exec(query.where(SlackUser.slack_id == slack_id)).first()


def _by_email(session: Session, email: str | None) -> Person | None:
    if not email:
        return None
    same = session.exec(
        select(Person).where(func.lower(Person.email) == email.strip().lower(), col(Person.active).is_(True))
    ).all()
    if len(same) != 1 or linked_id(session, same[0]) is not None:  # who was linked to another member is not this one
        return None
    return same[0]
