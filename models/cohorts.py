"""Who gets which text by which channel: the rules of a `cohorts:` part or file, checked as they are read."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from models.report import Language, Place
from models.vocabulary import Category, Relationship

ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Email = Annotated[str, StringConstraints(pattern=ADDRESS)]
Provision = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9:_.-]*$")]


class Channel(StrEnum):
    """A way to reach a person."""

    EMAIL = "email"
    POST = "post"
    SMS = "sms"
    IN_APP = "in_app"


class SuppressionList(StrEnum):
    """Why a person is not simply written to."""

    DECEASED = "deceased"
    LAW_ENFORCEMENT_HOLD = "law_enforcement_hold"
    UNDER_INVESTIGATION = "under_investigation"
    OPTED_FOR_OTHER_CHANNEL = "opted_for_other_channel"


class Part(BaseModel):
    """Base of every part of the rules: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Who(Part):
    """Whom a cohort takes; every point that is given has to hold, and none given takes everybody."""

    jurisdictions: tuple[Place, ...] = ()
    minor: bool | None = Field(None, description="true: known to be a minor; false: not known to be one.")
    categories: tuple[Category, ...] = Field((), description="Any of these data of the person were affected.")
    relationship: tuple[Relationship, ...] = ()
    language: tuple[Language, ...] = ()
    reachable: tuple[Channel, ...] = Field((), description="Reachable by any of these.")
    duty: bool | None = Field(None, description="Whether a duty to tell the people of their place is open.")


def _once(channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    if len(set(channels)) < len(channels):
        raise ValueError("a channel stands twice; keep one")
    return channels


class Cohort(Part):
    """People who get one text, by the first of these channels that reaches them; what bounces goes to the next."""

    name: Name
    who: Who = Who()
    text: Name = Field("letter", description="The form of the notice: letter, email, guardian, employee, sms ...")
    texts: Mapping[Channel, Name] = Field({}, description="Another form for single channels.")
    provision: Provision | None = Field(
        None, description="The duty whose text it is; none: that of the person's place."
    )
    channels: Annotated[tuple[Channel, ...], Field(min_length=1), AfterValidator(_once)]

    def form(self, channel: Channel) -> str:
        """The form of the notice that goes by this channel."""
        return self.texts.get(channel, self.text)


class Mark(Part):
    """A column of the roster's files, kept by the mapping, whose values say who is on a suppression list."""

    column: str
    values: Annotated[tuple[str, ...], Field(min_length=1)]


class Seed(Part):
    """An address of our own that is added to each batch, so that we see what people get."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
    email: Email | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")] | None = None
    post: tuple[Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00-\x1f]+$")], ...] = ()
    language: Language | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not (self.email or self.phone or self.post):
            raise ValueError(f"the seed {self.name!r} has no address; give email, phone or post")
        return self


class Waves(Part):
    """In which order a text goes out: to the reviewers, to a first share of each cohort and language, to the rest."""

    reviewers: tuple[Email, ...] = ()
    first_percent: Annotated[float, Field(ge=0, le=100)] = 1


class Cohorts(Part):
    """The rules of one send: the first cohort that fits a person takes them."""

    cohorts: Annotated[tuple[Cohort, ...], Field(min_length=1)]
    suppress: Mapping[SuppressionList, Mark] = {}
    seeds: tuple[Seed, ...] = ()
    waves: Waves = Waves()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for complaint in self._complaints():
            raise ValueError(complaint)
        return self

    def _complaints(self) -> Iterator[str]:
        names = [each.name for each in self.cohorts]
        for at, each in enumerate(self.cohorts):
            if names.index(each.name) < at:
                yield f"two cohorts are called {each.name!r}; name each differently"
            if each.who == Who() and at < len(names) - 1:
                yield f"the cohort {each.name!r} takes everybody, so nobody reaches {names[at + 1]!r}; put it last"

    def cohort(self, name: str) -> Cohort:
        """The cohort called `name`; raises `KeyError` where there is none."""
        return {each.name: each for each in self.cohorts}[name]
