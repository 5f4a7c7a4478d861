"""The breach register for people: in words of its own, as pages to print in landscape and as plain text."""

import html as markup
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from models.clock import zone
from models.printable import one_line, printable
from models.register import RegisterDuty, RegisterEntry
from templates.language import language as speak
from templates.page import plain
from templates.print_page import page_rule
from templates.typeface import on_paper

LANGUAGE = "en"
TITLE = "Breach register (GDPR Art. 33(5))"
Row = tuple[str, str]
LISTED = (
    *(("Number", 12), ("What happened", 29), ("Aware", 13), ("People", 8), ("Severity", 8), ("Authorities", 12)),
    *(("People told", 12), ("State", 6)),
)
TOLD = (("Told", 30), ("Under", 16), ("Standing", 14), ("Due", 13), ("Told at", 13), ("Reference", 14))


def words_of(entry: RegisterEntry) -> tuple[Row, ...]:
    """An entry as heading and words; what is not known says so."""
    return (
        ("What happened", _facts(entry)),
        ("When", _times(entry)),
        ("Whom and what it concerns", _concerned(entry)),
        ("Effects", _effects(entry)),
        ("Remedial action", _measures(entry)),
        ("Reasons for not telling", reasons_of(entry) or "None: nobody is left out."),
        ("Reasons for being late", late_words(entry)),
    )


def late_words(entry: RegisterEntry) -> str:
    """Why something was late, that nobody has said it, or that nothing was."""
    if not any(one.late for one in entry.told):
        return "Nothing is late."
    return entry.late_reasons or "Late, and no reason is recorded."


def reasons_of(entry: RegisterEntry) -> str:
    """Why nobody is told by laws that reach the incident; equal reasons once, with all whom they concern."""
    grouped: dict[str, list[str]] = {}
    for one in entry.not_told:
        why = "; ".join(([f"decided by {one.decided}"] if one.decided else []) + list(one.reasons))
        grouped.setdefault(why, []).append(one.provision)
    return "\n".join(f"{', '.join(dict.fromkeys(names))}: {why}" for why, names in grouped.items())


def word(section: str, value: str | None) -> str:
    """A word of a closed list as English says it."""
    return plain(str(speak(LANGUAGE).phrases.say(f"words.{section}.{value}"))).strip() if value else "not known"


def moment(instant: datetime | None, zone_name: str) -> str:
    """A time on the incident's own clock."""
    if instant is None:
        return "not known"
    local = instant.astimezone(zone(zone_name))
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M} UTC{offset[:3]}:{offset[3:5]}"


def _facts(entry: RegisterEntry) -> str:
    effects = ", ".join(entry.affected) or "not known"
    return (
        f"{word('kind', entry.kind)}; cause: {word('cause', entry.cause)}; affected: {effects}. "
        f"{entry.organisation or 'The organisation'} as {word('role', entry.role)}."
    )


def _times(entry: RegisterEntry) -> str:
    named = {
        "began": entry.occurred_from,
        "ended": entry.occurred_to,
        "detected": entry.detected_at,
        "aware": entry.aware_at,
        "contained": entry.contained_at,
        "recorded": entry.recorded_at,
    }
    if entry.closed_at:
        named["closed"] = entry.closed_at
    return "\n".join(f"{name}: {moment(instant, entry.zone)}" for name, instant in named.items())


def _concerned(entry: RegisterEntry) -> str:
    people = "number of people not known" if entry.people is None else f"{entry.people:,} people"
    records = "number of records not known" if entry.records is None else f"{entry.records:,} records"
    places = ", ".join(f"{one.place} {'?' if one.count is None else f'{one.count:,}'}" for one in entry.places)
    data = ", ".join(word("category", one) for one in entry.data) or "kinds of data not known"
    groups = ", ".join(word("relationship", one) for one in entry.relationships)
    return f"{people}{f' ({places})' if places else ''}{f': {groups}' if groups else ''}; {records}. {data}."


