"""Rosters as people send them: three messy files of invented people, the same for the same seed, and the truth about them.

Run with `python -m bench.messy FOLDER PEOPLE [SEED]`. Spellings of countries, dates and telephone numbers differ, people
stand in several files, households share an address and a mailbox, one file is of an old encoding and one of two at once,
and some rows are broken. Where the tables come from stands in `tables/people.json`.
"""

import csv
import io
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import phonenumbers

TABLES = Path(__file__).parent / "tables" / "people.json"
SPELLINGS = {
    "DE": ["Deutschland", "GERMANY", "DE", "DEU"], "FR": ["France", "FR", "fra"], "ES": ["España", "Spain", "ES"],
    "IT": ["Italia", "Italy", "IT"], "NL": ["Nederland", "Netherlands", "NL"], "SE": ["Sverige", "Sweden", "SE"],
    "GB": ["United Kingdom", "UK", "GB", "England"], "PL": ["Polska", "Poland"], "TR": ["Türkiye", "TR"],
    "GR": ["Greece", "EL"], "CN": ["中国", "China", "CN"], "JP": ["日本", "Japan"], "BR": ["Brasil", "Brazil"],
}  # fmt: skip
WESTERN = ("DE", "FR", "ES", "IT", "NL", "SE", "GB")
ELSEWHERE = ("PL", "TR", "GR", "CN", "JP", "BR")
US_HEAD = ["First Name", "Last Name", "DOB", "E-mail", "Phone", "Address", "City", "ZIP", "State"]
WESTERN_HEAD = ["Vorname", "Nachname", "Geburtsdatum", "E-Mail", "Telefon", "Strasse", "Ort", "PLZ", "Land"]


@dataclass(frozen=True)
class Person:
    """One invented person, as they really are."""

    given: str
    family: str
    born: date
    email: str
    phone: str
    street: str
    city: str
    postcode: str
    country: str
    part: str


@dataclass(frozen=True)
class Messy:
    """The files, and what is true of them: how many people, rows that repeat one, rows that are broken, and who lives where."""

    files: tuple[Path, ...]
    people: int
    doubles: int
    broken: int
    places: Counter[str]


