"""Notices: read, edited, signed, held, let go, put right; the file that a word processor or a portal takes."""

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from pydantic import Field

from console.asked import Asked, Hash, Moment, Name, Number, Why, Words
from console.may import READS_TEXTS, EditsTexts, Releases, Signs
from console.once import OnceRoute
from console.paging import LARGEST_NUMBER, AskedPage, one_page
from console.signed_in import AtDesk, Visible
from flows.acts.agree import disagreements_in
from flows.acts.answer import LONGEST_ANSWER, answer
from flows.acts.deliver import send_again
from flows.acts.draft import Drafted
from flows.acts.edit import LONGEST_TEXT, Edited, edit_notice, restore_version
from flows.acts.export import exported_notice
from flows.acts.hand_over import hand_over
from flows.acts.question import questions
from flows.acts.read_notice import notice_list, notice_text, signature_lines
from flows.acts.release import hold, release
from flows.acts.remedy import put_right
from flows.acts.sign import Signed, approve, override, reject
from flows.acts.stale import stale_texts
from flows.acts.versions import compared, versions
from flows.as_json import Json, compared_json, notice_json
from models.plain import plain

router = APIRouter(tags=["notices"], route_class=OnceRoute)
NOTICES = "/incidents/{number}/notices"
NOTICE = NOTICES + "/{notice}"
MEDIA_TYPES = {
    "text": "text/plain; charset=utf-8",
    "html": "application/octet-stream",  # a page of ours with words of others: to be kept, not shown under this host
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "json": "application/json",
    "sheet": "application/octet-stream",
}
Version = Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER)]


@router.get(NOTICES, dependencies=[READS_TEXTS])
def list_notices(desk: AtDesk, number: Visible, paging: AskedPage) -> Json:
    """Every notice with its state and who still signs, the most urgent duty's first."""
    return one_page(notice_list(desk, number), paging, lambda one: one.notice)


@router.get("/incidents/{number}/questions", dependencies=[READS_TEXTS])
def list_questions(desk: AtDesk, number: Visible, paging: AskedPage) -> Json:
    """What texts leave open, the question that most of them ask first."""
    return one_page(questions(desk, number), paging, lambda one: one.key)


class Answer(Asked):
    """Words for what no fact says."""

    language: Name = "en"
    words: str = Field(min_length=1, max_length=LONGEST_ANSWER, pattern=r"^[^\x00]*$")


@router.post("/incidents/{number}/questions/{key}/answer")
def answer_question(viewer: EditsTexts, desk: AtDesk, number: Visible, key: str, asked: Answer) -> Json:
    """Answer one; the texts that ask it are drafted again with the next pass."""
    answer(desk, number, key, asked.words, asked.language, by=viewer.name)
    return {"number": number, "answered": key, "language": asked.language}


@router.get("/incidents/{number}/stale", dependencies=[READS_TEXTS])
def stale(desk: AtDesk, number: Visible, paging: AskedPage) -> Json:
    """Every text that states what is no longer so."""
    return one_page(stale_texts(desk, number), paging, lambda one: [one.notice, one.path])


@router.get("/incidents/{number}/disagreements", dependencies=[READS_TEXTS])
def disagreements(desk: AtDesk, number: Visible, paging: AskedPage) -> Json:
    """Where texts state different things."""
    found = plain(disagreements_in(desk, number))
    return one_page(found, paging, lambda one: one)


@router.get(NOTICE, dependencies=[READS_TEXTS])
def one_notice(desk: AtDesk, number: Visible, notice: Number) -> Json:
    """Its current text with hash, findings, open questions and signatures."""
    return notice_json(notice_text(desk, number, notice), signature_lines(desk, number, notice))


@router.get(NOTICE + "/versions", dependencies=[READS_TEXTS])
def list_versions(desk: AtDesk, number: Visible, notice: Number, paging: AskedPage) -> Json:
    """Every version, latest first."""
    return one_page(versions(desk, number, notice), paging, lambda one: one.version)


@router.get(NOTICE + "/difference", dependencies=[READS_TEXTS])
def difference(
    desk: AtDesk,
    number: Visible,
    notice: Number,
    old: Annotated[int | None, Query(alias="from", ge=1, le=LARGEST_NUMBER)] = None,
    new: Annotated[int | None, Query(alias="to", ge=1, le=LARGEST_NUMBER)] = None,
) -> Json:
    """What changed between two versions, word by word; default: the last two."""
    return compared_json(number, compared(desk, number, notice, old, new))


@router.get(NOTICE + "/file", response_class=Response, dependencies=[READS_TEXTS])
def file(
    desk: AtDesk,
    number: Visible,
    notice: Number,
    format: Literal["text", "html", "docx", "pdf", "json", "sheet"] = "pdf",
) -> Response:
    """The text as a file; one that may not leave yet says so on itself."""
    name, content = exported_notice(desk, number, notice, format)
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=MEDIA_TYPES[format], headers=headers)


