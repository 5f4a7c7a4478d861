"""All drafts of one incident (30 duties, four languages where there are such texts) against bare compiled Jinja rendering the same texts.

Run with `python -m bench.bench_templates`. Prints times per incident on one core, and the ratios to the floor.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache

import jinja2
from jinja2.runtime import Context
from markupsafe import Markup

from models.duty import Duty, Severity
from models.report import Report
from models.vocabulary import Audience, Confidence, Level, Verdict
from templates.brief import Brief, Measure, Voice
from templates.draft import drafts, texts
from templates.facts import FactReader
from templates.forms import contents_of, read_forms, text_form
from templates.language import ANY, FORMAL, PLAIN, language
from templates.page import html
from templates.phrases import FOLDER
from templates.writer import Section, Writer, words_of

ROUNDS = 15
LANGUAGES = ("en", "zh", "de", "fr")
PLACES = ("EU", "GB", "US-CA", "US-NY", "US-TX", "SG", "CN", "JP")
FILING = (
    *("incident_description", "subject_categories", "affected_count", "data_categories", "record_count", "dpo_contact"),
    *("contact_point", "likely_consequences", "measures_taken", "measures_planned", "delay_reasons"),
)
LETTER = (
    *("incident_description", "breach_dates", "data_categories", "likely_consequences", "measures_taken"),
    *("advice_to_individuals", "fraud_alert_and_freeze", "cra_contacts", "contact_point"),
)


def report() -> Report:
    places = ("FR", "DE", "GB", "US-CA", "US-NY", "US-TX", "CN", "SG")
    return Report.model_validate(
        {
            "title": "Ransomware on the shop platform",
            "kind": "ransomware",
            "cause": "malicious_external",
            "effects": ["confidentiality", "availability"],
            "times": {
                "occurred_from": "2026-03-01T08:00:00+01:00",
                "occurred_to": "2026-03-02T05:30:00+01:00",
                "aware_at": "2026-03-02T09:00:00+01:00",
            },
            "organisation": {"name": "Example Retail SA", "country": "FR", "role": "controller"},
            "data": [
                {"category": one, "encrypted": False} for one in ("name", "contact", "credentials", "payment_card")
            ],
            "records": 412_000,
            "people": [{"jurisdiction": place, "count": 700, "relationship": "customer"} for place in places],
            "circumstances": ["ransom_demanded", "exfiltration_confirmed"],
        }
    )


def duty(index: int) -> Duty:
    people = index % 2 == 1
    return Duty(
        provision=f"bench-{index}",
        jurisdiction=PLACES[index // 2 % len(PLACES)],
        name="A duty",
        audience=Audience.INDIVIDUALS if people else Audience.AUTHORITY,
        recipient="An authority",
        stage="initial",
        verdict=Verdict.REQUIRED,
        citation="An article",
        source="https://example.org",
        version_from=date(2018, 5, 25),
        checked=date(2026, 11, 23),
        confidence=Confidence.HIGH,
        reasons=(),
        due_at=datetime(2026, 3, 5, 8, tzinfo=UTC),
        content=LETTER if people else FILING,
        phased=not people,
    )


def briefs() -> list[Brief]:
    facts = report()
    voice = Voice(
        organisation="Example Retail SA",
        contact_name="Camille Martin",
        contact_email="privacy@example-retail.com",
        contact_phone="+33 1 70 00 00 00",
        dpo_name="Dominique Petit",
        dpo_email="dpo@example-retail.com",
        website="https://www.example-retail.com/incident",
        signatory="Alex Bernard",
    )
    measures = (
        Measure(
            {
                "en": "Servers were taken off the network.",
                "zh": "已断网隔离。",
                "de": "Die Server wurden vom Netz getrennt.",
                "fr": "Les serveurs ont été isolés du réseau.",
            },
            datetime(2026, 3, 2, 9, tzinfo=UTC),
        ),
        Measure(
            {
                "en": "Systems will be rebuilt.",
                "zh": "重建系统。",
                "de": "Die Systeme werden neu aufgesetzt.",
                "fr": "Les systèmes seront réinstallés.",
            }
        ),
    )
    severity = Severity("enisa-2013", 3.25, Level.HIGH, {}, ())
    now = datetime(2026, 3, 3, 14, tzinfo=UTC)
    duties = [duty(index) for index in range(30)]
    return [
        Brief("INC-1", facts, 2, severity, one.audience, code, voice, one, measures, now, "Europe/Paris")
        for one in duties
        for code in LANGUAGES
        if language(code).speaks_to(one.audience)
    ]


class Bare:
    """The same text from the same templates in plain Jinja, with every word worked out beforehand."""

    def __init__(self, brief: Brief) -> None:
        spoken = language(brief.language)
        plain = brief.audience in read_forms().plain
        jurisdiction = brief.duty.jurisdiction if brief.duty else ""
        reader = FactReader(brief.report, spoken.phrases, spoken.locale(jurisdiction), brief.zone)
        writer = Writer(brief, reader, "plain" if plain else "formal", spoken.memory)
        self.words = {name: remembered(word) for name, word in words_of(writer).items()} | {"title": "A title"}
        self.form = bare(brief.language).get_template(f"{text_form(brief.audience, None).template}.md.j2")
        self.blocks = [
            (
                bare(brief.language).get_template(
                    f"{PLAIN if plain and spoken.has_block(PLAIN, key) else FORMAL}.md.j2"
                ),
                key,
            )
            for key in contents_of(brief.duty, brief.report).keys
        ]

    def render(self) -> str:
        """The text, without record, escape, sandbox or check."""
        contexts: dict[str | None, Context] = {}
        sections = []
        for template, key in self.blocks:
            context = contexts.get(template.name) or contexts.setdefault(
                template.name, template.new_context(self.words)
            )
            sections.append(Section(Markup(key), Markup("".join(template.blocks[key](context)))))
        return self.form.render(self.words, sections=lambda: sections, letter=lambda: sections)


@cache
def bare(code: str) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([FOLDER / code, FOLDER / ANY]), trim_blocks=True, lstrip_blocks=True
    )


def remembered(word: object) -> object:
    """A word that answers from memory, so that only the rendering is timed."""
    return cache(word) if callable(word) else word


def best(*runs: Callable[[], object]) -> list[float]:
    """The shortest processor time of each, in milliseconds, over rounds in which they take turns."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS):
        for run, taken in zip(runs, times, strict=True):
            started = time.process_time()
            run()
            taken.append((time.process_time() - started) * 1000)
    return [min(taken) for taken in times]


def main() -> None:
    """Print the times and ratios."""
    asked = briefs()
    started = time.perf_counter()
    made, refused = drafts(asked)
    cold = (time.perf_counter() - started) * 1000
    floor_texts = [Bare(brief) for brief in asked]
    floor, written, checked, pages = best(
        lambda: [one.render() for one in floor_texts],
        lambda: texts(asked),
        lambda: drafts(asked),
        lambda: [html(one.text, one.language, one.subject) for one in made],
    )
    print(f"{len(made)} drafts, {sum(len(one.text) for one in made):,} characters, {len(refused)} refused")
    print(f"floor, bare Jinja          {floor:7.1f} ms  {sum(len(one.render()) for one in floor_texts):,} characters")
    print(f"drafts without checks      {written:7.1f} ms  {written / floor:.2f} x floor (aim 1.5)")
    print(f"drafts with checks         {checked:7.1f} ms  {checked / floor:.2f} x floor (aim 3)")
    print(f"HTML pages of them         {pages:7.1f} ms")
    print(f"first time in a process    {cold:7.1f} ms  phrases and templates read and compiled (aim: all under 1000)")


if __name__ == "__main__":
    main()
