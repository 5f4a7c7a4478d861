from pathlib import Path
from typing import Annotated

import typer

from flows.settings import read_settings
from models.document import nearest
from models.errors import BadInputError
from playbooks.drawing import graph
from playbooks.playbook import Playbook, body_of, files_in, load_playbooks
from tocsin.output import By, Json, Number, line, print_json, table

app = typer.Typer(add_completion=False)


def _all() -> dict[str, Playbook]:
    settings = read_settings()
    return load_playbooks(*((settings.playbooks,) if settings.playbooks else ()))


@app.callback()
def about() -> None:
    """What the organisation does: list playbooks, show one, check your own, move an incident to another.

    Example: tocsin playbooks show ransomware
    """


@app.command("list")
def list_(json: Json = False) -> None:
    """Every playbook.

    Example: tocsin playbooks list
    """
    found = _all()
    if json:
        print_json(
            [{"name": name, "title": playbook.title, "steps": len(playbook.steps)} for name, playbook in found.items()]
        )
    else:
        table(
            ("playbook", "title", "steps"),
            ((name, playbook.title["en"], len(playbook.steps)) for name, playbook in found.items()),
        )


@app.command()
def show(name: Annotated[str, typer.Argument(help="A playbook's name.")], json: Json = False) -> None:
    """One playbook, drawn: its steps by phase, who does them, and what each comes after.

    Example: tocsin playbooks show ransomware
    """
    found = _all()
    if name not in found:
        raise BadInputError(f"no playbook is called {name!r}{nearest(name, found)}")
    print_json(body_of(found[name])) if json else line(graph(found[name]))


@app.command()
def check(folder: Annotated[Path, typer.Argument(help="A folder of playbooks.")], json: Json = False) -> None:
    """Check a folder of playbooks as they would be loaded over ours.

    Example: tocsin playbooks check our-playbooks/
    """
    names = [path.stem for path in files_in(folder)]
    load_playbooks(folder)
    print_json({"folder": str(folder), "playbooks": names}) if json else line(
        f"{folder}: {len(names)} playbooks can run"
    )


@app.command()
def move(
    number: Number,
    to: Annotated[
        str | None, typer.Option("--to", help="A playbook's name or file; default: the incident's own, as it is now.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Move without asking; the difference was read before.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Move a running incident to another playbook, or to a changed one, after showing the difference.

    Example: tocsin playbooks move INC-2026-0001 --to our-playbooks/ransomware.yaml --as "Ines Duarte"
    """
    from tocsin.moving import move as moved  # opens the database, which the others here need not

    if not moved(number, to, yes=yes, by=by, json=json):
        raise typer.Exit(1)
