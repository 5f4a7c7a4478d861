"""Loading a roster from CSV (normalise, deduplicate, count), against bare DuckDB counting the same file by jurisdiction and distinct e-mails.

A second floor is bare DuckDB that only keeps the file: reads it and writes its cells as they are into an encrypted store,
with an opaque id for each row. What lies between the two floors is the price of keeping people encrypted.

Run with `python -m bench.bench_people`; PEOPLE names other sizes (`PEOPLE=1000000,10000000`). The roster is made up from a
seed. Each size runs in a process of its own, so that its peak memory is its own.
"""

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from bench.machine import described, verdict
from people.columns import Mapping
from people.counting import count
from people.loading import load
from people.roster import open_roster

SIZES = os.environ.get("PEOPLE", "100000,1000000")
SEED = 6
AIM_RATIO, AIM_MIB = 4.0, 2048
GIVEN = [
    "Anna",
    "Bela",
    "Chen",
    "Dora",
    "Emil",
    "Femi",
    "Greta",
    "Hana",
    "Ivan",
    "Jose",
    "Kofi",
    "Lena",
    "Mira",
    "Noor",
    "Olga",
    "Paul",
    "Quinn",
    "Rosa",
    "Sven",
    "Tara",
]
PLACES = [
    ("US", "NY", "10001", "+1212"),
    ("US", "CA", "94105", "+1415"),
    ("DE", "BE", "10115", "+4930"),
    ("FR", "", "75001", "+331"),
]


def write_roster(path: Path, people: int) -> None:
    """A CSV of invented people, one in twenty of them twice; the same for the same seed."""
    chance = random.Random(SEED)
    with path.open("w") as file:
        file.write("first_name,last_name,dob,email,phone,address,city,zip,state,country\n")
        for number in range(people):
            who = number if number % 20 else max(number - 7, 0)
            given, family = GIVEN[who % 20], f"Fam{''.join(chr(97 + int(digit)) for digit in str(who // 20))}"
            country, state, postcode, calling = PLACES[who % 4]
            born = f"{1940 + who % 75}-{1 + who % 12:02}-{1 + who % 28:02}"
            phone = f"{calling}{chance.randrange(2_000_000, 9_999_999)}" + ("1" if country == "FR" else "")
            file.write(
                f"{given},{family},{born},{given}.{family}{who}@mail.example,{phone},{who % 900} High Street,Town,{postcode},{state},{country}\n"
            )


def floor(path: Path) -> tuple[float, float]:
    """Seconds by the clock and of the processor, of bare DuckDB: read, count by jurisdiction, count distinct addresses."""
    started, worked = time.perf_counter(), time.process_time()
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "1GB"})
    connection.execute(
        f"SELECT country, state, count(*) FROM read_csv('{path}', all_varchar = true) GROUP BY ALL"
    ).fetchall()
    connection.execute(f"SELECT count(DISTINCT email) FROM read_csv('{path}', all_varchar = true)").fetchall()
    return time.perf_counter() - started, time.process_time() - worked


def keeping(path: Path, folder: Path) -> tuple[float, float]:
    """Seconds by the clock and of the processor, of bare DuckDB: read, and write as it is into an encrypted store."""
    started, worked = time.perf_counter(), time.process_time()
    with open_roster(folder / "kept", folder / "kept.key") as roster:
        roster.connection.execute(
            f"CREATE TABLE kept AS SELECT uuid() AS id, * FROM read_csv('{path}', all_varchar = true)"
        )
        roster.connection.execute("CHECKPOINT roster")
    return time.perf_counter() - started, time.process_time() - worked


def loaded(path: Path, folder: Path) -> tuple[float, float]:
    """Seconds by the clock and of the processor, to load the file into an encrypted roster, merge and count."""
    started, worked = time.perf_counter(), time.process_time()
    with open_roster(folder / "roster", folder / "key") as roster:
        load(roster, [str(path)], Mapping(), date(2026, 11, 24))
        count(roster)
    return time.perf_counter() - started, time.process_time() - worked


def measure(people: int) -> None:
    """Print one size's line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_roster(folder / "people.csv", people)
        (counting, counting_worked), (kept, kept_worked) = (
            floor(folder / "people.csv"),
            keeping(folder / "people.csv", folder),
        )
        taken, worked = loaded(folder / "people.csv", folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{people:>10,}  floor {counting:7.2f} s  kept as it is {kept:7.2f} s  load {taken:7.2f} s  {1e6 * taken / people:5.1f} us each  "
        f"{taken / counting:5.1f} x (aim {AIM_RATIO:.0f}: {verdict(taken / counting, AIM_RATIO)})  {taken / kept:4.1f} x kept  "
        f"processor {counting_worked:.2f}, {kept_worked:.2f} and {worked:.2f} s, {worked / counting_worked:.1f} x and {worked / kept_worked:.1f} x  "
        f"peak {peak} MiB (aim {AIM_MIB}: {verdict(peak, AIM_MIB)})",
        flush=True,
    )


def main() -> None:
    """Each size once, in a process of its own."""
    if len(sys.argv) > 1:
        return measure(int(sys.argv[1]))
    print(described(), flush=True)
    for size in SIZES.split(","):
        subprocess.run([sys.executable, "-m", "bench.bench_people", size], check=True)
    return None


if __name__ == "__main__":
    main()
