"""Our own addresses in a sending: reviewers, who read each text first, and seeds, by which we see what people get."""

from collections.abc import Iterator

from models.cohorts import Channel, Cohorts
from people.letter import Addressee

FIRST_REVIEWER = -1_000  # places below nought are not in the roster's list


def own_people(rules: Cohorts) -> dict[int, Addressee]:
    """Seeds and reviewers by the places they have."""
    return {person.seq: person for person in (*_seeds(rules), *_reviewers(rules))}


def is_reviewer(person: Addressee) -> bool:
    """Whether this is somebody who reads the texts before they go."""
    return person.seq <= FIRST_REVIEWER


def _seeds(rules: Cohorts) -> Iterator[Addressee]:
    for index, seed in enumerate(rules.seeds, 1):
        street, _, town = "\n".join(seed.post).partition("\n")
        reached = {Channel.EMAIL: seed.email, Channel.SMS: seed.phone, Channel.POST: street}
        yield Addressee(
            id=f"seed-{index}",
            seq=-index,
            name=seed.name,
            email=seed.email,
            phone=seed.phone,
            street=street or None,
            town=town or None,
            subdivision=None,
            country=None,
            identifier=None,
            channels=[channel.value for channel, address in reached.items() if address],
        )


def _reviewers(rules: Cohorts) -> Iterator[Addressee]:
    for index, email in enumerate(rules.waves.reviewers):
        yield Addressee(
            id=f"reviewer-{index + 1}",
            seq=FIRST_REVIEWER - index,
            name=email,
            email=email,
            phone=None,
            street=None,
            town=None,
            subdivision=None,
            country=None,
            identifier=None,
            channels=[Channel.EMAIL.value],
        )
