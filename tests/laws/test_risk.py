"""Breaches of the kinds that authorities have published, and what an authority would expect of each.

Told in our own words. `none` is the register alone, `authority` adds the notice of Art. 33, `both` that of Art. 34.
"""

from datetime import date
from typing import Any

import pytest

from laws.assess import assess
from laws.law import Laws
from laws.question import Facts
from laws.risk import risk_answer, risk_of
from models.report import Report
from models.vocabulary import Verdict

Told = dict[str, Any]  # Any: facts as YAML would hold them
OUTCOMES = {"none": (False, False), "authority": (True, False), "both": (True, True)}


def items(*categories: str, encrypted: bool = False) -> list[Told]:
    key = {"key_compromised": False} if encrypted else {}
    return [{"category": each, "encrypted": encrypted, **key} for each in categories]


def people(count: int, relationship: str = "customer", *, minors: bool = False, vulnerable: bool = False) -> list[Told]:
    group = {"jurisdiction": "FR", "count": count, "relationship": relationship, "minors": minors}
    return [{**group, "vulnerable": vulnerable}]


def told(
    kind: str, cause: str, effects: str, data: list[Told], who: list[Told], *circumstances: str, **more: Any
) -> Told:  # Any: as above
    organisation = {"country": "FR", "establishments": ["FR"], "role": "controller", "attributes": []}
    return {
        "title": "A breach",
        "kind": kind,
        "cause": cause,
        "effects": effects.split(),
        "times": {"aware_at": "2026-03-02T09:00:00+01:00"},
        "organisation": {**organisation, "sectors": [more.get("sector", "retail")]},
        "data": data,
        "people": who,
        "circumstances": list(circumstances),
    }


OUTSIDE, INSIDE, MISTAKE = "malicious_external", "malicious_internal", "accidental"
C, A, CA = "confidentiality", "availability", "confidentiality availability"

