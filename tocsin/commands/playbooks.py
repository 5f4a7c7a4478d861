import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.acts.contain import ready_steps
from flows.acts.playbook import Move, move_playbook, preview_move
from flows.desk import Desk, open_desk
from flows.settings import read_settings
from models.document import nearest
from models.errors import BadInputError
from models.incident import find
from models.store import reading
from playbooks.drawing import graph
from playbooks.playbook import Playbook, body_of, files_in, load_playbook, load_playbooks
from tocsin.acting import actor
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
    desk = open_desk()
    playbook = _meant(desk, number, to)
    would = preview_move(desk, number, playbook)
    if not json:
        _show_move(would)
    agreed = bool(would.difference) and (yes or (not json and _asked(number)))
    if agreed:
        move_playbook(desk, number, playbook, by=actor(by, desk.settings))
        ready_steps(desk, number)
    if json:
        print_json({**dataclasses.asdict(would), "moved": agreed})
    elif agreed:
        line(f"{number}: moved; `tocsin steps {number}` shows where it stands")
    if would.difference and not agreed:
        raise typer.Exit(1)


def _meant(desk: Desk, number: str, to: str | None) -> Playbook:
    if to is not None and Path(to).suffix in (".yaml", ".yml"):
        return load_playbook(Path(to), *((desk.settings.playbooks,) if desk.settings.playbooks else ()))
    with reading(desk.engine) as session:
        name = to or find(session, number).playbook
    if name is None:
        raise BadInputError(f"{number} has no playbook yet; `tocsin respond {number}` chooses one")
    if name not in desk.playbooks:
        raise BadInputError(f"no playbook is called {name!r}{nearest(name, desk.playbooks)}")
    return desk.playbooks[name]


def _show_move(would: Move) -> None:
    if not would.difference:
        line(f"{would.number} follows {would.after} as it is; nothing to move.")
        return
    line(f"{would.number}: from {would.before} to {would.after}, SHA-256 {would.sha256[:12]}")
    for text in (*would.difference, *would.consequences):
        line(f"  {text}")


def _asked(number: str) -> bool:
    if not sys.stdin.isatty():
        line("Nothing was moved; repeat with --yes once the difference was read.")
        return False
    return typer.confirm(f"Move {number}?")
