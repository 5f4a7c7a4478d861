"""A way out for tests: it remembers what it took, and fails or dies where it is told to."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from threading import Event

from flows.channels import Channels
from flows.desk import Desk
from integrations.channel import Settlement
from models.message import Message, Taken


class Died(BaseException):
    """The process is killed here. No product code may catch it."""


@dataclass
class Post:
    """A channel that follows `script`, one entry for each sending, and takes everything after its end.

    `None` takes the message, an error is raised, "die before" and "die after" kill the process around the taking,
    and "hang" takes it once `released` is set.
    """

    name: str = "post"
    settles: Settlement = "idempotency_key"
    script: deque[Exception | str | None] = field(default_factory=deque)
    sendings: list[Message] = field(default_factory=list)
    taken: dict[str, Message] = field(default_factory=dict)
    released: Event = field(default_factory=Event)
    knows: bool = True
    attaches: bool = False

    def send(self, message: Message) -> Taken:
        """Take the message, once for each key, as the script says."""
        self.sendings.append(message)
        act = self.script.popleft() if self.script else None
        if act == "die before":
            raise Died
        if act == "hang":
            self.released.wait(60)
        if isinstance(act, Exception):
            raise act
        self.taken[message.key] = message
        if act == "die after":
            raise Died
        return Taken(f"post/{len(self.taken)}", "taken")

    def was_taken(self, message: Message) -> bool | None:
        """Whether it was taken, where the channel can be asked and can tell."""
        return message.key in self.taken if self.settles == "lookup" and self.knows else None

    def then(self, *acts: Exception | str | None) -> None:
        """What happens with the next sendings."""
        self.script.extend(acts)


@dataclass(frozen=True, kw_only=True)
class DeskByPost(Desk):
    """A desk whose ways out are given."""

    ways: Channels

    @property
    def channels(self) -> Channels:
        """The ways out as given."""
        return self.ways


def by_post(desk: Desk, *, mail: Post | None = None, chat: Post | None = None, webhook: Post | None = None) -> Desk:
    """The desk with these ways out; what is not given goes to the outbox."""
    addresses = dict.fromkeys(known_recipients(), "notices@authority.example") if mail else {}
    ways = replace(desk.channels, mail=mail, chat=chat, webhook=webhook, addresses=addresses)
    return DeskByPost(desk.settings, desk.engine, desk.clock, desk.held, ways=ways)


def known_recipients() -> Iterable[str]:
    """Audiences and names that have a mail address here."""
    return ("authority", "individuals", "press", "staff", "insurer_mail")