class Text(Asked):
    """A person's words in place of the text that they read."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$")
    sha256: Hash = Field(description="Of the text that was edited; 409 where another one is current by now.")


@router.post(NOTICE + "/text")
def edit(viewer: EditsTexts, desk: AtDesk, number: Visible, notice: Number, asked: Text) -> Json:
    """Keep it as the next version; signatures on the one before no longer hold."""
    edited = edit_notice(desk, number, notice, asked.text, by=viewer.name, sha256=asked.sha256)
    return _edited(number, notice, "edit", viewer.name, edited)


class Earlier(Asked):
    """Which version is to be the text again."""

    version: int = Field(ge=1, le=LARGEST_NUMBER)


@router.post(NOTICE + "/restore")
def restore(viewer: EditsTexts, desk: AtDesk, number: Visible, notice: Number, asked: Earlier) -> Json:
    """Make an earlier version's text the next one."""
    edited = restore_version(desk, number, notice, asked.version, by=viewer.name)
    return _edited(number, notice, "restore", viewer.name, edited)


class Approval(Asked):
    """A signature on exactly the text that was read."""

    sha256: Hash = Field(description="Of the text that was read (8 characters or more).")
    note: Words | None = Field(None, description="What the signer makes of the warnings, where there are any.")


@router.post(NOTICE + "/approve")
def sign(viewer: Signs, desk: AtDesk, number: Visible, notice: Number, asked: Approval) -> Json:
    """Sign it; 409 where another text is current by now, or somebody else was first."""
    done = approve(desk, number, notice, by=viewer.name, sha256=asked.sha256, note=asked.note)
    return _signed(number, done, viewer.name, overriding=False)


class Override(Why):
    """In an emergency, a text without its signatures; a second person is needed."""

    sha256: Hash


@router.post(NOTICE + "/override")
def let_go_unsigned(viewer: Signs, desk: AtDesk, number: Visible, notice: Number, asked: Override) -> Json:
    """Ask for, or as the second person grant, that it goes without signatures; it stands on the ledger for ever."""
    done = override(desk, number, notice, by=viewer.name, reason=asked.reason, sha256=asked.sha256)
    return _signed(number, done, viewer.name, overriding=True)


@router.post(NOTICE + "/reject")
def send_back(viewer: Signs, desk: AtDesk, number: Visible, notice: Number, asked: Why) -> Json:
    """Send it back; its signatures no longer hold."""
    reject(desk, number, notice, by=viewer.name, reason=asked.reason)
    return _said(number, notice, "reject", viewer.name)


class Hold(Why):
    """Why, and until when, a text is kept back."""

    until: Moment | None = None


@router.post(NOTICE + "/hold")
def keep_back(viewer: Releases, desk: AtDesk, number: Visible, notice: Number, asked: Hold) -> Json:
    """Keep it back, also one that waits to be sent."""
    hold(desk, number, notice, by=viewer.name, reason=asked.reason, until=asked.until)
    return _said(number, notice, "hold", viewer.name)


@router.post(NOTICE + "/release")
def let_go(viewer: Releases, desk: AtDesk, number: Visible, notice: Number) -> Json:
    """Let a held one go; `waits_for` says what else keeps it."""
    still = release(desk, number, notice, by=viewer.name)
    return {**_said(number, notice, "release", viewer.name), "waits_for": still}


@router.post(NOTICE + "/correct")
def correct(viewer: EditsTexts, desk: AtDesk, number: Visible, notice: Number, asked: Why) -> Json:
    """Draft a correction of one that was sent; it is signed and sent like any other."""
    made = put_right(desk, number, notice, "correction", by=viewer.name, reason=asked.reason)
    return _remedied(number, notice, "correct", viewer.name, made)


@router.post(NOTICE + "/withdraw")
def take_back(viewer: EditsTexts, desk: AtDesk, number: Visible, notice: Number, asked: Why) -> Json:
    """Draft a withdrawal of one that was sent; it is signed and sent like any other."""
    made = put_right(desk, number, notice, "withdrawal", by=viewer.name, reason=asked.reason)
    return _remedied(number, notice, "withdraw", viewer.name, made)


class Filed(Asked):
    """What a person filed by hand, such as in an authority's portal."""

    at: Moment
    reference: Name


@router.post(NOTICE + "/sent")
def filed(viewer: Releases, desk: AtDesk, number: Visible, notice: Number, asked: Filed) -> Json:
    """Say that it was filed by hand; its duty is met then."""
    done = hand_over(desk, number, str(notice), by=viewer.name, at=asked.at, reference=asked.reference)
    return {"number": number, "by": viewer.name, **plain(done)}


@router.post("/incidents/{number}/deliveries/{key}/again")
def again(viewer: Releases, desk: AtDesk, number: Visible, key: str) -> Json:
    """Put a refused or postponed delivery back in the queue."""
    send_again(desk, number, key, by=viewer.name)
    return {"number": number, "delivery": key, "act": "again", "by": viewer.name}


def _said(number: str, notice: int, act: str, by: str) -> Json:
    return {"number": number, "notice": notice, "act": act, "by": by}


def _signed(number: str, done: Signed, by: str, *, overriding: bool) -> Json:
    return {**plain(done), "number": number, "act": "approve", "by": by, "override": overriding}


def _edited(number: str, notice: int, act: str, by: str, edited: Edited) -> Json:
    return {**_said(number, notice, act, by), **plain(edited)}


def _remedied(number: str, notice: int, act: str, by: str, made: Drafted) -> Json:
    return {**_said(number, notice, act, by), "drafted": made.notice, "what": made.what, "errors": made.errors}
