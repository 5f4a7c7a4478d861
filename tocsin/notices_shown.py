"""How notices are shown: as one JSON document, or to a person."""

import sys
from collections.abc import Sequence

import typer

from flows.acts.agree import disagreements_in
from flows.acts.question import questions
from flows.acts.read_notice import NoticeText, SignatureLine, notice_list
from flows.acts.release_all import Released
from flows.acts.stale import stale_texts
from flows.acts.versions import compared, versions
from flows.as_json import compared_json, notice_json
from flows.desk import Desk
from models.plain import plain
from templates.compare import Piece
from tocsin.output import line, local, print_json, table

_MARKS = {"same": ("", ""), "gone": ("[-", "-]"), "new": ("{+", "+}")}
_COLOURS = {"same": ("", ""), "gone": ("\x1b[31;9m", "\x1b[0m"), "new": ("\x1b[32;1m", "\x1b[0m")}


def show_list(desk: Desk, number: str, *, json: bool) -> None:
    """Every notice with its state and who still signs."""
    found = notice_list(desk, number)
    if json:
        print_json(found)
        return
    if not found:
        line(f"No text has been drafted for {number}; `tocsin respond {number}` drafts them.")
        return
    table(
        ("id", "text", "for", "state", "version", "SHA-256", "findings", "missing", "waits for"),
        (
            (
                one.notice,
                one.what,
                one.provision or one.audience,
                one.state
                + (", held" if one.held else "")
                + (f", corrected by {', '.join(map(str, one.corrected_by))}" if one.corrected_by else ""),
                one.version,
                one.sha256[:12],
                one.errors + one.warnings,
                one.missing,
                one.waits_for or "",
            )
            for one in found
        ),
    )


def show_text(text: NoticeText, signed: Sequence[SignatureLine], *, findings_only: bool, json: bool) -> None:
    """One text with what was found about it; ends with status 1 where its check finds an error."""
    if json:
        print_json(notice_json(text, signed))
    else:
        if not findings_only:
            line(f"Subject: {text.subject}")
            line()
            line(text.text)
            line()
        line(f"version {text.version}, SHA-256 {text.sha256}, facts version {text.facts_version}, {text.state}")
        for remedy in text.corrected_by:
            line(f"  put right by {remedy}")
        if text.corrects:
            line(f"  puts right what was sent as notice {text.corrects}")
        for finding in text.findings:
            under = f" ({finding['section']})" if finding.get("section") else ""
            line(f"  {finding['level']}: {finding['place']}{under}: {finding['message']}; {finding['mend']}")
        for one in text.missing:
            line(f"  not known: {one['question']}")
        for sign in signed:
            ended = f"; no longer holds: {sign.void_reason}" if sign.void_reason else ""
            said = f": {sign.note}" if sign.note else ""
            line(f"  {sign.decision} by {sign.person} ({sign.role}) on {sign.sha256[:12]}{said}{ended}")
    if findings_only and any(finding["level"] == "error" for finding in text.findings):
        raise typer.Exit(1)


def show_versions(desk: Desk, number: str, notice: int, *, json: bool) -> None:
    """Every version of a notice, latest first."""
    found = versions(desk, number, notice)
    if json:
        print_json(found)
        return
    table(
        ("version", "when", "by", "how", "facts", "SHA-256", "errors"),
        (
            (
                one.version,
                local(one.created_at, one.zone),
                one.author,
                one.note,
                one.facts_version,
                one.sha256[:12],
                one.errors,
            )
            for one in found
        ),
    )


def show_difference(desk: Desk, number: str, notice: int, old: int | None, new: int | None, *, json: bool) -> None:
    """What changed between two versions, word by word."""
    found = compared(desk, number, notice, old, new)
    if json:
        print_json(compared_json(number, found))
        return
    line(f"notice {notice}, {found.what}: version {found.old} to version {found.new}")
    for one in found.differences:
        line(f"\nline {one.line}:")
        line("".join(_marked(piece) for piece in one.pieces).rstrip("\n"))
    if not found.differences:
        line("They read the same.")


def _marked(piece: Piece) -> str:
    before, after = (_COLOURS if sys.stdout.isatty() else _MARKS)[piece.kind]
    words = piece.text.rstrip("\n")
    return f"{before}{words}{after}{piece.text[len(words) :]}" if words else piece.text


def show_check(desk: Desk, number: str, *, json: bool) -> None:
    """What the checks say of all texts together; ends with status 1 where there is an error."""
    found, apart = notice_list(desk, number), disagreements_in(desk, number)
    wrong = [one for one in found if one.errors and one.state in ("draft", "approved")]
    if json:
        notices = [
            {"notice": one.notice, "what": one.what, "errors": one.errors, "warnings": one.warnings} for one in found
        ]
        print_json({"number": number, "notices": notices, "disagreements": apart})
    else:
        for one in wrong:
            line(f"notice {one.notice}, {one.what}: {one.errors} errors; `tocsin notices {number} check {one.notice}`")
        for each in apart:
            sides = "; ".join(f"{value} in notices {', '.join(map(str, ids))}" for value, ids in each.sides.items())
            line(f"{each.level}: {each.what}: {sides}; {each.mend}")
        if not wrong and not apart:
            line(f"{len(found)} texts: no errors, and they agree with each other.")
    if wrong or any(one.level == "error" for one in apart):
        raise typer.Exit(1)


def show_questions(desk: Desk, number: str, *, json: bool) -> None:
    """What people can answer so that texts get whole."""
    found = questions(desk, number)
    if json:
        print_json(found)
    elif found:
        table(
            ("key", "question", "languages", "notices that wait"),
            ((one.key, one.question, ", ".join(one.languages), len(one.notices)) for one in found),
        )
    else:
        line("No text leaves a question open.")


def show_released(number: str, found: Released, *, json: bool) -> None:
    """What one release sent, in order, and what keeps the rest."""
    if json:
        print_json({"number": number, **plain(found)})
        return
    for one in found.left:
        line(f"sent: notice {one.notice}, {one.what}, by {one.channel}, reference {one.reference}")
    for kept in found.kept:
        line(f"kept: notice {kept.notice}, {kept.what}: {kept.why}")
    line(f"{len(found.left)} sent, {len(found.kept)} kept.")


def show_stale(desk: Desk, number: str, *, json: bool) -> None:
    """Every text that states what is no longer so; ends with status 1 where there is one."""
    found = stale_texts(desk, number)
    if json:
        print_json(found)
    elif found:
        table(
            ("notice", "text", "state", "fact", "was", "is", "what to do", "with"),
            ((t.notice, t.what, t.state, t.path, t.old, t.new, t.mend, t.command) for t in found),
        )
    else:
        line("Every text says what the facts say.")
    if found:
        raise typer.Exit(1)
