"""By which way a notice goes."""

from sqlmodel import Session

from flows.desk import Desk
from integrations.channel import Channel
from models.tables import Notice


def way_of(desk: Desk, session: Session, notice: Notice) -> tuple[Channel, str]:
    """The channel and the address; what puts a text right goes where that text went."""
    about = session.get(Notice, notice.corrects) if notice.corrects is not None else None
    form = (about or notice).form
    return desk.channels.for_notice(notice.recipient, notice.audience, form, notice.language)
