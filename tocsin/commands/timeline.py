import typer

from flows.acts.timeline import timeline as events_of
from flows.desk import open_desk
from tocsin.output import Json, Number, line, local, print_json

app = typer.Typer()


@app.command()
def timeline(number: Number, json: Json = False) -> None:
    """Everything that happened, in order.

    Example: tocsin timeline INC-2026-0001
    """
    events = events_of(open_desk(), number)
    if json:
        print_json(events)
        return
    for event in events:
        line(f"{local(event.at, event.zone)}  {event.actor:<16} {event.words}")
