from typing import Annotated

import typer

from flows.acts.retention import Expired, expired, purge
from flows.desk import open_desk
from models.clock import rfc3339
from tocsin.acting import actor
from tocsin.output import By, Json, line, print_json, table

app = typer.Typer()


@app.command()
def retention(
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="Kept for so many days after closing; default: the setting.")
    ] = None,
    removing: Annotated[
        bool, typer.Option("--purge", help="Remove it for good; without this it is only shown.")
    ] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Which closed incidents are kept longer than they should be; --purge removes their texts, facts and evidence.

    Example: tocsin retention --days 1825
    """
    desk = open_desk()
    found = expired(desk, days)
    if removing:
        who = actor(by, desk.settings)
        found = [purge(desk, one.number, by=who) for one in found]
    if json:
        print_json({"purged": removing, "incidents": [_json(one) for one in found]})
        return
    if found:
        table(
            ("incident", "closed", "texts", "versions of facts", "evidence", "messages"),
            ((one.number, rfc3339(one.closed_at), one.texts, one.facts, one.evidence, one.deliveries) for one in found),
        )
    done = "removed; the ledgers stay" if removing else "older than that; --purge removes their words for good"
    line(f"{len(found)} closed incident{'' if len(found) == 1 else 's'} {done}.")


def _json(one: Expired) -> dict[str, object]:
    return {
        "number": one.number,
        "closed_at": rfc3339(one.closed_at),
        "texts": one.texts,
        "facts": one.facts,
        "evidence": one.evidence,
        "deliveries": one.deliveries,
    }
