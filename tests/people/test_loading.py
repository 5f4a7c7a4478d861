import json
import os
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import phonenumbers
import pytest

from models.errors import BadInputError, NotAllowedError
from people.columns import Mapping
from people.roster import destroy_key
from tests.people.conftest import HEAD, Store

Written = Callable[[str, str | bytes], Path]
ANN = "Ann,Lee,1980-02-03,ann@x.example,+12125550101,1 Main St,New York,10001,US\n"


def test_what_people_write_becomes_codes(store: Store, written: Written) -> None:
    file = written(
        "a.csv",
        "Vorname;Nachname;Geburtsdatum;E-Mail;Telefon;Strasse;Ort;PLZ;Land;Bundesland\n"
        "Jörg;Weiß;31.12.1979;Joerg@X.example;0170 1234567;Weg 1;Berlin;10115;Deutschland;Berlin\n",
    )

    assert store.load(file).kept == 1
    assert store.rows("SELECT full_name, birth_date, emails, phones, country, subdivision, minor FROM person") == [
        ("Jörg Weiß", date(1979, 12, 31), ["joerg@x.example"], ["+491701234567"], "DE", "DE-BE", False)
    ]


def test_a_state_and_a_zip_code_say_the_united_states(store: Store, written: Written) -> None:
    store.load(written("a.csv", "name,phone,state,zip,dob\nAnn Lee,(212) 555-0101,NY,10001,02/03/1980\n"))

    assert store.rows("SELECT country, subdivision, phones, birth_date FROM person") == [
        ("US", "US-NY", ["+12125550101"], date(1980, 2, 3))
    ]


def as_xlsx(path: Path, rows: list[list[str]]) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]  # a new workbook has a sheet
    book.save(path)


def as_parquet(path: Path, rows: list[list[str]]) -> None:
    names = ", ".join(f"? AS {name}" for name in rows[0])
    duckdb.connect().execute(f"COPY (SELECT {names}) TO '{path}' (FORMAT parquet)", rows[1])


def as_json(path: Path, rows: list[list[str]]) -> None:
    path.write_text("".join(json.dumps(dict(zip(rows[0], row, strict=True))) + "\n" for row in rows[1:]))


def as_tsv(path: Path, rows: list[list[str]]) -> None:
    path.write_text("".join("\t".join(row) + "\n" for row in rows))


@pytest.mark.parametrize("write", [as_xlsx, as_parquet, as_json, as_tsv])
def test_every_format_gives_the_same_person(
    store: Store, tmp_path: Path, write: Callable[[Path, list[list[str]]], None]
) -> None:
    file = tmp_path / f"roster.{write.__name__.removeprefix('as_').replace('json', 'jsonl')}"
    write(file, [HEAD.strip().split(","), ANN.strip().split(",")])

    assert store.load(file).kept == 1
    assert store.rows("SELECT full_name, birth_date, emails, phones, postcode FROM person") == [
        ("Ann Lee", date(1980, 2, 3), ["ann@x.example"], ["+12125550101"], "10001")
    ]


def test_totals_add_up_and_each_row_set_aside_names_its_line(store: Store, written: Written) -> None:
    file = written(
        "a.csv",
        HEAD + ANN + "too,short\n" + ANN + HEAD + "=cmd(),x,,a@b.example,,,,,\n,,,,,,,,\n"
        'In,Ject,,"a@b.example\r\nBcc: c@d.example",,,,,\n' + "Bo,Cut,1990-01-01,bo@x.exam",
    )

    loaded = store.load(file)

    assert (loaded.read, loaded.kept, loaded.duplicates, loaded.set_aside) == (8, 1, 1, 6)
    assert [line.split(",")[1:3] for line in store.set_aside.splitlines() if line.startswith("a.csv")] == [
        ["3", "fewer cells than the header"],
        ["5", "the header again"],
        ["6", "a formula where a name belongs"],
        ["7", "nothing in it says who the person is"],
        ["8", "a line break or control character in the e-mail address"],
        ["9", "fewer cells than the header"],
    ]
    assert "'=cmd()" in store.set_aside


def test_a_line_keeps_its_number_after_rows_that_were_refused(store: Store, written: Written) -> None:
    store.load(written("a.csv", HEAD + "too,short\n" + ANN + "too,short\n" + "Bo,Li,,bo@x.example,,,,,\n"))

    assert store.rows("SELECT line FROM row_source ORDER BY line") == [(3,), (5,)]


