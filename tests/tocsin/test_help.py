import subprocess
import sys
from pathlib import Path

import pytest
import typer

from tests.tocsin.conftest import Tocsin
from tocsin.main import COMMANDS, app

ROOT = Path(__file__).parents[2]


def command_lines() -> list[tuple[str, ...]]:
    """Every command and every command of a command."""
    group = typer.main.get_command(app)
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = group.get_command(None, name)  # type: ignore[attr-defined]  # it is a group
        found += [(name,), *((name, inner) for inner in getattr(command, "commands", ()))]
    return found


def test_every_file_of_a_command_is_a_command() -> None:
    files = {path.stem.strip("_") for path in (ROOT / "tocsin" / "commands").glob("*.py") if path.stem != "__init__"}

    assert files == set(COMMANDS)


@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_the_help_of_every_command_shows_an_example_of_itself(tocsin: Tocsin, words: tuple[str, ...]) -> None:
    said = tocsin(*words, "--help")

    assert (said.status, said.err) == (0, "")
    [example] = [line.strip(" │") for line in said.out.splitlines() if line.strip(" │").startswith("Example: tocsin")]
    assert example.removeprefix("Example: tocsin ").startswith(" ".join(words))


def test_the_overview_names_every_command_with_what_it_does(tocsin: Tocsin) -> None:
    said = tocsin("--help")

    assert said.status == 0
    for name in COMMANDS:
        assert f"\n  {name} " in said.out
    assert "Start with `tocsin demo`" in said.out


def test_the_command_alone_shows_the_overview(tocsin: Tocsin) -> None:
    assert tocsin() == tocsin("--help")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["repport", "x.yaml"], "tocsin: no command is called 'repport'; did you mean 'report'?\n"),
        (["report"], "tocsin: Missing argument 'file'; see `tocsin report --help`"),
        (["report", "x.yaml", "--jsn"], "tocsin: No such option: --jsn"),
        (["due", "eu-gdpr-33"], "tocsin: Missing option '--from'"),
        (["team", "add", "Lea", "--role", "lawyer"], "tocsin: Invalid value for '--role': 'lawyer' is not one of"),
        (["decide", "INC-2026-0001", "x", "maybe", "--reason", "r"], "tocsin: Invalid value for"),
        (["laws"], "tocsin: Missing command"),
        (["watch", "--every", "soon"], "tocsin: Invalid value for '--every'"),
        (["import", "veris"], "tocsin: Missing argument 'file'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_line_that_is_typed_wrong_is_told_in_one_line(tocsin: Tocsin, arguments: list[str], complaint: str) -> None:
    said = tocsin(*arguments)

    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(complaint)
    assert said.err.count("\n") == 1


LIGHT = [
    "--help",
    "assess --help",
    "due eu-gdpr-33 --from 2026-03-27T18:00:00+01:00 --json",
    "assess tocsin/demo/data/first_facts.yaml --json",
    "laws list --json",
    "schema report",
    "playbooks list --json",
]


@pytest.mark.parametrize("line", LIGHT)
def test_what_needs_no_server_and_no_database_imports_neither(home: Path, line: str) -> None:
    code = (
        "import sys; from tocsin.main import run; status = run(sys.argv[1:])\n"
        "heavy = {'prefect', 'sqlalchemy', 'fastapi', 'slack_sdk'} & set(sys.modules)\n"
        "sys.exit(f'{status}: {heavy}' if status or heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, *line.split()], cwd=ROOT, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
