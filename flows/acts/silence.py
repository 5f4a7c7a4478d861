"""When the watch itself has stopped: the responders are told by chat and mail, and it stands on every open incident's record."""

from collections.abc import Iterator
from datetime import timedelta

from sqlmodel import select

from flows.acts.pulse import last_watch
from flows.desk import Desk
from integrations.channel import Channel
from models.clock import rfc3339
from models.errors import DeliveryError, TemporaryDeliveryError
from models.incident import identity
from models.ledger import record
from models.message import Message
from models.store import reading, writing
from models.tables import Incident, WatchRun
from models.vocabulary import PersonRole

TOLD_AGAIN = timedelta(hours=1)


def tell_silence(desk: Desk) -> bool:
    """Tell that no watch has made a pass for longer than the setting allows, again each hour; False while one has.

    The message's key is the same however often it is tried. Raises `TemporaryDeliveryError` when no way took it.
    """
    now = desk.clock()
    with reading(desk.engine) as session:
        last = last_watch(session)
    if last is None or now - last.seen_at < timedelta(seconds=desk.settings.watch_silence):
        return False
    if last.told_at is not None and now - last.told_at < TOLD_AGAIN:
        return False
    _send(desk, last)
    with writing(desk.engine) as session:
        row = session.get_one(WatchRun, identity(last))
        first, row.told_at = row.told_at is None, now
        session.add(row)
        for incident in session.exec(select(Incident).where(Incident.state == "open")) if first else ():
            payload = {"last_pass": rfc3339(last.seen_at), "told_at": rfc3339(now)}
            record(session, incident, "watch.stopped", payload, actor="tocsin", at=now, zone=incident.zone)
    return True


def _send(desk: Desk, last: WatchRun) -> None:
    failed: list[str] = []
    ways = list(_ways(desk))
    for channel, to in ways:
        try:
            channel.send(_message(desk, last, to))
        except DeliveryError as error:
            failed.append(str(error))
    if len(failed) == len(ways):
        raise TemporaryDeliveryError(f"nobody could be told that the watch stopped: {'; '.join(failed)}")


def _ways(desk: Desk) -> Iterator[tuple[Channel, str]]:
    """Chat and the commander's mail, and the outbox where neither is set."""
    yield desk.channels.for_chat()
    channel, to = desk.channels.for_mail(PersonRole.COMMANDER.value)
    if channel is not desk.channels.outbox:
        yield channel, to


def _message(desk: Desk, last: WatchRun, to: str) -> Message:
    seen, hour = rfc3339(last.seen_at), int((desk.clock() - last.seen_at) / TOLD_AGAIN)
    return Message(
        key=f"watch-stopped.{identity(last)}.{int(last.seen_at.timestamp())}.{hour}",
        to=to,
        subject="The deadline watch has stopped",
        text=(
            f"No watch has made a pass since {seen} (last on {last.watcher}). Deadlines run on. "
            "Start it again with `tocsin serve` or `tocsin watch`; meanwhile a worker makes a pass at every such alarm."
        ),
        about={"last_pass": seen},
    )