def test_encodings_may_be_mixed_and_nuls_are_left_out(store: Store, written: Written) -> None:
    content = (
        HEAD.encode() + "Zoë,Ünal,,z@x.example,,,,,\n".encode() + "José,Núñez,,j@x.example,,,,,\n".encode("cp1252")
    )
    file = written("a.csv", content + b"N\x00ul,Li,,n@x.example,,,,,\n")

    assert store.load(file).kept == 3
    assert store.rows("SELECT full_name FROM person ORDER BY 1") == [("José Núñez",), ("Nul Li",), ("Zoë Ünal",)]


def test_utf_16_is_read(store: Store, written: Written) -> None:
    assert store.load(written("a.csv", (HEAD + "李,雷,,li@x.example,,,,,CN\n").encode("utf-16"))).kept == 1


def test_an_endless_line_is_set_aside_and_the_rest_is_read(store: Store, written: Written) -> None:
    loaded = store.load(written("a.csv", HEAD + "x" * 3_000_000 + "\n" + ANN))

    assert (loaded.read, loaded.kept, loaded.set_aside) == (2, 1, 1)
    assert "a.csv,2,a line longer than 1048576 bytes" in store.set_aside


def test_lines_before_the_header_are_set_aside(store: Store, written: Written) -> None:
    loaded = store.load(written("a.csv", "Export of 2026\n\n" + HEAD + ANN))

    assert (loaded.kept, loaded.set_aside) == (1, 1)


def test_300_columns_and_columns_of_one_name_are_read(store: Store, written: Written) -> None:
    many = ",".join(f"c{n}" for n in range(297))
    loaded = store.load(written("a.csv", f"name,email,email,{many}\nAnn Lee,a@x.example,b@x.example{',' * 297}\n"))

    assert loaded.kept == 1
    assert store.rows("SELECT emails FROM person") == [(["a@x.example", "b@x.example"],)]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.csv", b"", "it is empty"),
        ("a.csv", b"colour,size\nred,3\n", "no column says who a person is"),
        ("a.xlsx", b"PK\x03\x04 cut off", "not a whole XLSX file"),
        ("a.parquet", b"PAR1 cut off", "not a whole Parquet file"),
        ("a.jsonl", b"{cut off", "no line of it is a JSON object"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_one_line(
    store: Store, written: Written, name: str, content: bytes, complaint: str
) -> None:
    with pytest.raises(BadInputError, match=complaint):
        store.load(written(name, content))


def test_a_bomb_is_not_unpacked(store: Store, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)

    with pytest.raises(BadInputError, match="unpacks to 50000000 bytes"):
        store.load(tmp_path / "bomb.xlsx")


def test_the_same_file_is_not_loaded_twice(store: Store, written: Written) -> None:
    store.load(written("a.csv", HEAD + ANN))

    with pytest.raises(BadInputError, match=r"loaded before, as a\.csv"):
        store.load(written("b.csv", HEAD + ANN))


def test_a_value_that_cannot_be_read_is_kept_as_it_was_given(store: Store, written: Written) -> None:
    loaded = store.load(written("a.csv", HEAD + "Ann,Lee,31/31/1980,not-an-address,12,,,,Atlantis\n"))

    assert (loaded.kept, loaded.not_understood) == (1, 1)
    [(extra,)] = store.rows("SELECT extra FROM person")
    assert extra == {
        "birth_date as given": "31/31/1980",
        "email as given": "not-an-address",
        "country as given": "Atlantis",
        "phone as given": "12",
    }


def test_a_mapping_names_columns_defaults_and_what_to_keep(store: Store, written: Written) -> None:
    mapping = Mapping.model_validate(
        {
            "columns": {"Wer": "full_name", "email": None},
            "keep": ["Vertrag"],
            "defaults": {"country": "DE", "relationship": "customer", "categories": ["health"]},
        }
    )

    store.load(written("a.csv", "Wer,email,Vertrag\nAnn Lee,a@x.example,V-7\n"), mapping=mapping)

    assert store.rows("SELECT full_name, emails, country, relationship, categories, extra FROM person") == [
        ("Ann Lee", [], "DE", "customer", ["health"], {"Vertrag": "V-7"})
    ]


def test_nothing_of_a_person_can_be_read_without_the_key(store: Store, written: Written) -> None:
    store.load(written("a.csv", HEAD + ANN))

    assert oct(os.stat(store.key).st_mode)[-3:] == "600"
    for path in store.folder.iterdir():
        if path.name.startswith("roster"):
            assert b"ann@x" not in path.read_bytes()
    assert not list(store.folder.glob("spill-*"))


def test_after_its_key_is_destroyed_nobody_reads_the_roster(store: Store, written: Written) -> None:
    store.load(written("a.csv", HEAD + ANN))

    assert destroy_key(store.key)
    with pytest.raises(NotAllowedError, match="the key of this roster is gone"):
        store.rows("SELECT 1 FROM person")


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Anrede;Vorname;Nachname;Geb.-Datum;E-Mail-Adresse;Tel.;Straße;Hausnr.;PLZ;Ort;Land", "Herr;Ann;Lee;3.2.1980;a@x.example;030/123456;Rue A;1;10115;Berlin;Deutschland"),
        ("Prénom;Nom;Date de naissance;Adresse e-mail;Téléphone;Adresse;Code postal;Ville;Pays", "Ann;Lee;03/02/1980;a@x.example;01 23 45 67 89;Rue A 1;75001;Paris;France"),
        ("Nombre;Apellidos;Fecha de nacimiento;Correo electrónico;Móvil;Dirección;Código postal;Ciudad;País", "Ann;Lee;3-Feb-1980;a@x.example;612 345 678;Rue A 1;28001;Madrid;España"),
        ("Nome;Cognome;Data di nascita;Indirizzo email;Cellulare;Via;Numero civico;CAP;Città;Paese", "Ann;Lee;03/02/1980;a@x.example;312 345 6789;Rue A;1;00100;Roma;Italia"),
        ("名;姓;出生日期;电子邮箱;手机号;地址;城市;邮编;国家", "Ann;Lee;1980年2月3日;a@x.example;13800138000;Rue A 1;上海;200000;中国"),
        ("Voornaam;Achternaam;Geboortedatum;E-mailadres;Telefoonnummer;Straat;Huisnummer;Postcode;Woonplaats;Land", "Ann;Lee;03-02-1980;a@x.example;020 794 6095;Rue A;1;1012 AB;Amsterdam;Nederland"),
    ],
    ids=["de", "fr", "es", "it", "zh", "nl"],
)  # fmt: skip
def test_headers_in_the_languages_of_people_are_known(store: Store, written: Written, header: str, row: str) -> None:
    store.load(written("a.csv", f"{header}\n{row}\n"))

    [(name, born, emails, phones, street, there)] = store.rows(
        "SELECT full_name, birth_date, emails, len(phones), street, country IS NOT NULL AND city IS NOT NULL AND postcode IS NOT NULL FROM person"
    )
    assert (name, born, emails, phones, there) == ("Ann Lee", date(1980, 2, 3), ["a@x.example"], 1, True)
    assert street == "Rue A 1"


