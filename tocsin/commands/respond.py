import typer

from flows.acts.halt import resume
from flows.acts.standing import standing
from flows.desk import open_desk
from flows.start import run_now
from models.incident import find
from models.store import reading
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, print_json

app = typer.Typer()


@app.command()
def respond(number: Number, by: By = None, json: Json = False) -> None:
    """Carry an incident as far as it can go without another human answer, also one that was halted.

    Example: tocsin respond INC-2026-0001
    """
    desk = open_desk()
    with reading(desk.engine) as session:
        find(session, number)
    resume(desk, number, by=actor(by, desk.settings))
    run_now(desk.settings, "respond", number)
    now = standing(desk, number)
    if json:
        print_json(
            {
                "number": number,
                "waits": [{"kind": w.kind, "what": w.what, "who": w.who, "reference": w.reference} for w in now.waits],
            }
        )
        return
    line(f"{number}: carried as far as it goes; {len(now.waits)} things wait for people")
    for wait in now.waits[:10]:
        line(f"  {wait.kind} by {wait.who or 'anybody'}: {wait.what} ({wait.reference})")
    if len(now.waits) > 10:
        line(f"  and {len(now.waits) - 10} more: tocsin status {number}")
