from pathlib import Path
from typing import Annotated

import typer

from flows.settings import read_settings
from models.document import nearest
from models.errors import BadInputError
from playbooks.drawing import graph
from playbooks.playbook import Playbook, body_of, files_in, load_playbooks
from tocsin.output import Json, line, print_json, table

app = typer.Typer(add_completion=False)


def _all() -> dict[str, Playbook]:
    settings = read_settings()
    return load_playbooks(*((settings.playbooks,) if settings.playbooks else ()))


@app.callback()
def about() -> None:
    """What the organisation does: list playbooks, show one, check your own.

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