def _effects(entry: RegisterEntry) -> str:
    level = word("level", entry.severity)
    return "\n".join([f"Severity {level} ({entry.severity_score:g}, ENISA 2013)", *(plain_words(entry.effects))])


def _measures(entry: RegisterEntry) -> str:
    done = [f"{f'{moment(one.done_at, entry.zone)}: ' if one.done_at else ''}{one.text}" for one in entry.measures]
    planned = [f"Planned: {entry.measures_planned}"] if entry.measures_planned else []
    return "\n".join([*done, *planned]) or "None recorded yet."


def plain_words(texts: Iterable[str]) -> list[str]:
    """Phrases without their Markdown."""
    return [plain(text).strip() for text in texts]


def _told(duty: RegisterDuty, zone_name: str) -> str:
    stage = "" if duty.stage == "initial" else f", {duty.stage}"
    due = f", due {moment(duty.due_at, zone_name)}" if duty.due_at and not duty.told_at else ""
    told = f" {moment(duty.told_at, zone_name)}" if duty.told_at else ""
    under = f", reference {', '.join(duty.references)}" if duty.references else ""
    late = ", LATE" if duty.late else ""
    why = f"; decided by {duty.decided}" if duty.decided else ""
    return f"{duty.recipient} ({duty.provision}{stage}): {duty.standing}{told}{due}{late}{under}{why}"


def heading_of(entry: RegisterEntry) -> str:
    """What an entry is called, in one line."""
    rehearsal = "REHEARSAL · " if entry.rehearsal else ""
    return one_line(f"{rehearsal}{entry.number} · {entry.title}")


def register_text(entries: Iterable[RegisterEntry]) -> Iterator[str]:
    """The entries as plain text, each as soon as it is read."""
    for entry in entries:
        yield f"{heading_of(entry)} ({entry.state}, facts version {entry.facts_version})\n"
        for heading, words in words_of(entry):
            lines = printable(words).split("\n")
            yield f"  {heading}:\n" + "".join(f"    {line}\n" for line in lines)
        told = [_told(one, entry.zone) for one in entry.told] or ["Nobody has to be told."]
        yield "  Told:\n" + "".join(f"    {one_line(line)}\n" for line in told)
        yield "\n"


def register_page(entries: Iterable[RegisterEntry], organisation: str, made_at: datetime, longest: int) -> str:
    """The register as HTML to be set in landscape pages: a list of all entries, then each of them.

    No more is read once the page is longer than `longest`.
    """
    listed: list[str] = []
    told: list[str] = []
    length = 0
    for entry in entries:
        listed.append(_line(entry))
        told.append(_section(entry))
        length += len(listed[-1]) + len(told[-1])
        if length > longest:
            break
    return _whole(organisation, made_at, listed, told)


def _whole(organisation: str, made_at: datetime, listed: Sequence[str], told: Sequence[str]) -> str:
    typefaces, name = on_paper(LANGUAGE), one_line(organisation)
    head = f"{TITLE}{f' · {name}' if name else ''}"
    foot = f"{made_at:%Y-%m-%d %H:%M} UTC · confidential · {len(listed)} {'entry' if len(listed) == 1 else 'entries'}"
    page = page_rule(size="A4 landscape", head=head, number="", foot=foot, typefaces=typefaces)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{markup.escape(head)}</title>\n'
        f'<meta name="author" content="{markup.escape(name)}">\n'
        f'<meta name="dcterms.created" content="{made_at:%Y-%m-%dT%H:%M:%SZ}">\n'
        f"<style>{page}body{{margin:0;color:#1a1a1a;font:9pt/1.4 {typefaces};overflow-wrap:anywhere}}{_RULES}</style>\n"
        f"</head>\n<body>\n<main>\n<h1>{markup.escape(head)}</h1>\n"
        f"<table>{_head(LISTED)}<tbody>{''.join(listed)}</tbody></table>\n"
        f"{''.join(told)}</main>\n</body>\n</html>\n"
    )


