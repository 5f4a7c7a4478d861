"""What `tocsin notices NUMBER ACT` does: one function for each act, on what was typed."""

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.acts.answer import answer
from flows.acts.deliver import send_again
from flows.acts.draft import RemedyAct, ask_for
from flows.acts.edit import Edited, edit_notice, restore_version
from flows.acts.hand_over import hand_over
from flows.acts.read_notice import notice_text, signature_lines
from flows.acts.release import hold, release
from flows.acts.release_all import FLOWS, ask_for_release, released
from flows.acts.remedy import put_right
from flows.acts.sign import approve, override, reject
from flows.desk import Desk
from flows.start import prefect_ready, run_now
from models.clock import rfc3339
from models.errors import BadInputError
from tocsin.acting import actor
from tocsin.exporting import export
from tocsin.notices_shown import (
    show_check,
    show_difference,
    show_list,
    show_questions,
    show_released,
    show_stale,
    show_text,
    show_versions,
)
from tocsin.output import line, print_json


@dataclass(frozen=True)
class Typed:
    """One command line about notices; what was not typed is None."""

    desk: Desk
    number: str
    act: str
    notice: str | None
    file: str | None
    spoken: str | None
    sha256: str | None
    since: int | None
    to: str | None
    formats: str
    reason: str | None
    note: str | None
    overriding: bool
    until: str | None
    at: str | None
    reference: str | None
    evidence: Path | None
    by: str | None
    json: bool

    @property
    def language(self) -> str:
        """The language that was typed, or English."""
        return self.spoken or "en"

    @property
    def who(self) -> str:
        """The name that goes on the ledger."""
        return actor(self.by, self.desk.settings)

    @property
    def which(self) -> int:
        """The notice's id, or a `BadInputError` that says how to find it."""
        if self.notice is None or not self.notice.isdecimal():
            raise BadInputError(f"this needs the id of a notice; `tocsin notices {self.number}` lists them")
        return int(self.notice)

    @property
    def why(self) -> str:
        """The reason, or a `BadInputError` that asks for it."""
        if not self.reason:
            raise BadInputError("this needs --reason; it goes on the ledger")
        return self.reason

    @property
    def words(self) -> str:
        """The text in the file, or on standard input."""
        if self.file is None:
            raise BadInputError("edit needs a file with the new text, or - for standard input")
        try:
            return sys.stdin.read() if self.file == "-" else Path(self.file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInputError(
                f"{self.file}: cannot be read as UTF-8 text; check the path and how it was saved"
            ) from error


def act_on(typed: Typed) -> None:
    """Do what was typed, or raise a `BadInputError` that names the acts there are."""
    if typed.act not in ACTS:
        raise BadInputError(f"{typed.act!r} is not an act; known are {', '.join(ACTS)}")
    ACTS[typed.act](typed)


# Reading ---------------------------------------------------------------------------------------------------------------


def _list(typed: Typed) -> None:
    show_list(typed.desk, typed.number, json=typed.json)


def _show(typed: Typed) -> None:
    _text_shown(typed, findings_only=False)


def _check(typed: Typed) -> None:
    if typed.notice is None:
        show_check(typed.desk, typed.number, json=typed.json)
    else:
        _text_shown(typed, findings_only=True)


def _text_shown(typed: Typed, *, findings_only: bool) -> None:
    signed = signature_lines(typed.desk, typed.number, typed.which)
    text = notice_text(typed.desk, typed.number, typed.which)
    show_text(text, signed, findings_only=findings_only, json=typed.json)


def _versions(typed: Typed) -> None:
    show_versions(typed.desk, typed.number, typed.which, json=typed.json)


def _diff(typed: Typed) -> None:
    if typed.to is not None and not typed.to.isdecimal():
        raise BadInputError(f"--to {typed.to!r} is no version; give the number of one, such as 2")
    new = int(typed.to) if typed.to is not None else None
    show_difference(typed.desk, typed.number, typed.which, typed.since, new, json=typed.json)


def _stale(typed: Typed) -> None:
    show_stale(typed.desk, typed.number, json=typed.json)


def _questions(typed: Typed) -> None:
    show_questions(typed.desk, typed.number, json=typed.json)


def _export(typed: Typed) -> None:
    which = typed.which if typed.notice else None
    export(typed.desk, typed.number, which, typed.formats, typed.to, typed.spoken, json=typed.json)


# Writing ---------------------------------------------------------------------------------------------------------------


def _answer(typed: Typed) -> None:
    if not typed.notice or not typed.file:
        raise BadInputError(
            f"answer needs a question's key and a file with the words; see `tocsin notices {typed.number} questions`"
        )
    answer(typed.desk, typed.number, typed.notice, typed.words, typed.language, by=typed.who)
    said = {"number": typed.number, "answered": typed.notice, "language": typed.language}
    told = f"{typed.notice} ({typed.language}): kept; texts that ask for it are drafted again with the next pass"
    print_json(said) if typed.json else line(told)


def _ask(typed: Typed) -> None:
    if not typed.notice:
        raise BadInputError("ask needs a form, such as substitute, newspaper, sms or page")
    made = ask_for(typed.desk, typed.number, typed.notice, typed.language)
    if typed.json:
        print_json([dataclasses.asdict(one) for one in made])
    elif not made:
        line(f"{typed.notice} ({typed.language}) is there already; `tocsin notices {typed.number}` lists it")
    else:
        for one in made:
            line(f"notice {one.notice}: {one.what}; {one.errors} errors, {one.missing} questions open")


def _edit(typed: Typed) -> None:
    _edited(typed, edit_notice(typed.desk, typed.number, typed.which, typed.words, by=typed.who, sha256=typed.sha256))


def _restore(typed: Typed) -> None:
    which = typed.which
    if typed.file is None or not typed.file.isdecimal():
        raise BadInputError(
            f"restore needs the number of a version; `tocsin notices {typed.number} versions {which}` lists them"
        )
    _edited(typed, restore_version(typed.desk, typed.number, which, int(typed.file), by=typed.who))


def _edited(typed: Typed, edited: Edited) -> None:
    words = f"version {edited.version}, SHA-256 {edited.sha256}; {len(edited.findings)} findings"
    if edited.findings:
        words += f", see `tocsin notices {typed.number} check {typed.notice}`"
    _say(typed, words, version=edited.version, sha256=edited.sha256, findings=list(edited.findings))


def _say(typed: Typed, words: str, **more: Any) -> None:  # Any: whatever is plain JSON
    """What an act on one notice led to."""
    said = {"number": typed.number, "notice": typed.which, "act": typed.act, "by": typed.who, **more}
    print_json(said) if typed.json else line(f"notice {typed.which}: {words}")


# Signing ---------------------------------------------------------------------------------------------------------------


def _approve(typed: Typed) -> None:
    desk, number, which, who = typed.desk, typed.number, typed.which, typed.who
    if typed.overriding:
        signed = override(desk, number, which, by=who, reason=typed.why, sha256=typed.sha256)
    else:
        signed = approve(desk, number, which, by=who, sha256=typed.sha256, note=typed.note)
    if typed.json:
        print_json(
            dataclasses.asdict(signed) | {"number": number, "act": "approve", "by": who, "override": typed.overriding}
        )
        return
    rest = f"; still needed: {', '.join(signed.still_needed)}" if signed.still_needed else "; ready to send"
    how = "override asked for" if typed.overriding else "signed"
    line(f"notice {signed.notice}: {how} as {signed.role}, SHA-256 {signed.sha256}{rest}")


def _reject(typed: Typed) -> None:
    reject(typed.desk, typed.number, typed.which, by=typed.who, reason=typed.why)
    _say(typed, "sent back")


# Sending ---------------------------------------------------------------------------------------------------------------


def _hold(typed: Typed) -> None:
    until = _moment("--until", typed.until) if typed.until else None
    hold(typed.desk, typed.number, typed.which, by=typed.who, reason=typed.why, until=until)
    _say(typed, f"held until {typed.until}" if typed.until else "held")


def _release(typed: Typed) -> None:
    if typed.notice is None:
        _release_all(typed)
        return
    still = release(typed.desk, typed.number, typed.which, by=typed.who)
    words = f"released; it still waits: {still}" if still else "released; it leaves with the next pass"
    _say(typed, words, waits_for=still)


def _send(typed: Typed) -> None:
    if typed.notice:
        send_again(typed.desk, typed.number, typed.notice, by=typed.who)
    _release_all(typed)


def _release_all(typed: Typed) -> None:
    """One act for everything that is ready: authorities first, then people, then the press."""
    prefect_ready(typed.desk.settings)  # else the ledger would tell of a release that never began
    mark = ask_for_release(typed.desk, typed.number, by=typed.who)
    for flow in FLOWS:
        run_now(typed.desk.settings, flow, typed.number)
    show_released(typed.number, released(typed.desk, typed.number, mark), json=typed.json)


def _correct(typed: Typed) -> None:
    _put_right(typed, "correction")


def _withdraw(typed: Typed) -> None:
    _put_right(typed, "withdrawal")


def _put_right(typed: Typed, act: RemedyAct) -> None:
    made = put_right(typed.desk, typed.number, typed.which, act, by=typed.who, reason=typed.why)
    words = f"drafted as notice {made.notice}, {made.what}; read it with `tocsin notices {typed.number} show {made.notice}`, have it signed, and it is sent"
    _say(typed, words, drafted=made.notice, what=made.what, errors=made.errors)


def _sent(typed: Typed) -> None:
    if not typed.notice or not typed.at or not typed.reference:
        raise BadInputError(
            "sent needs the notice's id, --at TIME and --reference REFERENCE; --evidence FILE proves it"
        )
    at, who = _moment("--at", typed.at), typed.who
    filed = hand_over(
        typed.desk, typed.number, typed.notice, by=who, at=at, reference=typed.reference, proof=typed.evidence
    )
    if typed.json:
        print_json({"number": typed.number, "by": who, **dataclasses.asdict(filed), "at": rfc3339(filed.at)})
        return
    met = f"; {filed.duties_met} duties met" if filed.duties_met else ""
    line(f"{filed.what}: filed by {who}, reference {filed.reference}, SHA-256 {filed.sha256}{met}")


def _moment(option: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInputError(f"{option} {text!r} is no time; write one such as 2026-03-02T09:00:00+01:00") from error
    if moment.tzinfo is None:
        raise BadInputError(f"{option} {text!r} has no zone; write one such as 2026-03-02T09:00:00+01:00")
    return moment


ACTS: dict[str, Callable[[Typed], None]] = {
    "list": _list,
    "show": _show,
    "check": _check,
    "versions": _versions,
    "diff": _diff,
    "edit": _edit,
    "restore": _restore,
    "approve": _approve,
    "reject": _reject,
    "hold": _hold,
    "release": _release,
    "send": _send,
    "correct": _correct,
    "withdraw": _withdraw,
    "sent": _sent,
    "stale": _stale,
    "questions": _questions,
    "answer": _answer,
    "ask": _ask,
    "export": _export,
}