CASES: list[tuple[str, str, Told]] = [
    # Ransomware
    ("none", "ransomware at a factory, encrypted at rest, restored from backup within hours, logs show no exit",
     told("ransomware", OUTSIDE, A, items("name", "contact", "employment", encrypted=True), people(300, "employee"), "exfiltration_excluded", "access_log_reviewed", "backup_restored_promptly", sector="manufacturing")),
    ("none", "the same with readable data and no sensitive ones",
     told("ransomware", OUTSIDE, A, items("name", "contact", "financial_account"), people(300), "exfiltration_excluded", "access_log_reviewed", "backup_restored_promptly", sector="manufacturing")),
    ("authority", "ransomware at a farm cooperative without backup, five days of typing in paper files, nothing left",
     told("ransomware", OUTSIDE, A, items("name", "contact", "national_id"), people(60), "exfiltration_excluded", "access_log_reviewed", sector="other")),
    ("both", "ransomware at a hospital, operations postponed although a backup existed",
     told("ransomware", OUTSIDE, A, items("name", "health"), people(4000, "patient", vulnerable=True), "exfiltration_excluded", "backup_available", "service_disrupted", sector="health")),
    ("both", "the same hospital restored at once, and still care was interrupted",
     told("ransomware", OUTSIDE, A, items("name", "health"), people(4000, "patient", vulnerable=True), "exfiltration_excluded", "backup_restored_promptly", "service_disrupted", sector="health")),
    ("both", "ransomware at a transport operator, no backup, identity and card data taken",
     told("ransomware", OUTSIDE, CA, items("name", "contact", "national_id", "payment_card"), people(4000), "exfiltration_confirmed", "ransom_demanded", sector="transport")),
    ("authority", "ransomware with a backup restored at once, but nobody can say whether names and addresses left",
     told("ransomware", OUTSIDE, A, items("name", "contact"), people(200), "backup_restored_promptly")),
    # Exfiltration
    ("both", "213 job applications taken from a recruitment site by planted code",
     told("exfiltration", OUTSIDE, C, items("name", "contact", "education", "employment"), people(213, "other"), "exfiltration_confirmed", sector="other")),
    ("none", "salted and hashed passwords of 1,200 users of a cooking site taken, then reset",
     told("exfiltration", OUTSIDE, C, items("credentials", encrypted=True), people(1200, "user"), "exfiltration_confirmed", "credentials_reset", sector="media")),
    ("both", "2,000 accounts of a bank entered with passwords from elsewhere, names and tax numbers seen",
     told("credential_attack", OUTSIDE, C, items("name", "date_of_birth", "tax_id"), people(2000), "credentials_reset", sector="banking")),
    ("both", "a shop's user names, passwords and purchases posted on a forum",
     told("exfiltration", OUTSIDE, C, items("name", "credentials", "behavioural"), people(20000, "user"), "exfiltration_confirmed", "publicly_exposed")),
    ("both", "card numbers with their codes skimmed in a web shop's checkout",
     told("web_skimming", OUTSIDE, C, items("name", "payment_card_with_code"), people(900), "exfiltration_confirmed")),
    ("both", "mailboxes of a food chain forwarded in secret, with payslips and bank details of 99 employees",
     told("social_engineering", OUTSIDE, C, items("name", "financial_account", "communications"), people(99, "employee"), "exfiltration_confirmed")),
    ("authority", "names and e-mail addresses of 2,000 newsletter readers taken from a mail provider",
     told("third_party", OUTSIDE, C, items("name", "contact"), people(2000), "exfiltration_confirmed")),
    ("both", "a caller talked a telephone company into giving out a subscriber's bills, then posed as them",
     told("social_engineering", OUTSIDE, C, items("name", "contact", "communications"), people(1), "misuse_observed", sector="telecom")),
    # Insider
    ("authority", "a salesman copied the customers' contact data for his next employer",
     told("insider_misuse", INSIDE, C, items("name", "contact"), people(500), "exfiltration_confirmed", "known_recipients")),
    ("both", "a nurse read the file of a neighbour",
     told("insider_misuse", INSIDE, C, items("name", "health"), people(1, "patient"), "known_recipients", sector="health")),
    # Lost and stolen
    ("none", "two encrypted tablets of a nursery stolen, wiped from afar, backup at hand",
     told("lost_or_stolen_device", OUTSIDE, CA, items("name", "contact", "date_of_birth", encrypted=True), people(50, minors=True), "remote_wiped", "backup_available", sector="education")),
    ("none", "an encrypted stick with health data lost on a train",
     told("lost_or_stolen_device", MISTAKE, C, items("name", "health", encrypted=True), people(800, "patient"), sector="health")),
    ("both", "an unencrypted laptop with names, birth dates and addresses of 100,000 customers stolen",
     told("lost_or_stolen_device", OUTSIDE, C, items("name", "contact", "date_of_birth"), people(100_000))),
    ("both", "a paper register of a clinic for addiction stolen, no copy",
     told("lost_or_stolen_paper", OUTSIDE, CA, items("name", "contact", "health"), people(120, "patient", vulnerable=True), sector="health")),
    ("none", "patient files left at a recycling yard, brought back sealed",
     told("improper_disposal", MISTAKE, C, items("name", "health"), people(30, "patient"), "data_recovered_unread", sector="health")),
    # Misdirected
    ("none", "two shoppers' parcels swapped, each with the other's delivery note",
     told("misdirected_message", MISTAKE, C, items("name", "contact"), people(2), "known_recipients")),
    ("none", "a list of fifteen course members sent to those fifteen",
     told("misdirected_message", MISTAKE, C, items("name", "contact"), people(15), "known_recipients", sector="education")),
    ("none", "an insurance agent saw two dozen clients that were not his, confirmed the deletion and keeps professional secrecy",
     told("misdirected_message", MISTAKE, C, items("name", "contact", "financial_account"), people(24), "trusted_recipient", "recipient_confirmed_deletion", sector="insurance")),
    ("authority", "a motor insurer put another client's contribution sheet into the envelope",
     told("misdirected_message", MISTAKE, C, items("name", "contact", "date_of_birth", "other"), people(1), "known_recipients", sector="insurance")),
    ("both", "an employment office mailed 60,000 job seekers' numbers to all of them",
     told("misdirected_message", MISTAKE, C, items("name", "contact", "social_security_number"), people(60_000, "citizen"), "known_recipients", sector="government")),
    ("both", "one person's national id sent to a stranger",
     told("misdirected_message", MISTAKE, C, items("name", "national_id"), people(1), "known_recipients")),
    ("both", "a clinic wrote to its HIV patients with every address in view",
     told("misdirected_message", MISTAKE, C, items("name", "contact"), people(105, "patient", vulnerable=True), "known_recipients", sector="health")),
    # Exposed and interrupted
    ("both", "a storage bucket with scanned passports was open to everybody",
     told("misconfiguration", MISTAKE, C, items("name", "contact", "passport"), people(3000), "publicly_exposed")),
    ("none", "a bucket was open for a night, and complete logs show that nobody came",
     told("misconfiguration", MISTAKE, C, items("name", "health"), people(3000, "patient"), "exfiltration_excluded", "access_log_reviewed", sector="health")),
    ("none", "a call centre without power for some minutes",
     told("destruction_or_outage", MISTAKE, A, items("name", "contact"), people(30_000), "backup_restored_promptly")),
    ("none", "only drawings of a machine were taken",
     told("exfiltration", OUTSIDE, C, items("trade_secret"), people(0, "employee"), "exfiltration_confirmed", sector="manufacturing")),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "case"), [row[::2] for row in CASES], ids=[row[1] for row in CASES])
