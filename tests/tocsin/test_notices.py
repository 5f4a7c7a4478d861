"""The acts on notices, as a press team and a lawyer type them."""

from pathlib import Path
from typing import Any

import pytest

from tests.tocsin.conftest import Said, Tocsin

LEGAL, PR, COMMANDER = "Lea Martin", "Noor Haddad", "Ines Duarte"


@pytest.fixture
def statement(tocsin: Tocsin, carried: str) -> dict[str, Any]:
    """The holding statement in English, as the list shows it."""
    [found] = [
        one
        for one in tocsin("notices", carried, "list", "--json").json
        if (one["audience"], one["form"], one["language"]) == ("press", "holding", "en")
    ]
    return dict(found)


def edit(tocsin: Tocsin, number: str, notice: int, folder: Path) -> Said:
    text = tocsin("notices", number, "show", notice, "--json").json["text"]
    file = folder / "statement.md"
    file.write_text(text.replace("security incident", "security problem"))
    return tocsin("notices", number, "edit", notice, file, "--as", PR)


def test_an_edit_is_compared_word_by_word_and_taken_back(
    tocsin: Tocsin, carried: str, statement: dict[str, Any], tmp_path: Path
) -> None:
    notice = statement["notice"]
    edit(tocsin, carried, notice, tmp_path)

    assert "security [-incident-]{+problem+}" in tocsin("notices", carried, "diff", notice).out
    [passage, *_] = tocsin("notices", carried, "diff", notice, "--json").json["differences"]
    assert {"kind": "new", "text": "problem"} in passage["pieces"]
    assert "security problem" in passage["is"]
    tocsin("notices", carried, "restore", notice, 1, "--as", PR)
    listed = tocsin("notices", carried, "versions", notice, "--json").json
    assert [(one["version"], one["note"]) for one in listed] == [
        (3, "restored from version 1"),
        (2, "edited"),
        (1, "drafted"),
    ]


def test_a_held_text_says_why_in_the_list(tocsin: Tocsin, carried: str, statement: dict[str, Any]) -> None:
    said = tocsin("notices", carried, "hold", statement["notice"], "--reason", "the board first", "--as", PR)

    assert said.out == f"notice {statement['notice']}: held\n"
    [line] = [one for one in tocsin("notices", carried, "--json").json if one["notice"] == statement["notice"]]
    assert line["waits_for"] == f"held by {PR}: the board first"


def test_an_override_is_shown_on_the_first_lines_of_the_status(
    tocsin: Tocsin, carried: str, statement: dict[str, Any]
) -> None:
    for who in (COMMANDER, LEGAL):
        said = tocsin(
            "notices",
            carried,
            "approve",
            statement["notice"],
            "--override",
            "--reason",
            "it is in the news",
            "--as",
            who,
        )
        assert said.status == 0, said.err

    assert "OVERRIDE: holding to press" in tocsin("status", carried).out
    assert "it is in the news" in tocsin("review", carried).out


def test_a_release_without_a_server_says_so_and_is_not_on_the_ledger(tocsin: Tocsin, carried: str) -> None:
    said = tocsin("notices", carried, "release", "--as", LEGAL)

    assert said.status != 0
    assert said.err.startswith("tocsin: no Prefect server answers")
    assert "Everything ready released" not in tocsin("timeline", carried).out


def test_the_check_of_all_texts_ends_with_1_where_one_has_an_error(
    tocsin: Tocsin, carried: str, statement: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "bad.md"
    file.write_text("# Statement\n\nWe guarantee that 77,000 people are safe. Call [NAME].\n")
    tocsin("notices", carried, "edit", statement["notice"], file, "--as", PR)

    said = tocsin("notices", carried, "check")

    assert said.status == 1
    assert f"notice {statement['notice']}, holding to press (en): " in said.out
    one = tocsin("notices", carried, "check", statement["notice"])
    assert one.status == 1
    assert "error: line 3 (Statement): 'guarantee': it promises what nobody can be sure to keep" in one.out


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("restore 1", "restore needs the number of a version"),
        ("restore 1 99", "has no version 99"),
        ("diff 1 --from 7", "has no version 7"),
        ("correct 1 --reason why", "was not sent"),
        ("correct 1", "this needs --reason"),
        ("approve 1 --override", "this needs --reason"),
        ("hold 1 --reason why --until tomorrow", "is no time"),
        ("hold 1 --reason why --until 2020-01-01T00:00:00Z", "is past"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tocsin: Tocsin, carried: str, line: str, complaint: str) -> None:
    act, *rest = line.split()

    said = tocsin("notices", carried, act, *rest, "--as", LEGAL)

    assert said.status in (1, 2)
    assert said.err.startswith("tocsin: ")
    assert said.err.count("\n") == 1
    assert complaint in said.err
