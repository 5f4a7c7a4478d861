"""All provisions against one report, against reading the same answers from a dict and against ten laws as plain ifs.

Run with `python -m bench.bench_laws`. Prints processor time per report on one core, the ratios to the floors, the time
from cold to the first answer, and the memory after ten thousand varied reports. Reasons and workings are put together
when they are read, so that both are measured: verdicts and clocks alone, and with every word of every answer.
"""

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from bench.machine import verdict
from laws.assess import assess
from laws.law import Laws, load_laws
from models.duty import Duty
from models.report import Report
from models.vocabulary import Category, Cause, Circumstance, Kind, Sector, Verdict

DAY = date(2026, 11, 23)
ROUNDS = 300
REPORTS = 10_000
AIM_MS, AIM_MB = 2.0, 150
PLACES = ("FR", "DE-BE", "GB", "US-CA", "US-NY", "US-TX", "US-FL", "US-WA", "CN", "JP", "BR", "SG", "AU", "IN", "CA")
TEN = (
    *("eu-gdpr-33", "eu-gdpr-34", "us-ca-individuals", "us-ny-individuals", "us-tx-individuals", "us-tx-ag"),
    *("us-fl-individuals", "us-wa-individuals", "jp-appi-26-ppc", "sg-pdpa-26d-pdpc"),
)
COLD = """
import sys, time
from datetime import date
from pathlib import Path
from laws.assess import assess
from laws.law import load_laws
from models.report import read_report
assess(read_report(sys.argv[1]), load_laws(cache=Path(sys.argv[2])), date(2026, 11, 23))
"""


KNOWN = Report.model_validate(
    {
        "title": "Customer file taken",
        "kind": "exfiltration",
        "cause": "malicious_external",
        "effects": ["confidentiality"],
        "times": {"detected_at": "2026-11-20T10:00:00Z", "aware_at": "2026-11-20T10:00:00Z"},
        "organisation": {
            "country": "FR",
            "role": "controller",
            "establishments": ["FR", "US-CA"],
            "sectors": ["retail"],
            "attributes": [],
        },
        "data": [{"category": each, "encrypted": False} for each in ("name", "contact", "social_security_number")],
        "people": [
            {"jurisdiction": place, "count": 5000, "relationship": "customer", "minors": False, "vulnerable": False}
            for place in ("FR", "US-CA", "US-NY", "JP")
        ],
        "circumstances": ["exfiltration_confirmed"],
    }
)


def varied(seed: int) -> Report:
    """A made-up report that differs with its seed; every third fact is not known."""
    draw = random.Random(seed)

    def maybe(value: object) -> object:
        return None if draw.random() < 1 / 3 else value

    return Report.model_validate(
        {
            "title": f"Report {seed}",
            "kind": maybe(draw.choice(list(Kind)).value),
            "cause": maybe(draw.choice(list(Cause)).value),
            "effects": maybe(["confidentiality"]),
            "times": {"aware_at": "2026-11-20T10:00:00Z", "determined_at": maybe("2026-11-21T10:00:00Z")},
            "organisation": {
                "country": maybe(draw.choice(["FR", "US", "CN", "GB"])),
                "role": maybe("controller"),
                "establishments": maybe([draw.choice(PLACES)]),
                "sectors": maybe([draw.choice(list(Sector)).value]),
                "attributes": maybe([]),
            },
            "data": maybe(
                [
                    {"category": each.value, "encrypted": maybe(draw.random() < 0.5)}
                    for each in draw.sample(list(Category), 3)
                ]
            ),
            "people": maybe(
                [
                    {"jurisdiction": place, "count": maybe(draw.randrange(100_000)), "minors": maybe(False)}
                    for place in draw.sample(PLACES, 4)
                ]
            ),
            "circumstances": [each.value for each in draw.sample(list(Circumstance), 2)],
        }
    )


