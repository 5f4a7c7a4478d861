"""Filed incomplete: what a filing that was sent left open, until it is known and has followed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from models.duty import Duty
from models.tables import Notice, NoticeVersion
from models.vocabulary import Audience
from templates.draft import Draft

FOLLOWED_UP = (Audience.AUTHORITY, Audience.CSIRT)
Known = Mapping[str, tuple[Notice, NoticeVersion]]


def left_open(known: Known, duty: Duty) -> tuple[str, ...]:
    """The contents that earlier filings under the same provision to the same recipient were sent without."""
    sent = (
        version
        for notice, version in known.values()
        if notice.state == "sent" and (notice.provision, notice.recipient) == (duty.provision, duty.recipient)
    )
    return tuple(dict.fromkeys(gap["key"] for version in sent for gap in version.missing))


def with_what_was_left_open(known: Known, duty: Duty) -> Duty:
    """A later stage of a phased duty holds, besides its own contents, what the stages before it were sent without."""
    if not duty.phased or duty.stage == "initial":
        return duty
    return replace(duty, content=tuple(dict.fromkeys([*duty.content, *left_open(known, duty)])))


def incomplete(known: Known, audiences: Iterable[Audience]) -> Iterator[tuple[Notice, Notice, NoticeVersion]]:
    """Each filing that was sent with gaps, with the latest text about them that was sent: itself, or its last follow-up."""
    wanted = {audience.value for audience in audiences if audience in FOLLOWED_UP}
    for notice, version in known.values():
        if notice.state != "sent" or notice.duty_id is None or notice.audience not in wanted:
            continue
        later = [pair for pair in follow_ups(known, notice) if pair[0].state == "sent"]
        last, said = max([(notice, version), *later], key=lambda pair: pair[0].id or 0)
        if said.missing:
            yield notice, last, said


def follow_ups(known: Known, notice: Notice) -> list[tuple[Notice, NoticeVersion]]:
    """The follow-ups of a filing, drafted or sent."""
    return [pair for pair in known.values() if pair[0].corrects == notice.id and pair[0].form == "followup"]


def is_news(made: Draft, said: NoticeVersion) -> bool:
    """Whether something that was left open is known by now."""
    return {gap.key for gap in made.missing} < {gap["key"] for gap in said.missing}
