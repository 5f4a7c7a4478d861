"""The text that a person gets: that of a signed notice, framed by who it is for and the reference to name when calling."""

from dataclasses import dataclass
from functools import cached_property, partial

from sqlmodel import Session, col, select

from flows.acts.sign import unfit
from models.errors import BadInputError
from models.incident import facts_of, identity
from models.pieces import Pieces, in_pieces
from models.tables import Incident, Notice, NoticeVersion
from models.vocabulary import Audience, Category
from people.letter import Wording
from templates.language import language as speak
from templates.letter_sheet import letter
from templates.page import framed, html, plain, styled
from templates.spoken import place_in

NAMED = frozenset({"name", "salutation", "address"})


@dataclass(frozen=True)
class PersonText:
    """One signed text, ready for every person who gets it."""

    notice_id: int
    version: int
    sha256: str
    language: str
    subject: str
    markdown: str
    wording: Wording

    @cached_property
    def text(self) -> Pieces:
        """As plain text, in a frame."""
        parts = in_pieces(self.markdown).parts
        above = "" if NAMED & set(parts) else "{{ name }}\n\n"
        below = "" if "reference" in parts else "\n-- \n{{ reference }}\n"
        return in_pieces(above + plain(self.markdown) + below)

    @cached_property
    def bare(self) -> Pieces:
        """As plain text without a frame, for channels that count signs."""
        return in_pieces(plain(self.markdown).strip())

    @cached_property
    def letter(self) -> Pieces:
        """As one letter among others, to be printed."""
        return in_pieces(letter(self.markdown, self.language))

    @cached_property
    def html(self) -> Pieces:
        """As an HTML page, in a frame."""
        parts = in_pieces(self.markdown).parts
        above = "" if NAMED & set(parts) else framed("header", styled("p", "{{ name }}"))
        below = "" if "reference" in parts else framed("footer", styled("p", "{{ reference }}"))
        return in_pieces(html(self.markdown, self.language, self.subject, above=above, below=below))


def signed_text(
    session: Session, incident: Incident, notice_id: int, version: int | None = None
) -> tuple[PersonText | None, str | None]:
    """The notice's text, or why it may not go: only what is fully signed, not held and still true leaves.

    `version` is that of a text which may have been taken already, and is sent again as it was.
    """
    notice = session.get_one(Notice, notice_id)
    why = None if notice.state in ("approved", "sent") else f"notice {notice_id} is {notice.state}"
    why = why or unfit(session, incident, notice)
    if why is not None:
        return None, why
    wanted = version or notice.version
    kept = session.exec(
        select(NoticeVersion).where(NoticeVersion.notice_id == notice_id, NoticeVersion.version == wanted)
    ).one()
    return _text(notice, kept, incident.number, facts_of(session, incident).organisation.country), None


def notice_for(session: Session, incident: Incident, provision: str, form: str, language: str) -> Notice | None:
    """The latest signed notice to people under a provision, in a form and language."""
    return session.exec(
        select(Notice)
        .where(
            Notice.incident_id == identity(incident),
            Notice.audience == Audience.INDIVIDUALS.value,
            Notice.provision == provision,
            Notice.form == form,
            Notice.language == language,
            col(Notice.state).in_(("approved", "sent")),
        )
        .order_by(col(Notice.id).desc())
    ).first()


def _text(notice: Notice, version: NoticeVersion, number: str, posted_in: str | None) -> PersonText:
    if in_pieces(version.subject).parts:
        raise BadInputError(f"notice {notice.id}: a subject is the same for everybody; take {{{{ ... }}}} out of it")
    phrases = speak(notice.language).phrases
    names = {each.value: f"words.category.{each.value}" for each in Category}
    words = {name: plain(str(phrases.say(key))).strip() for name, key in names.items() if phrases.has(key)}
    return PersonText(
        notice_id=identity(notice),
        version=version.version,
        sha256=version.sha256,
        language=notice.language,
        subject=version.subject,
        markdown=version.text,
        wording=Wording(number, notice.language, words, partial(_destination, posted_in), partial(place_in, None)),
    )


def _destination(posted_in: str | None, country: str) -> str | None:
    """The last line of an address: none within the country in which it is posted."""
    return None if country == posted_in else place_in(posted_in, country).upper()