def test_the_authority_and_the_people_are_told_where_an_authority_would_expect_it(
    laws: Laws, outcome: str, case: Told
) -> None:
    duties = {
        (each.provision, each.stage): each
        for each in assess(Report.model_validate(case), laws, date(2026, 3, 2)).duties
    }

    to_authority, to_people = OUTCOMES[outcome]
    assert duties["eu-gdpr-33", "initial"].verdict is verdict(to_authority), duties["eu-gdpr-33", "initial"].reasons
    assert duties["eu-gdpr-34", "initial"].verdict is verdict(to_people), duties["eu-gdpr-34", "initial"].reasons
    assert duties["eu-gdpr-33-5", "initial"].verdict is Verdict.REQUIRED


def verdict(required: bool) -> Verdict:
    return Verdict.REQUIRED if required else Verdict.NOT_REQUIRED


BASE = told("exfiltration", OUTSIDE, C, items("name", "contact", "national_id"), people(500))


@pytest.mark.parametrize(
    ("change", "heavier", "says"),
    [
        ({"circumstances": ["exfiltration_excluded"]}, False, "it is excluded that data were taken"),
        ({"circumstances": ["misuse_observed"]}, True, "the data are being misused"),
        ({"circumstances": ["ransom_demanded"]}, True, "a ransom is demanded"),
        ({"circumstances": ["remote_wiped"]}, False, "wiped from afar"),
        ({"circumstances": ["trusted_recipient"]}, False, "can be trusted"),
        ({"circumstances": ["recipient_confirmed_deletion"]}, False, "confirmed the deletion"),
        ({"people": people(100_000)}, True, "100,000 people or more"),
        ({"people": people(500, minors=True)}, True, "minors or vulnerable people"),
        ({"people": people(500, vulnerable=True)}, True, "minors or vulnerable people"),
        ({"data": items("name", "contact", "national_id", encrypted=True)}, False, "unintelligible"),
        ({"data": items("name", "contact", "national_id", "credentials")}, True, "passwords were readable"),
        ({"effects": ["confidentiality", "availability"]}, True, "ENISA 2013 score"),
        ({"organisation": {**BASE["organisation"], "sectors": ["health"]}, "circumstances": ["service_disrupted"]}, True, "health care was interrupted"),
        ({"data": items("trade_secret")}, False, "no data about people"),
    ],
)  # fmt: skip
def test_each_factor_moves_the_weight_and_says_why(laws: Laws, change: Told, heavier: bool, says: str) -> None:
    before, after = weighed(laws, BASE), weighed(laws, BASE | change)

    assert (after.weight.low > before.weight.low) if heavier else (after.weight.low < before.weight.low)
    assert any(says in reason for reason in after.reasons), after.reasons


def weighed(laws: Laws, facts: Told) -> Any:  # Any: a Risk
    return risk_of(Facts(Report.model_validate(facts)), laws.methods.enisa, laws.methods.risk)


def test_unknown_encryption_is_weighed_as_none_and_stated(laws: Laws) -> None:
    unknown = weighed(laws, BASE | {"data": [{"category": "name"}, {"category": "national_id"}]})
    plain = weighed(laws, BASE | {"data": items("name", "national_id")})

    assert unknown.weight == plain.weight
    assert any("weighed as unencrypted" in reason for reason in unknown.reasons)


def test_an_unknown_key_leaves_the_answer_open_and_names_it(laws: Laws) -> None:
    open_key = weighed(laws, BASE | {"data": [{"category": "health", "encrypted": True}]})

    answer = risk_answer(open_key, "not_unlikely", laws.methods.risk.tests)

    assert answer.value is None
    assert "data[0].key_compromised" in answer.missing


def test_a_low_probability_of_compromise_has_to_be_shown(laws: Laws) -> None:
    tests = laws.methods.risk.tests
    health = BASE | {"data": items("name", "health"), "cause": MISTAKE, "kind": "misdirected_message"}
    deleted = health | {"circumstances": ["trusted_recipient", "recipient_confirmed_deletion"]}

    assert risk_answer(weighed(laws, health), "low_probability_of_compromise", tests).value is False
    assert risk_answer(weighed(laws, deleted), "low_probability_of_compromise", tests).value is True


def test_serious_harm_stands_between_harm_and_a_high_risk(laws: Laws) -> None:
    tests = laws.methods.risk.tests
    between = weighed(
        laws, told("ransomware", OUTSIDE, CA, items("name", "contact"), people(2000), "exfiltration_confirmed")
    )

    assert between.weight.low == 2.5
    assert [risk_answer(between, each, tests).value for each in ("harm", "serious_harm", "high")] == [True, True, False]
