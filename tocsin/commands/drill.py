import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from flows.acts.playbook import start_playbook
from flows.acts.read_notice import notice_list, notice_text
from flows.acts.rehearse import Rehearsal
from flows.acts.report import open_incident
from flows.acts.standing import ClockLine, Standing, standing
from flows.acts.timeline import Event, timeline
from flows.desk import Desk, open_desk
from flows.settings import Settings, read_settings
from models.clock import VirtualClock, rfc3339
from models.document import Document, nearest, read_document
from models.errors import BadInputError
from models.report import Report, report_of
from models.vocabulary import Kind, PersonRole
from playbooks.playbook import Playbook, load_playbook, load_playbooks
from tocsin.output import Json, line, local, print_json, table

app = typer.Typer()
FACTS = Path(__file__).parents[1] / "demo" / "data" / "drill.yaml"
NOT_SHOWN = (
    "evidence.recorded",
    "step.started",
    "delivery.queued",
    "notice.drafted",
    "duty.gained",
    "alert.acknowledged",
    "duty.clock_started",
)


@app.command()
def drill(
    playbook: Annotated[str, typer.Argument(help="A playbook's name or file.")],
    hours: Annotated[int, typer.Option("--hours", min=1, max=24 * 365, help="How long it goes on.")] = 72,
    report: Annotated[
        Path | None, typer.Option("--report", help="The facts it starts from; default: an invented breach.")
    ] = None,
    add: Annotated[
        list[str] | None, typer.Option("--add", help="HOURS:FILE, facts that are found after so many hours.")
    ] = None,
    absent: Annotated[
        list[PersonRole] | None, typer.Option("--absent", help="A role in which nobody answers; may be repeated.")
    ] = None,
    answer: Annotated[
        list[str] | None, typer.Option("--answer", help="STEP=ANSWER; default: a step's first answer.")
    ] = None,
    json: Json = False,
) -> None:
    """Rehearse a playbook on a virtual clock, with people played; nothing leaves this machine, and no live data is touched.

    Ends with status 1 if a legal limit would have been missed.

    Example: tocsin drill ransomware --absent legal --hours 72
    """
    began, live = time.monotonic(), read_settings()
    chosen = _chosen(playbook, live)
    settings = rehearsal_of(live, chosen.name)
    clock = VirtualClock(settings.home / "clock")
    starts = datetime.now(UTC).replace(second=0, microsecond=0)
    clock.set(starts)
    facts = _facts(chosen, report, starts)
    findings = [_finding(one, starts) for one in add or ()]
    desk = open_desk(settings)
    desk.playbooks[chosen.name] = chosen
    number = open_incident(desk, facts, by="Drill")
    start_playbook(desk, number, chosen.name)
    answers = dict(_pair(one, "=", "--answer STEP=ANSWER") for one in answer or ())
    ends = starts + timedelta(hours=hours)
    Rehearsal(desk, clock, number, ends, frozenset(absent or ()), answers, findings).run()
    now = standing(desk, number)
    if json:
        print_json(_json(desk, now, hours, starts, time.monotonic() - began))
    else:
        _show(desk, now, hours, starts, time.monotonic() - began)
    if any(clock_state(one, now.now) in ("MISSED", "late") for one in now.clocks):
        raise typer.Exit(1)


def rehearsal_of(live: Settings, name: str) -> Settings:
    """The organisation's own settings in a home of the drill's own, with every way out but the outbox taken away."""
    drills = live.home / "drills"
    drills.mkdir(parents=True, exist_ok=True)
    turn = next(turn for turn in range(1, 100_000) if not (drills / f"{name}-{turn}").exists())
    home = drills / f"{name}-{turn}"
    home.mkdir()
    (live.home / "cache").mkdir(exist_ok=True)
    (home / "cache").symlink_to((live.home / "cache").resolve())
    return live.without_ways_out().model_copy(
        update={
            "home": home,
            "database_url": None,
            "clock": home / "clock",
            "playbooks": live.playbooks,
        }
    )


def _chosen(playbook: str, live: Settings) -> Playbook:
    folders = (live.playbooks,) if live.playbooks else ()
    if Path(playbook).suffix in (".yaml", ".yml"):
        return load_playbook(Path(playbook), *folders)
    known = load_playbooks(*folders)
    if playbook not in known:
        raise BadInputError(f"no playbook is called {playbook!r}{nearest(playbook, known)}")
    return known[playbook]


def _facts(playbook: Playbook, file: Path | None, starts: datetime) -> Report:
    """The facts given, or invented ones of a kind that the playbook is for, known about since the drill's beginning."""
    if file is not None:
        return report_of(read_document(file))
    document = read_document(FACTS)
    assert isinstance(document.data, dict), "it is a mapping"
    times = {"detected_at": rfc3339(starts - timedelta(hours=1)), "aware_at": rfc3339(starts)}
    for kind in Kind:
        data = {**document.data, "kind": kind.value, "times": times}
        facts = report_of(Document(data, document.source, document.lines))
        if playbook.applies_to(facts):
            return facts
    raise BadInputError(f"{playbook.name} fits no invented breach; give facts that it fits with --report FILE")


