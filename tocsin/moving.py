"""Moving an incident to another playbook, with a person who sees the difference before."""

import dataclasses
import sys
from pathlib import Path

import typer

from flows.acts.contain import ready_steps
from flows.acts.playbook import Move, move_playbook, preview_move
from flows.desk import Desk, open_desk
from models.document import nearest
from models.errors import BadInputError
from models.incident import find
from models.store import reading
from playbooks.playbook import Playbook, load_playbook
from tocsin.acting import actor
from tocsin.output import line, print_json


def move(number: str, to: str | None, *, yes: bool, by: str | None, json: bool) -> bool:
    """Show what would change, and move where that is agreed to; False where there is a difference and nothing was moved."""
    desk = open_desk()
    playbook = _meant(desk, number, to)
    would = preview_move(desk, number, playbook)
    if not json:
        _show(would)
    agreed = bool(would.difference) and (yes or (not json and _asked(number)))
    if agreed:
        move_playbook(desk, number, playbook, by=actor(by, desk.settings))
        ready_steps(desk, number)
    if json:
        print_json({**dataclasses.asdict(would), "moved": agreed})
    elif agreed:
        line(f"{number}: moved; `tocsin steps {number}` shows where it stands")
    return agreed or not would.difference


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


def _show(would: Move) -> None:
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
