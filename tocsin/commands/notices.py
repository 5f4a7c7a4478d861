import dataclasses
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.acts.answer import answer
from flows.acts.deliver import send_again
from flows.acts.draft import ask_for
from flows.acts.edit import Edited, edit_notice, restore_version
from flows.acts.hand_over import hand_over
from flows.acts.read_notice import notice_text, signature_lines
from flows.acts.release import hold, release
from flows.acts.remedy import put_right
from flows.acts.sign import Signed, approve, override, reject
from flows.desk import Desk, open_desk
from flows.start import run_now
from models.clock import rfc3339
from models.errors import BadInputError
from tocsin.acting import actor
from tocsin.exporting import export
from tocsin.notices_shown import (
    show_check,
    show_difference,
    show_list,
    show_questions,
    show_stale,
    show_text,
    show_versions,
)
from tocsin.output import By, Json, Number, line, print_json

app = typer.Typer()
ACTS = (
    *("list", "show", "check", "versions", "diff", "edit", "restore", "approve", "reject", "hold", "release", "send"),
    *("correct", "withdraw", "sent", "stale", "questions", "answer", "ask", "export"),
)


@app.command()
def notices(
    number: Number,
    act: Annotated[str, typer.Argument(help=", ".join(ACTS))] = "list",
    notice: Annotated[
        str | None,
        typer.Argument(
            help="The notice's id; for send and sent, also a delivery's key; for answer, the question's; for ask, a form."
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Argument(
            help="edit: the new text in Markdown; answer: the words; - for standard input. restore: the version."
        ),
    ] = None,
    language: Annotated[str, typer.Option("--language", help="answer, ask: in which language.")] = "en",
    sha256: Annotated[
        str | None,
        typer.Option("--sha256", help="approve, edit: the hash of the text you read (8 characters or more)."),
    ] = None,
    since: Annotated[int | None, typer.Option("--from", help="diff: the earlier version (the one before).")] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="diff: the later version (the latest); export: the folder for the files.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", help="export: text, html, docx, pdf, json, sheet, several with commas, or all.")
    ] = "pdf",
    reason: Annotated[
        str | None, typer.Option("--reason", help="reject, hold, correct, withdraw, approve --override: why.")
    ] = None,
    note: Annotated[
        str | None, typer.Option("--note", help="approve: what you make of the warnings, where there are any.")
    ] = None,
    overriding: Annotated[
        bool,
        typer.Option("--override", help="approve: without the signatures; a second person and a reason are needed."),
    ] = False,
    until: Annotated[str | None, typer.Option("--until", help="hold: the time at which it ends by itself.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="sent: when it was filed, with its zone.")] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="sent: under which reference the other side has it.")
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option("--evidence", help="sent: a file that proves it, such as the portal's confirmation.")
    ] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """List notices; show, check, edit, compare, approve, reject, hold, release, send, export; answer what they leave open.

    `ask` drafts what the facts do not call for: substitute, newspaper, sms, and any form that the facts do not call for yet.

    Nothing leaves unsigned. `sent` says that a person filed one by hand, such as in an authority's portal.

    Example: tocsin notices INC-2026-0001 approve 7 --sha256 4be0c1f2 --as "Lea Martin"
    """
    desk = open_desk()
    if act not in ACTS:
        raise BadInputError(f"{act!r} is not an act; known are {', '.join(ACTS)}")
    if act == "list":
        show_list(desk, number, json=json)
    elif act == "export":
        export(desk, number, _id(number, notice) if notice else None, formats, to, json=json)
    elif act == "check" and notice is None:
        show_check(desk, number, json=json)
    elif act == "stale":
        show_stale(desk, number, json=json)
    elif act == "questions":
        show_questions(desk, number, json=json)
    elif act == "answer":
        _answer(desk, number, notice, file, language, actor(by, desk.settings), json=json)
    elif act == "ask":
        _ask(desk, number, notice, language, json=json)
    elif act == "send" or (act == "release" and notice is None):
        _send(desk, number, notice, actor(by, desk.settings), json=json)
    elif act == "sent":
        _sent(desk, number, notice, actor(by, desk.settings), at, reference, evidence, json=json)
    elif act in ("show", "check"):
        which = _id(number, notice)
        signed = signature_lines(desk, number, which)
        show_text(notice_text(desk, number, which), signed, findings_only=act == "check", json=json)
    elif act == "versions":
        show_versions(desk, number, _id(number, notice), json=json)
    elif act == "diff":
        show_difference(desk, number, _id(number, notice), since, _version(to), json=json)
    else:
        who, which = actor(by, desk.settings), _id(number, notice)
        if act == "approve" and overriding:
            done = override(desk, number, which, by=who, reason=_needed(reason), sha256=sha256)
            _say_signed(number, done, who, overriding=True, json=json)
        elif act == "approve":
            done = approve(desk, number, which, by=who, sha256=sha256, note=note)
            _say_signed(number, done, who, overriding=False, json=json)
        else:
            _one(desk, number, act, which, file, sha256, reason, until, who, json=json)


def _ask(desk: Desk, number: str, form: str | None, language: str, *, json: bool) -> None:
    if not form:
        raise BadInputError("ask needs a form, such as substitute, newspaper, sms or page")
    made = ask_for(desk, number, form, language)
    if json:
        print_json([dataclasses.asdict(one) for one in made])
    for one in () if json else made:
        line(f"notice {one.notice}: {one.what}; {one.errors} errors, {one.missing} questions open")
    if not made and not json:
        line(f"{form} ({language}) is there already; `tocsin notices {number}` lists it")


def _id(number: str, notice: str | None) -> int:
    if notice is None or not notice.isdecimal():
        raise BadInputError(f"this needs the id of a notice; `tocsin notices {number}` lists them")
    return int(notice)


def _version(text: str | None) -> int | None:
    if text is not None and not text.isdecimal():
        raise BadInputError(f"--to {text!r} is no version; give the number of one, such as 2")
    return int(text) if text is not None else None


def _one(
    desk: Desk,
    number: str,
    act: str,
    notice: int,
    file: str | None,
    sha256: str | None,
    reason: str | None,
    until: str | None,
    who: str,
    *,
    json: bool,
) -> None:
    said: dict[str, Any] = {"number": number, "notice": notice, "act": act, "by": who}
    if act == "reject":
        reject(desk, number, notice, by=who, reason=_needed(reason))
        words = "sent back"
    elif act in ("correct", "withdraw"):
        made = put_right(
            desk, number, notice, "correction" if act == "correct" else "withdrawal", by=who, reason=_needed(reason)
        )
        said |= {"drafted": made.notice, "what": made.what, "errors": made.errors}
        words = f"drafted as notice {made.notice}, {made.what}; read it with `tocsin notices {number} show {made.notice}`, have it signed, and it is sent"
    elif act == "hold":
        hold(desk, number, notice, by=who, reason=_needed(reason), until=_moment("--until", until) if until else None)
        words = f"held until {until}" if until else "held"
    elif act == "release":
        still = release(desk, number, notice, by=who)
        said["waits_for"] = still
        words = f"released; it still waits: {still}" if still else "released; it leaves with the next pass"
    else:
        edited = _edited(desk, number, act, notice, file, sha256, who)
        said |= {"version": edited.version, "sha256": edited.sha256, "findings": list(edited.findings)}
        words = f"version {edited.version}, SHA-256 {edited.sha256}; {len(edited.findings)} findings"
        if edited.findings:
            words += f", see `tocsin notices {number} check {notice}`"
    print_json(said) if json else line(f"notice {notice}: {words}")


def _say_signed(number: str, signed: Signed, who: str, *, overriding: bool, json: bool) -> None:
    said = dataclasses.asdict(signed) | {"number": number, "act": "approve", "by": who, "override": overriding}
    rest = f"; still needed: {', '.join(signed.still_needed)}" if signed.still_needed else "; ready to send"
    how = "override asked for" if overriding else "signed"
    print_json(said) if json else line(f"notice {signed.notice}: {how} as {signed.role}, SHA-256 {signed.sha256}{rest}")


def _edited(desk: Desk, number: str, act: str, notice: int, file: str | None, sha256: str | None, who: str) -> Edited:
    if act == "edit":
        return edit_notice(desk, number, notice, _text(file), by=who, sha256=sha256)
    if file is None or not file.isdecimal():
        raise BadInputError(
            f"restore needs the number of a version; `tocsin notices {number} versions {notice}` lists them"
        )
    return restore_version(desk, number, notice, int(file), by=who)


def _needed(reason: str | None) -> str:
    if not reason:
        raise BadInputError("this needs --reason; it goes on the ledger")
    return reason


def _text(file: str | None) -> str:
    if file is None:
        raise BadInputError("edit needs a file with the new text, or - for standard input")
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{file}: cannot be read as UTF-8 text; check the path and how it was saved") from error


def _answer(desk: Desk, number: str, key: str | None, file: str | None, language: str, who: str, *, json: bool) -> None:
    if not key or not file:
        raise BadInputError(
            f"answer needs a question's key and a file with the words; see `tocsin notices {number} questions`"
        )
    answer(desk, number, key, _text(file), language, by=who)
    said = {"number": number, "answered": key, "language": language}
    print_json(said) if json else line(
        f"{key} ({language}): kept; texts that ask for it are drafted again with the next pass"
    )


def _send(desk: Desk, number: str, key: str | None, who: str, *, json: bool) -> None:
    if key:
        send_again(desk, number, key, by=who)
    for flow in ("notify_authorities", "notify_people", "brief_press"):
        run_now(desk.settings, flow, number)
    show_list(desk, number, json=json)


def _sent(
    desk: Desk,
    number: str,
    which: str | None,
    who: str,
    at: str | None,
    reference: str | None,
    evidence: Path | None,
    *,
    json: bool,
) -> None:
    if not which or not at or not reference:
        raise BadInputError(
            "sent needs the notice's id, --at TIME and --reference REFERENCE; --evidence FILE proves it"
        )
    filed = hand_over(desk, number, which, by=who, at=_moment("--at", at), reference=reference, proof=evidence)
    if json:
        print_json({"number": number, "by": who, **dataclasses.asdict(filed), "at": rfc3339(filed.at)})
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