_RULES = (
    "h1{font-size:15pt;margin:0 0 4mm}h2{font-size:11.5pt;margin:7mm 0 2mm}h1,h2{break-after:avoid}"
    "table{border-collapse:collapse;width:100%;font-size:8.5pt;table-layout:fixed;margin:0 0 3mm}thead{display:table-header-group}"
    "tr{break-inside:avoid}th,td{border:0.4pt solid #767676;padding:1mm 1.6mm;text-align:left;vertical-align:top;"
    "white-space:pre-line}th{background:#f2f2f2}.label{width:38mm}"
)


def _line(entry: RegisterEntry) -> str:
    people = "?" if entry.people is None else f"{entry.people:,}"
    rehearsal = "REHEARSAL " if entry.rehearsal else ""
    cells = (
        entry.number,
        f"{rehearsal}{one_line(entry.title)}",
        moment(entry.aware_at, entry.zone),
        people,
        word("level", entry.severity),
        summary(entry, "authority"),
        summary(entry, "individuals"),
        entry.state,
    )
    return "<tr>" + "".join(f"<td>{_escaped(cell)}</td>" for cell in cells) + "</tr>\n"


def summary(entry: RegisterEntry, audience: str) -> str:
    """How many of an audience's duties stand where, such as `2 told, 1 overdue`; `not told` where there are reasons."""
    standings = [one.standing for one in entry.told if one.audience == audience]
    counts = [f"{standings.count(one)} {one}" for one in dict.fromkeys(standings)]
    late = sum(one.late for one in entry.told if one.audience == audience)
    if not counts:
        return "not told" if any(one.audience == audience for one in entry.not_told) else "none"
    return ", ".join(counts) + (f"; {late} late" if late else "")


def _section(entry: RegisterEntry) -> str:
    rows = "".join(
        f'<tr><th scope="row">{heading}</th><td>{_escaped(words)}</td></tr>\n' for heading, words in words_of(entry)
    )
    return (
        f"<h2>{_escaped(heading_of(entry))}</h2>\n"
        f'<table class="entry"><colgroup><col class="label"><col></colgroup><tbody>{rows}</tbody></table>\n'
        f"{_told_table(entry)}"
    )


def _told_table(entry: RegisterEntry) -> str:
    if not entry.told:
        return "<p>Nobody has to be told.</p>\n"
    rows = "".join(
        "<tr>" + "".join(f"<td>{_escaped(cell)}</td>" for cell in _told_cells(one, entry.zone)) + "</tr>\n"
        for one in entry.told
    )
    return f'<table class="told">{_head(TOLD)}<tbody>{rows}</tbody></table>\n'


def _told_cells(duty: RegisterDuty, zone_name: str) -> tuple[str, ...]:
    stage = "" if duty.stage == "initial" else f"\n{duty.stage}"
    decided = f"\ndecided by {duty.decided}" if duty.decided else ""
    return (
        duty.recipient,
        f"{duty.provision}{stage}",
        f"{duty.standing}{', LATE' if duty.late else ''}{decided}",
        moment(duty.due_at, zone_name) if duty.due_at else "" if duty.standing == "not started" else "no number",
        moment(duty.told_at, zone_name) if duty.told_at else "",
        ", ".join(duty.references),
    )


def _head(columns: Sequence[tuple[str, int]]) -> str:
    """Columns of fixed widths, in per cent, and their headings."""
    widths = "".join(f'<col style="width:{width}%">' for _, width in columns)
    heads = "".join(f'<th scope="col">{heading}</th>' for heading, _ in columns)
    return f"<colgroup>{widths}</colgroup><thead><tr>{heads}</tr></thead>"


def _escaped(text: str) -> str:
    return markup.escape(printable(text))