def write_messy(folder: Path, people: int, seed: int = 6) -> Messy:
    """Write `customers.csv`, `kunden.csv` and `members.jsonl`; at least 100 people make every kind of mess appear."""
    chance = random.Random(seed)
    everybody = list(_everybody(people, chance))
    american = [person for person in everybody if person.country == "US"]
    western = [person for person in everybody if person.country in WESTERN]
    others = [person for person in everybody if person.country in ELSEWHERE]
    again = [_retold(person, chance) for person in chance.sample(everybody, people // 20)]
    (folder / "customers.csv").write_bytes(_american(american, chance))
    (folder / "kunden.csv").write_bytes(_western(western, chance))
    (folder / "members.jsonl").write_text(_members([*others, *again], chance), encoding="utf-8")
    places = Counter(f"US-{person.part}" if person.part else person.country for person in everybody)
    files = tuple(folder / name for name in ("customers.csv", "kunden.csv", "members.jsonl"))
    return Messy(files, people, len(again), 5 + 3 + 2, places)


@cache
def _tables() -> Any:  # Any: JSON
    return json.loads(TABLES.read_text(encoding="utf-8"))


def _everybody(people: int, chance: random.Random) -> Iterator[Person]:
    before: Person | None = None
    for number in range(people):
        if before and number % 7 == 3:
            before = _of_the_same_household(before, number, chance)
        else:
            before = _person(number, chance)
        yield before


def _person(number: int, chance: random.Random) -> Person:
    country = "US" if number % 3 == 0 else chance.choice(WESTERN if number % 3 == 1 else ELSEWHERE)
    names = _tables()["countries"][country]
    given, family = chance.choice(names["first"]), chance.choice(names["last"])
    if country == "US":
        postcode, city, part = chance.choice(_tables()["us_places"])
        street = f"{number + 1} {chance.choice(_tables()['us_streets'])}"
    else:
        postcode, city, part = str(chance.randrange(10_000, 99_999)), chance.choice(names["cities"]), ""
        street = f"Street {number + 1}"
    return Person(
        given,
        family,
        _day(chance),
        f"person{number}@mail.example",
        _phone(country, chance),
        street,
        city,
        postcode,
        country,
        part,
    )


def _of_the_same_household(other: Person, number: int, chance: random.Random) -> Person:
    """Same address, mailbox and family name; another given name and day of birth."""
    names = [name for name in _tables()["countries"][other.country]["first"] if name != other.given]
    return replace(
        other, given=chance.choice(names), born=_day(chance) + timedelta(number), phone=_phone(other.country, chance)
    )


def _retold(person: Person, chance: random.Random) -> Person:
    """The same person as another system knows them: only some of it, spelled otherwise."""
    told = replace(person, given=person.given.upper(), family=person.family.upper())
    if chance.random() < 0.5:
        return replace(told, email=f" {person.email.upper()} ", phone="", street="")
    return replace(told, email="", phone="", street="")


def _day(chance: random.Random) -> date:
    return date(1940, 1, 1) + timedelta(chance.randrange(24_000))


def _phone(country: str, chance: random.Random) -> str:
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return ""
    number = str(example.national_number)[:-4] + f"{chance.randrange(10_000):04}"
    parsed = phonenumbers.PhoneNumber(country_code=example.country_code, national_number=int(number))
    spelling = chance.choice(("E164", "INTERNATIONAL", "NATIONAL"))
    return phonenumbers.format_number(parsed, getattr(phonenumbers.PhoneNumberFormat, spelling))


def _american(people: Sequence[Person], chance: random.Random) -> bytes:
    """UTF-8 with one row of an older encoding, dates with the month first, the header again, and broken rows."""
    rows = [
        _line(",", p.given, p.family, f"{p.born:%m/%d/%Y}", p.email, p.phone, p.street, p.city, _zip(p, chance), p.part)
        for p in people
    ]
    head = _line(",", *US_HEAD)
    broken = [
        head,
        "too,short\n",
        "=cmd(),x,,f@mail.example,,,,,\n",
        ",,,,,,,,\n",
        '"Al",Lee,,"a@mail.example\nBcc: b@mail.example",,,,,\n',
    ]
    for line in broken:
        rows.insert(chance.randrange(30, len(rows)), line)
    data = (head + "".join(rows)).encode()
    return data.replace(people[0].city.encode(), "Cañon".encode("cp1252"), 1)


def _western(people: Sequence[Person], chance: random.Random) -> bytes:
    """An old encoding with semicolons, days first, countries spelled as somebody liked, and broken rows."""
    rows = [
        _line(";", p.given, p.family, f"{p.born:%d.%m.%Y}", p.email, p.phone, p.street, p.city, p.postcode, chance.choice(SPELLINGS[p.country]))
        for p in people
    ]  # fmt: skip
    for line in ("Zu;kurz\n", ";;;;;;;;\n", 'Uwe;"Lee;;u@mail.example;;;;;\n'):
        rows.insert(chance.randrange(30, len(rows)), line)
    return (_line(";", *WESTERN_HEAD) + "".join(rows)).encode("cp1252", "ignore")


def _members(people: Sequence[Person], chance: random.Random) -> str:
    """One JSON object a line; two lines that are none."""
    rows = [json.dumps(_member(person, chance), ensure_ascii=False) + "\n" for person in people]
    rows.insert(len(rows) // 2, '{"name": "cut o\n')
    rows.insert(len(rows) // 3, '["a list"]\n')
    return "".join(rows)


def _member(person: Person, chance: random.Random) -> dict[str, str]:
    country = "US" if person.country == "US" else chance.choice(SPELLINGS[person.country])
    return {
        "name": f"{person.family}, {person.given}" if chance.random() < 0.3 else f"{person.given} {person.family}",
        "email": person.email, "born": person.born.isoformat(), "phone": person.phone, "street": person.street,
        "city": person.city if person.street else "", "postcode": person.postcode if person.street else "",
        "country": country,
    }  # fmt: skip


def _zip(person: Person, chance: random.Random) -> str:
    return f"{person.postcode}-{chance.randrange(1000, 9999)}" if chance.random() < 0.1 else person.postcode


def _line(delimiter: str, *cells: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return text.getvalue()


def main() -> None:
    """Write the files into a folder, and say what is true of them."""
    folder, people, *seed = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    made = write_messy(Path(folder), int(people), *map(int, seed))
    print(
        f"{', '.join(map(str, made.files))}: {made.people} people, {made.doubles} rows that repeat one, {made.broken} broken rows"
    )


if __name__ == "__main__":
    main()
