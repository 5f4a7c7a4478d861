import typer

from flows.acts.health import health
from flows.settings import read_settings
from tocsin.output import Json, print_json, table

app = typer.Typer()


@app.command()
def doctor(json: Json = False) -> None:
    """What is configured, reachable and missing, and how to mend it. Exit status 1 if anything is wrong.

    Example: tocsin doctor
    """
    found = list(health(read_settings()))
    if json:
        print_json(found)
    else:
        table(("what", "", "detail"), ((finding.what, finding.state, finding.detail) for finding in found))
    if any(finding.state == "wrong" for finding in found):
        raise typer.Exit(1)