def test_what_stands_around_a_value_is_not_part_of_it(store: Store, written: Written) -> None:
    rows = {
        "Ann Lee,Ann <A@x.example>,+49 (0)170 1234567,DE,\u00a01 Elm,Flat 2": ("a@x.example", "+491701234567", "DE", None, "1 Elm, Flat 2"),
        "Bo Li,mailto:b@x.example\u200b,2125550101.0,,,": ("b@x.example", "+12125550101", "US", "US-NY", None),
        "\u202eCy Li,c@x.example,(212) 555-0102 ext. 5,US,2 Elm,": ("c@x.example", "+12125550102", "US", "US-NY", "2 Elm"),
    }  # fmt: skip
    states = iter(["Bavaria", "US-NY", "NY"])
    lines = "".join(f"{row},{next(states)}\n" for row in rows)

    store.load(written("a.csv", "name,email,phone,country,address,address 2,state\n" + lines))

    found = store.rows("SELECT emails[1], phones[1], country, subdivision, street FROM person ORDER BY full_name")
    assert found == [(*row[:3], row[3] or "DE-BY", row[4]) for row in rows.values()]


def test_a_date_that_only_the_other_order_can_read_is_read(store: Store, written: Written) -> None:
    store.load(written("a.csv", "name,dob\nAnn Lee,31/12/1980\nBo Li,30/12/1980\nCy Lee,12/29/1980\n"))

    assert store.rows("SELECT day(birth_date) FROM person ORDER BY full_name") == [(31,), (30,), (29,)]


def test_a_number_of_any_country_is_read_in_every_form_in_which_it_is_written(store: Store, written: Written) -> None:
    forms = ("E164", "INTERNATIONAL", "NATIONAL")
    rows, numbers = [], []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS - {"AC", "TA", "XK"}):  # none of them a country of ISO 3166
        number = phonenumbers.example_number(region)
        for form in forms:
            written_so = phonenumbers.format_number(number, getattr(phonenumbers.PhoneNumberFormat, form))
            rows.append(f'{region} {form},"{written_so}",{region}\n')
            numbers.append(
                (f"{region} {form}", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
            )

    store.load(written("a.csv", "id,phone,country\n" + "".join(rows)))

    assert store.rows("SELECT identifier, phones[1] FROM person ORDER BY identifier") == sorted(numbers)
