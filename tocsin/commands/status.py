from datetime import datetime
from typing import Annotated

import typer

from flows.acts.standing import ClockLine, Standing, all_standing, standing
from flows.as_json import standing_json
from flows.desk import open_desk
from tocsin.output import Json, left, line, local, print_json, table

app = typer.Typer()


@app.command()
def status(
    number: Annotated[str | None, typer.Argument(help="One incident; without it, every open one.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Closed incidents too.")] = False,
    json: Json = False,
) -> None:
    """Where everything stands, most urgent first. Exit status 1 if a duty is overdue.

    Example: tocsin status INC-2026-0001
    """
    desk = open_desk()
    found = [standing(desk, number)] if number else all_standing(desk, closed=every)
    if json:
        print_json(standing_json(found[0]) if number else [standing_json(one) for one in found])
    elif number:
        _show(found[0])
    else:
        _list(found)
    if any(one.overdue for one in found):
        raise typer.Exit(1)


def _list(found: list[Standing]) -> None:
    if not found:
        line("No incident is open. Report one with `tocsin report FILE`.")
        return
    table(
        ("incident", "what", "severity", "next limit", "left", "open", "undecided", "overdue", "waits"),
        (
            (
                one.number + (" (rehearsal)" if one.rehearsal else ""),
                one.title,
                one.severity,
                local(one.next_due, one.zone),
                left(one.next_due, one.now),
                sum(clock.state == "open" for clock in one.clocks),
                sum(clock.state == "undecided" for clock in one.clocks),
                len(one.overdue),
                len(one.waits),
            )
            for one in found
        ),
    )


def _show(one: Standing) -> None:
    people = "not known" if one.people is None else f"{one.people:,}"
    line(f"{one.number}: {one.title}")
    line(
        f"{one.state}, facts version {one.facts_version}, severity {one.severity or 'not assessed'}, people affected: {people}"
    )
    if one.halted_at:
        line(
            f"HALTED since {local(one.halted_at, one.zone)} by {one.halted_by}; nothing is carried on until `tocsin respond {one.number}`. The clocks run on."
        )
    decided = [clock for clock in one.clocks if clock.state != "undecided"]
    _clocks("Duties", decided, one.now)
    _clocks(
        "Undecided: these limits hold only if the duty applies", [c for c in one.clocks if c not in decided], one.now
    )
    for text in one.overrides:
        line(f"OVERRIDE: {text}")
    if one.waits:
        table(
            ("waits for", "who", "what", "reference"),
            ((w.kind, w.who, f"{w.what}: {w.said}" if w.said else w.what, w.reference) for w in one.waits),
            title="Waits",
        )
    for title, counts in (
        ("Steps", one.steps),
        ("Notices", one.notices),
        ("Deliveries", one.deliveries),
        ("Alerts", one.alerts),
    ):
        if counts:
            line(
                f"{title}: "
                + ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(counts.items()))
            )
    line("Not legal advice; `tocsin assess` shows each duty's reasons and the day its law was last checked.")


def _clocks(title: str, clocks: list[ClockLine], now: datetime) -> None:
    if clocks:
        lines = ((c.label, c.recipient, c.state, _limit(c), _left(c, now)) for c in clocks)
        table(("duty", "to", "state", "limit", "left"), lines, title=title)


def _left(clock: ClockLine, now: datetime) -> str:
    if clock.state == "met" or clock.due_at is None:
        return ""
    if clock.state == "undecided" and clock.due_at < now:
        return f"would have run out {left(clock.due_at, now).removesuffix(' over')} ago"
    return left(clock.due_at, now)


def _limit(clock: ClockLine) -> str:
    if clock.clock_state == "not_started":
        return "starts later"
    return local(clock.due_at, clock.zone) or (clock.standard or "no number").replace("_", " ")
