from pathlib import Path

from tests.tocsin.conftest import Tocsin


def test_a_roster_becomes_facts_after_the_difference_was_shown(tocsin: Tocsin, number: str, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("name,email,country\nAnn Lee,a@x.example,IE\nAnn Lee,A@x.example,IE\nBo Li,b@x.example,JP\n")

    said = tocsin("people", "load", number, file, "--yes")
    assert (said.status, said.err) == (0, "")
    assert f"{number}: 3 read = 2 kept + 1 duplicates + 0 set aside\n" in said.out

    shown = tocsin("people", "counts", number, "--json").json
    assert [(group["jurisdiction"], group["count"]) for group in shown["groups"]] == [("IE", 1), ("JP", 1)]
    assert shown["facts_version"] is None
    assert [duty for duty in shown["duties"] if duty["provision"].startswith("jp-appi")]
    assert tocsin("people", "counts", number, "--accept", "--json").json["facts_version"] == 2
    assert tocsin("people", "counts", number, "--json").json["facts"] == []
    assert "a@x.example" not in tocsin("timeline", number, "--json").out


def test_a_merge_is_listed_undone_and_the_roster_forgotten(tocsin: Tocsin, number: str, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("name,email,country\nAnn Lee,a@x.example,IE\nAnn Lee,A@x.example,IE\n")
    tocsin("people", "load", number, file, "--yes")

    [merge] = tocsin("people", "merges", number, "--json").json

    assert tocsin("people", "undo", number, merge["merged"]).status == 0
    assert tocsin("people", "undo", number, merge["merged"]).status == 2
    assert tocsin("people", "forget", number, "--yes").status == 0
    assert tocsin("people", "counts", number).err.startswith(f"tocsin: {number}: no roster is loaded")