def plain_ifs(report: Report) -> dict[str, bool]:
    """Ten of the laws as somebody in a hurry would write them: no reasons, no dates, no unknown, no clock."""
    categories = {item.category for item in report.data or [] if not item.encrypted}
    named = Category.NAME in categories
    listed = named and bool(categories & {Category.SOCIAL_SECURITY_NUMBER, Category.DRIVING_LICENCE, Category.PASSPORT})
    controller = report.organisation.role == "controller"
    people = {group.jurisdiction: group.count or 0 for group in report.people or []}
    eea = any(place[:2] in ("FR", "DE") for place in people)
    sensitive = bool(categories & {Category.HEALTH, Category.BIOMETRIC, Category.GENETIC, Category.RELIGION})
    answers = {"eu-gdpr-33": eea and controller and bool(categories), "eu-gdpr-34": eea and controller and sensitive}
    for state in ("CA", "NY", "TX", "FL", "WA"):
        answers[f"us-{state.lower()}-individuals"] = f"US-{state}" in people and controller and listed
    answers["us-tx-ag"] = answers["us-tx-individuals"] and people["US-TX"] >= 250
    answers["jp-appi-26-ppc"] = "JP" in people and (sensitive or people["JP"] > 1000)
    answers["sg-pdpa-26d-pdpc"] = "SG" in people and (sensitive or people["SG"] >= 500)
    return answers


def median(
    measured: Callable[[], object], rounds: int = ROUNDS, clock: Callable[[], float] = time.process_time
) -> float:
    """Milliseconds of the median run."""
    times = []
    for _ in range(rounds):
        began = clock()
        measured()
        times.append(clock() - began)
    return sorted(times)[rounds // 2] * 1000


def from_cold() -> float:
    """Milliseconds of a new process from its start to its first answer, with a filled cache."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.yaml"
        report.write_text("title: A breach\npeople: [{jurisdiction: FR, count: 10}]\n")
        command = [sys.executable, "-c", COLD, str(report), folder]
        subprocess.run(command, check=True)
        return median(lambda: subprocess.run(command, check=True), rounds=5, clock=time.perf_counter)


def ten_of(laws: Laws) -> Laws:
    """The laws that hold the ten provisions alone."""
    chosen = tuple(
        law.model_copy(update={"provisions": [each for each in law.provisions if each.id in TEN]}) for law in laws.laws
    )
    held = tuple(law for law in chosen if law.provisions)
    return Laws(held, laws.authorities, laws.rules, laws.methods, laws.questions)


def words_of(duties: Iterable[Duty]) -> int:
    """How many sentences the answers hold, each of them put together."""
    return sum(len(duty.reasons) + len(duty.missing_facts) + len(duty.working) for duty in duties)


def main() -> None:
    laws = load_laws()
    provisions = sum(len(law.provisions) for law in laws.laws)
    reports = [varied(seed) for seed in range(REPORTS)]
    table = {duty.key: duty for duty in assess(KNOWN, laws, DAY).duties}
    keys = list(table)
    one = median(lambda: assess(KNOWN, laws, DAY))
    told = median(lambda: words_of(assess(KNOWN, laws, DAY).duties))
    floor = median(lambda: [table[key] for key in keys])
    ten = ten_of(laws)
    of_ten = median(lambda: assess(KNOWN, ten, DAY))
    ifs = median(lambda: plain_ifs(KNOWN))
    began = time.process_time()
    counted = sum(duty.verdict is Verdict.REQUIRED for each in reports for duty in assess(each, laws, DAY).duties)
    each_ms = (time.process_time() - began) / REPORTS * 1000
    began = time.process_time()
    sentences = sum(words_of(assess(each, laws, DAY).duties) for each in reports[:1000])
    told_ms = time.process_time() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{provisions} provisions, {len(keys)} answers")
    print(
        f"one report, all of it known: {one:.2f} ms, with every word {told:.2f} ms; "
        f"the same answers read from a dict: {floor:.3f} ms; ratio {one / floor:.0f}; aim under {AIM_MS:g} ms: {verdict(one, AIM_MS)}"
    )
    print(f"ten laws: {of_ten:.3f} ms; the same as plain ifs, answers alone: {ifs:.4f} ms; ratio {of_ten / ifs:.0f}")
    print(
        f"{REPORTS:,} varied reports, a third of each unknown: {each_ms:.2f} ms each, {counted:,} duties required; "
        f"with every word of {sentences / 1000:,.0f} sentences each {told_ms:.2f} ms"
    )
    print(f"memory {memory:.0f} MB; aim under {AIM_MB} MB: {verdict(memory, AIM_MB)}")
    print(f"from cold to the first answer, with the cache: {from_cold():.0f} ms")


if __name__ == "__main__":
    main()
