"""The breach register for people: in words of its own, as pages to print in landscape and as plain text."""

import html as markup
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from models.printable import one_line, printable
from models.register import RegisterDuty, RegisterEntry
from templates.page import language_tag
from templates.print_page import page_rule
from templates.register_words import RegisterWords, plain_words
from templates.typeface import on_paper

Row = tuple[str, str]
LISTED = (
    *(("number", 12), ("what", 29), ("aware_local", 13), ("people", 8), ("severity", 8), ("authorities", 12)),
    *(("people_told", 12), ("state", 6)),
)
TOLD = (*(("whom", 30), ("under", 16), ("standing", 14), ("due_local", 13), ("told_local", 13), ("reference", 14)),)


def words_of(entry: RegisterEntry, words: RegisterWords) -> tuple[Row, ...]:
    """An entry as heading and words; what is not known says so."""
    said = {
        "facts": _facts(entry, words),
        "times": _times(entry, words),
        "concerned": _concerned(entry, words),
        "effects": _effects(entry, words),
        "measures": _measures(entry, words),
        "reasons": words.reasons(entry) or words.say("says.nobody_left_out"),
        "late": words.late(entry),
    }
    return tuple((words.say(f"heading.{key}"), value) for key, value in said.items())


def _facts(entry: RegisterEntry, words: RegisterWords) -> str:
    return words.say(
        "says.facts",
        kind=words.word("kind", entry.kind),
        cause=words.word("cause", entry.cause),
        affected=words.listed(words.say(f"affected.{one}") for one in entry.affected) or words.say("not_known"),
        organisation=entry.organisation or words.say("says.organisation"),
        role=words.word("role", entry.role),
    )


def _times(entry: RegisterEntry, words: RegisterWords) -> str:
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
    said = ((words.say(f"time.{name}"), words.moment(instant, entry.zone)) for name, instant in named.items())
    return "\n".join(words.say("says.at", name=name, moment=moment) for name, moment in said)


def _concerned(entry: RegisterEntry, words: RegisterWords) -> str:
    people, records = (
        words.say(f"says.{noun}_not_known") if count is None else words.say(f"says.{noun}", count=f"{count:,}")
        for noun, count in (("people", entry.people), ("records", entry.records))
    )
    places = words.listed(f"{one.place} {'?' if one.count is None else f'{one.count:,}'}" for one in entry.places)
    data = words.listed(words.word("category", one) for one in entry.data) or words.say("says.data_not_known")
    groups = words.listed(words.word("relationship", one) for one in entry.relationships)
    who = words.say("says.where", people=people, places=places) if places else people
    whom = words.say("says.who", people=who, groups=groups) if groups else who
    return words.say("says.concerned", people=whom, records=records, data=data)


def _effects(entry: RegisterEntry, words: RegisterWords) -> str:
    level, score = words.word("level", entry.severity), f"{entry.severity_score:g}"
    return "\n".join([words.say("says.severity", level=level, score=score), *plain_words(entry.effects)])


def _measures(entry: RegisterEntry, words: RegisterWords) -> str:
    done = [
        f"{f'{words.moment(one.done_at, entry.zone)}: ' if one.done_at else ''}{one.text}" for one in entry.measures
    ]
    planned = [words.say("says.planned", words=entry.measures_planned)] if entry.measures_planned else []
    return "\n".join([*done, *planned]) or words.say("says.no_measures")


def _told(duty: RegisterDuty, zone_name: str, words: RegisterWords) -> str:
    stage = "" if duty.stage == "initial" else f", {words.stage(duty.stage)}"
    told = f" {words.moment(duty.told_at, zone_name)}" if duty.told_at else ""
    more = [
        words.say("says.due", moment=words.moment(duty.due_at, zone_name)) if duty.due_at and not duty.told_at else "",
        words.say("says.late") if duty.late else "",
        words.say("says.reference", reference=", ".join(duty.references)) if duty.references else "",
        words.say("says.decided", who=duty.decided) if duty.decided else "",
    ]
    said = "".join(f", {one}" for one in more if one)
    return f"{duty.recipient} ({duty.provision}{stage}): {words.standing(duty.standing)}{told}{said}"


def heading_of(entry: RegisterEntry, words: RegisterWords) -> str:
    """What an entry is called, in one line."""
    rehearsal = f"{words.say('rehearsal')} · " if entry.rehearsal else ""
    return one_line(f"{rehearsal}{entry.number} · {entry.title}")


def register_text(entries: Iterable[RegisterEntry], words: RegisterWords) -> Iterator[str]:
    """The entries as plain text, each as soon as it is read."""
    for entry in entries:
        facts = words.say("says.facts_version", version=entry.facts_version)
        yield f"{heading_of(entry, words)} ({words.say(f'state.{entry.state}')}, {facts})\n"
        for heading, said in words_of(entry, words):
            lines = printable(said).split("\n")
            yield f"  {heading}:\n" + "".join(f"    {line}\n" for line in lines)
        told = [_told(one, entry.zone, words) for one in entry.told] or [words.say("none_due")]
        yield f"  {words.say('heading.told')}:\n" + "".join(f"    {one_line(line)}\n" for line in told)
        yield "\n"