def _pair(text: str, sign: str, form: str) -> tuple[str, str]:
    first, found, second = text.partition(sign)
    if not (first and found and second):
        raise BadInputError(f"{text!r} cannot be read; write {form}")
    return first, second


def _finding(text: str, starts: datetime) -> tuple[datetime, Document]:
    hours, file = _pair(text, ":", "--add HOURS:FILE, such as --add 26:second_facts.yaml")
    if not hours.isdecimal():
        raise BadInputError(f"{text!r}: {hours!r} is no number of hours; write --add 26:FILE")
    return starts + timedelta(hours=int(hours)), read_document(file)


def clock_state(clock: ClockLine, now: datetime) -> str:
    """How a clock came out of the rehearsal: met, late, MISSED, or what it still is."""
    if clock.state == "met":
        late = clock.due_at is not None and clock.met_at is not None and clock.met_at > clock.due_at
        return "late" if late else "met"
    if clock.state == "open" and clock.due_at is not None and clock.due_at <= now:
        return "MISSED"
    return clock.state


def _after(moment: datetime | None, starts: datetime) -> str:
    """How long after the beginning, such as +26:40."""
    if moment is None:
        return ""
    minutes = int((moment - starts).total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _show(desk: Desk, now: Standing, hours: int, starts: datetime, seconds: float) -> None:
    line(f"Rehearsal of {now.number} from {local(starts, now.zone)}: {hours} hours in {seconds:.0f} s; nothing left.")
    line()
    for text in _story(timeline(desk, now.number), starts):
        line(text)
    line()
    table(
        ("duty", "to", "limit", "met", "came out"),
        (
            (
                one.label,
                one.recipient,
                _after(one.due_at, starts),
                _after(one.met_at, starts),
                clock_state(one, now.now),
            )
            for one in now.clocks
        ),
    )
    for wait in now.waits:
        over = ", OVERDUE" if wait.kind == "step" and wait.due_at and wait.due_at < now.now else ""
        line(f"Still waits for {wait.who or 'somebody'}: {wait.kind}, {wait.what}{over}")
    for text, why in _unsignable(desk, now.number):
        line(f"Could not be signed by anybody: {text}: {why}")
    states = [clock_state(one, now.now) for one in now.clocks]
    counted = ", ".join(f"{states.count(name)} {name}" for name in ("met", "late", "MISSED", "open", "undecided"))
    line(f"Duties: {counted}.")
    line(f"Look closer: TOCSIN_HOME={desk.settings.home} TOCSIN_CLOCK={desk.settings.clock} tocsin status {now.number}")


def _unsignable(desk: Desk, number: str) -> Iterator[tuple[str, str]]:
    """The drafts that have an error, each with the first one: what a real breach would be held up by."""
    for one in notice_list(desk, number):
        if one.state == "draft" and one.errors:
            findings = notice_text(desk, number, one.notice).findings
            yield one.what, next(finding["message"] for finding in findings if finding["level"] == "error")


def _story(events: list[Event], starts: datetime) -> Iterator[str]:
    """The timeline, with what happened alike at one moment on one line."""
    alike: dict[tuple[datetime, str], list[Event]] = {}
    for event in events:
        if event.kind not in NOT_SHOWN and not event.words.startswith("Sent: alert"):
            alike.setdefault((event.at, event.kind), []).append(event)
    for (at, kind), (first, *others) in alike.items():
        more = f" (and {len(others)} more)" if others else ""
        mark = "!" if kind in ("alert.fired", "step.overdue", "step.failed") else " "
        yield f"{_after(at, starts)} {mark} {first.words}{more}"


def _json(desk: Desk, now: Standing, hours: int, starts: datetime, seconds: float) -> dict[str, object]:
    return {
        "number": now.number,
        "rehearsal": now.rehearsal,
        "home": str(desk.settings.home),
        "starts_at": rfc3339(starts),
        "hours": hours,
        "seconds": round(seconds, 1),
        "duties": [
            {
                "provision": one.provision,
                "stage": one.stage,
                "recipient": one.recipient,
                "due_at": rfc3339(one.due_at) if one.due_at else None,
                "met_at": rfc3339(one.met_at) if one.met_at else None,
                "came_out": clock_state(one, now.now).lower(),
            }
            for one in now.clocks
        ],
        "unsignable": [{"text": text, "why": why} for text, why in _unsignable(desk, now.number)],
        "waits": [
            {"kind": one.kind, "what": one.what, "who": one.who, "reference": one.reference} for one in now.waits
        ],
        "timeline": [
            {"at": rfc3339(event.at), "kind": event.kind, "by": event.actor, "words": event.words}
            for event in timeline(desk, now.number)
        ],
    }
