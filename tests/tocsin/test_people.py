from pathlib import Path

from people.roster import encrypts_by_openssl
from tests.tocsin.conftest import Tocsin


def test_a_roster_becomes_facts_after_the_difference_was_shown(tocsin: Tocsin, number: str, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("name,email,country\nAnn Lee,a@x.example,IE\nAnn Lee,A@x.example,IE\nBo Li,b@x.example,JP\n")

    said = tocsin("people", "load", number, file, "--yes")
    assert (said.status, said.err) == (0, "")
    assert f"{number}: 3 read = 2 kept + 1 duplicates + 0 set aside\n" in said.out
    more = tmp_path / "more.csv"
    more.write_text("name,email,country\nAnn Lee,a@x.example,IE\n")
    again = tocsin("people", "load", number, more, "--yes")
    assert ("see `tocsin doctor`" in said.out, "see `tocsin doctor`" in again.out) == (not encrypts_by_openssl(), False)

    shown = tocsin("people", "counts", number, "--json").json
    assert [(group["jurisdiction"], group["count"]) for group in shown["groups"]] == [("IE", 1), ("JP", 1)]
    assert shown["facts_version"] is None
    assert [duty for duty in shown["duties"] if duty["provision"].startswith("jp-appi")]
    assert tocsin("people", "counts", number, "--accept", "--json").json["facts_version"] == 2
    assert tocsin("people", "counts", number, "--json").json["facts"] == []
    assert "a@x.example" not in tocsin("timeline", number, "--json").out


PLANTED = (b"Planted", b"planted", b"5550199", b"Hidden Lane", b"1961-07-04", b"PX-4471")


def test_nobody_of_a_roster_stands_in_the_database_the_ledger_a_log_or_a_message(
    tocsin: Tocsin, carried: str, home: Path, tmp_path: Path
) -> None:
    ann = "Ann Planted,ann@planted.example,+12125550199,1961-07-04,7 Hidden Lane,10001,US,NY,PX-4471,dead\n"
    head = "name,email,phone,birth_date,street,zip,country,state,customer_id,status\n"
    files = {
        "a.csv": head + ann + ann + "=Planted(),p@planted.example,,,,,,,,\n",
        "b.csv": ann,  # no header
        "c.csv": head + 'Bo "Planted,b@planted.example\n',
        "hold.csv": "email\nann@planted.example\nnobody@planted.example\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)

    said = [
        tocsin("people", *arguments)
        for arguments in (
            ("load", carried, tmp_path / "a.csv", "--yes"),
            ("load", carried, tmp_path / "b.csv", "--yes"),
            ("load", carried, tmp_path / "c.csv", "--yes"),
            ("counts", carried, "--accept"),
            ("merges", carried, "--json"),
            ("set-aside", carried),
            ("cohorts", carried, "--suppress", f"law_enforcement_hold={tmp_path / 'hold.csv'}", "--accept"),
        )
    ]
    said.append(tocsin("people", "undo", carried, said[4].json[0]["merged"]))
    said += [tocsin("timeline", carried, "--json"), tocsin("ledger", carried, "verify")]

    assert [each.status for each in said] == [0, 2, 0, 0, 0, 0, 0, 0, 0, 0], [each.err for each in said]
    written = {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    written |= {f"what was said {at}": (each.out + each.err).encode() for at, each in enumerate(said)}
    assert [(place, word) for place, content in written.items() for word in PLANTED if word in content] == []
    assert any(b"people.cohorts" in content for content in written.values())  # the ledger is among what was searched


def test_a_merge_is_listed_undone_and_the_roster_forgotten(tocsin: Tocsin, number: str, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("name,email,country\nAnn Lee,a@x.example,IE\nAnn Lee,A@x.example,IE\n")
    tocsin("people", "load", number, file, "--yes")

    [merge] = tocsin("people", "merges", number, "--json").json

    assert tocsin("people", "undo", number, merge["merged"]).status == 0
    assert tocsin("people", "undo", number, merge["merged"]).status == 2
    assert tocsin("people", "forget", number, "--yes").status == 0
    assert tocsin("people", "counts", number).err.startswith(f"tocsin: {number}: no roster is loaded")


def test_who_gets_which_text_is_shown_and_kept_when_it_is_accepted(
    tocsin: Tocsin, carried: str, tmp_path: Path
) -> None:
    file, dead = tmp_path / "customers.csv", tmp_path / "dead.csv"
    file.write_text(
        "name,email,country,state\nAnn Lee,a@x.example,FR,\nBo Li,b@x.example,US,CA\nCy Li,c@x.example,,\nDi Li,d@x.example,DE,\n"
    )
    dead.write_text("email\nd@x.example\nnobody@x.example\n")
    tocsin("people", "load", carried, file, "--yes")

    shown = tocsin("people", "cohorts", carried, "--suppress", f"deceased={dead}", "--accept", "--json").json

    assert [(g["text_key"], g["language"], g["channel"], g["people"]) for g in shown["groups"]] == [
        ("eu-gdpr-34:email", "fr", "email", 1),
        ("us-ca-individuals:email", "en", "email", 1),
    ]
    assert (shown["people"], shown["reached"], shown["unreached"]) == (4, 2, {"deceased": 1, "no_place": 1})
    assert shown["lists"] == {f"deceased: {dead}": {"entries": 2, "not_found": 1}}
    assert "Accepted who gets which text: 2 of 4 people" in tocsin("timeline", carried).out
    assert tocsin("people", "cohorts", carried, "--suppress", "dead=x").err == (
        "tocsin: --suppress dead=x: write LIST=FILE; did you mean 'deceased'?\n"
    )


def test_rows_set_aside_are_counted_and_written_out_only_on_request_and_on_the_ledger(
    tocsin: Tocsin, number: str, home: Path, tmp_path: Path
) -> None:
    file, to = tmp_path / "customers.csv", tmp_path / "aside.csv"
    file.write_text("name,email\n=Planted(),p@x.example\nAnn Lee,a@x.example\n")
    tocsin("people", "load", number, file, "--yes")

    assert "Planted" not in tocsin("people", "set-aside", number).out
    assert not any(b"Planted" in path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert tocsin("people", "set-aside", number, "--to", to, "--json").json["written"] == 1
    assert to.read_text().splitlines()[1] == "customers.csv,2,a formula where a name belongs,'=Planted() | p@x.example"
    assert to.stat().st_mode & 0o777 == 0o600
    assert "Rows that were set aside written out: 1" in tocsin("timeline", number).out
    assert tocsin("people", "set-aside", number, "--to", to).status == 2
