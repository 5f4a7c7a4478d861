from typing import Annotated

import typer

from flows.acts.close import close, reopen
from flows.acts.review import write_review
from flows.desk import open_desk
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, print_json

app = typer.Typer()


@app.command("close")
def close_(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands on the ledger.")],
    despite: Annotated[bool, typer.Option("--despite", help="Close over what is open; the ledger lists it.")] = False,
    again: Annotated[bool, typer.Option("--reopen", help="Open a closed incident again.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Close an incident whose duties are met or decided, whose steps are done and whose messages arrived; or open it again.

    Example: tocsin close INC-2026-0001 --reason "all told, systems restored" --as "Ines Duarte"
    """
    desk = open_desk()
    who = actor(by, desk.settings)
    if again:
        reopen(desk, number, by=who, reason=reason)
        print_json({"number": number, "state": "open", "follows": [], "left": []}) if json else line(
            f"{number}: open again"
        )
        return
    done = close(desk, number, by=who, reason=reason, despite=despite)
    if done.state == "closed":
        write_review(desk, number)
    if json:
        print_json({"number": number, "state": done.state, "follows": list(done.follows), "left": list(done.left)})
    elif done.state == "closed":
        line(f"{number}: closed" + (f" over what is open: {', '.join(done.left)}" if done.left else ""))
    else:
        line(f"{number}: its handling has ended, from which follows: {', '.join(done.follows)}.")
        line("It stays open for that; close it again then.")