def register_page(
    entries: Iterable[RegisterEntry], organisation: str, made_at: datetime, longest: int, words: RegisterWords
) -> str:
    """The register as HTML to be set in landscape pages: a list of all entries, then each of them.

    No more is read once the page is longer than `longest`.
    """
    listed: list[str] = []
    told: list[str] = []
    length = 0
    for entry in entries:
        listed.append(_line(entry, words))
        told.append(_section(entry, words))
        length += len(listed[-1]) + len(told[-1])
        if length > longest:
            break
    return _whole(organisation, made_at, listed, told, words)


def _whole(
    organisation: str, made_at: datetime, listed: Sequence[str], told: Sequence[str], words: RegisterWords
) -> str:
    typefaces, name = on_paper(words.language), one_line(organisation)
    head = f"{words.say('title')}{f' · {name}' if name else ''}"
    count = words.say("entries", count=len(listed)) if len(listed) != 1 else words.say("entry", count=1)
    foot = f"{made_at:%Y-%m-%d %H:%M} UTC · {words.say('confidential')} · {count}"
    page = page_rule(size="A4 landscape", head=head, number="", foot=foot, typefaces=typefaces)
    return (
        f'<!doctype html>\n<html lang="{language_tag(words.language)}">\n<head>\n<meta charset="utf-8">\n<title>{markup.escape(head)}</title>\n'
        f'<meta name="author" content="{markup.escape(name)}">\n'
        f'<meta name="dcterms.created" content="{made_at:%Y-%m-%dT%H:%M:%SZ}">\n'
        f"<style>{page}body{{margin:0;color:#1a1a1a;font:9pt/1.4 {typefaces};overflow-wrap:anywhere}}{_RULES}</style>\n"
        f"</head>\n<body>\n<main>\n<h1>{markup.escape(head)}</h1>\n"
        f"<table>{_head(LISTED, words)}<tbody>{''.join(listed)}</tbody></table>\n"
        f"{''.join(told)}</main>\n</body>\n</html>\n"
    )


_RULES = (
    "h1{font-size:15pt;margin:0 0 4mm}h2{font-size:11.5pt;margin:7mm 0 2mm}h1,h2{break-after:avoid}"
    "table{border-collapse:collapse;width:100%;font-size:8.5pt;table-layout:fixed;margin:0 0 3mm}thead{display:table-header-group}"
    "tr{break-inside:avoid}th,td{border:0.4pt solid #767676;padding:1mm 1.6mm;text-align:left;vertical-align:top;"
    "white-space:pre-line}th{background:#f2f2f2}.label{width:38mm}"
)


def _line(entry: RegisterEntry, words: RegisterWords) -> str:
    people = "?" if entry.people is None else f"{entry.people:,}"
    rehearsal = f"{words.say('rehearsal')} " if entry.rehearsal else ""
    cells = (
        entry.number,
        f"{rehearsal}{one_line(entry.title)}",
        words.moment(entry.aware_at, entry.zone),
        people,
        words.word("level", entry.severity),
        words.summary(entry, "authority"),
        words.summary(entry, "individuals"),
        words.say(f"state.{entry.state}"),
    )
    return "<tr>" + "".join(f"<td>{_escaped(cell)}</td>" for cell in cells) + "</tr>\n"


def _section(entry: RegisterEntry, words: RegisterWords) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_escaped(heading)}</th><td>{_escaped(said)}</td></tr>\n'
        for heading, said in words_of(entry, words)
    )
    return (
        f"<h2>{_escaped(heading_of(entry, words))}</h2>\n"
        f'<table class="entry"><colgroup><col class="label"><col></colgroup><tbody>{rows}</tbody></table>\n'
        f"{_told_table(entry, words)}"
    )


def _told_table(entry: RegisterEntry, words: RegisterWords) -> str:
    if not entry.told:
        return f"<p>{_escaped(words.say('none_due'))}</p>\n"
    rows = "".join(
        "<tr>" + "".join(f"<td>{_escaped(cell)}</td>" for cell in _told_cells(one, entry.zone, words)) + "</tr>\n"
        for one in entry.told
    )
    return f'<table class="told">{_head(TOLD, words)}<tbody>{rows}</tbody></table>\n'


def _told_cells(duty: RegisterDuty, zone_name: str, words: RegisterWords) -> tuple[str, ...]:
    stage = "" if duty.stage == "initial" else f"\n{words.stage(duty.stage)}"
    decided = f"\n{words.say('says.decided', who=duty.decided)}" if duty.decided else ""
    late = f", {words.say('says.late')}" if duty.late else ""
    due = words.moment(duty.due_at, zone_name) if duty.due_at else words.say("says.no_number")
    return (
        duty.recipient,
        f"{duty.provision}{stage}",
        f"{words.standing(duty.standing)}{late}{decided}",
        "" if duty.due_at is None and duty.standing == "not started" else due,
        words.moment(duty.told_at, zone_name) if duty.told_at else "",
        ", ".join(duty.references),
    )


def _head(columns: Sequence[tuple[str, int]], words: RegisterWords) -> str:
    """Columns of fixed widths, in per cent, and their headings."""
    widths = "".join(f'<col style="width:{width}%">' for _, width in columns)
    heads = "".join(f'<th scope="col">{_escaped(words.say(f"column.{key}"))}</th>' for key, _ in columns)
    return f"<colgroup>{widths}</colgroup><thead><tr>{heads}</tr></thead>"


def _escaped(text: str) -> str:
    return markup.escape(printable(text))
