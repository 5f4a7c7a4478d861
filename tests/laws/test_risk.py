"""Breaches of the kinds that authorities have published, and what an authority would expect of each.

Told in our own words. `none` is the register alone, `authority` adds the notice of Art. 33, `both` that of Art. 34.
"""

from datetime import date
from typing import Any

import pytest

from laws.assess import assess
from laws.law import Laws
from laws.question import Facts
from laws.risk import RiskMethod, risk_answer, risk_of
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
    # And as others would try it
    # Ransomware and outages
    ("both", "clients' files of a law firm taken, held to ransom and put on a leak site",
     told("ransomware", OUTSIDE, CA, items("name", "contact", "criminal_record", "communications"), people(300), "exfiltration_confirmed", "publicly_exposed", "ransom_demanded", sector="legal")),
    ("authority", "900 business contacts encrypted, restored in two hours, an unexplained spike of outgoing traffic",
     told("ransomware", OUTSIDE, A, items("name", "contact"), people(900), "backup_restored_promptly")),
    ("both", "payroll of 450 employees encrypted together with its backup, nobody can say what left",
     told("ransomware", OUTSIDE, A, items("name", "contact", "national_id", "financial_account", "employment"), people(450, "employee"))),
    ("authority", "health data encrypted and restored within hours, and the logs exclude that anything left",
     told("ransomware", OUTSIDE, A, items("name", "contact", "health"), people(2500, "patient"), "backup_restored_promptly", "exfiltration_excluded", "access_log_reviewed", sector="health")),
    ("both", "wrong balances of a bank were used for transfers",
     told("destruction_or_outage", MISTAKE, "integrity", items("name", "financial_account"), people(30000), "data_altered_and_used", "service_disrupted", sector="banking")),
    ("both", "allergies altered by a fault were used in prescriptions",
     told("destruction_or_outage", MISTAKE, "integrity", items("name", "health"), people(60, "patient", vulnerable=True), "data_altered_and_used", sector="health")),
    ("authority", "a fire took the only leaving certificates of a school",
     told("destruction_or_outage", MISTAKE, A, items("name", "education"), people(3000, "student"), "data_unrecoverable", sector="education")),
    ("both", "a fire took the only files of patients in treatment",
     told("destruction_or_outage", MISTAKE, A, items("name", "health"), people(3000, "patient", vulnerable=True), "data_unrecoverable", "service_disrupted", sector="health")),
    ("none", "a mail server out for four hours, with a backup",
     told("destruction_or_outage", MISTAKE, A, items("name", "contact", "communications"), people(500), "backup_available")),
    ("both", "health data of 40,000 customers of a pharmacy taken",
     told("ransomware", OUTSIDE, CA, items("name", "contact", "health"), people(40000), "exfiltration_confirmed", sector="health")),
    ("authority", "staff contacts encrypted by an intruder who held the key of the disk",
     told("ransomware", OUTSIDE, A, [{"category":c, "encrypted":True, "key_compromised":True} for c in ("name", "contact")], people(40, "employee"), "backup_restored_promptly")),
    ("both", "a town's register of benefits lost without a backup",
     told("ransomware", OUTSIDE, A, items("name", "contact", "national_id", "financial_account"), people(9000, "citizen", vulnerable=True), "service_disrupted", sector="government")),
    # Exfiltration
    ("both", "5,000 shop accounts entered, passwords not reset yet",
     told("credential_attack", OUTSIDE, C, items("name", "contact", "behavioural"), people(5000))),
    ("both", "readable passwords and orientations of a dating site published",
     told("exfiltration", OUTSIDE, C, items("contact", "credentials", "sex_life"), people(30000, "user"), "exfiltration_confirmed", "publicly_exposed", sector="media")),
    ("both", "birth dates and pictures of 700 pupils taken",
     told("exfiltration", OUTSIDE, C, items("name", "date_of_birth", "biometric", "education"), people(700, "student", minors=True), "exfiltration_confirmed", sector="education")),
    ("both", "14,000 profiles of a genetic test taken through reused passwords",
     told("credential_attack", OUTSIDE, C, items("name", "genetic", "race_or_ethnicity"), people(14000, "user"), "exfiltration_confirmed")),
    ("both", "cards with their codes of four customers skimmed",
     told("web_skimming", OUTSIDE, C, items("name", "payment_card_with_code"), people(4), "exfiltration_confirmed")),
    ("both", "passport scans from a mailbox were used to open accounts",
     told("social_engineering", OUTSIDE, C, items("name", "passport", "financial_account"), people(15), "exfiltration_confirmed", "misuse_observed")),
    ("both", "an intruder sat in a personnel mailbox for three weeks",
     told("social_engineering", OUTSIDE, C, items("name", "contact", "health", "employment", "communications"), people(300, "employee"))),
    ("authority", "an intruder was in a sales mailbox for ten minutes",
     told("social_engineering", OUTSIDE, C, items("name", "contact"), people(80), "credentials_reset")),
    ("both", "numbers of 80 employees taken at a payroll provider",
     told("third_party", OUTSIDE, C, items("name", "national_id", "financial_account"), people(80, "employee"), "exfiltration_confirmed")),
    ("both", "patients' pictures of a plastic surgery taken and held to ransom",
     told("exfiltration", OUTSIDE, C, items("name", "health", "biometric"), people(90, "patient"), "exfiltration_confirmed", "ransom_demanded", sector="health")),
    ("both", "cards with codes of a loyalty app on a forum",
     told("exfiltration", OUTSIDE, C, items("contact", "payment_card_with_code"), people(700), "exfiltration_confirmed", "publicly_exposed")),
    ("authority", "e-mail addresses of 80,000 readers taken",
     told("exfiltration", OUTSIDE, C, items("contact"), people(80000, "user"), "exfiltration_confirmed")),
    ("both", "birth dates and addresses of 600,000 people sold",
     told("exfiltration", OUTSIDE, C, items("name", "contact", "date_of_birth"), people(600000), "exfiltration_confirmed", "publicly_exposed")),
    ("both", "accounts of fifty parents of a nursery taken",
     told("exfiltration", OUTSIDE, C, items("name", "contact", "financial_account"), people(50), "exfiltration_confirmed", sector="education")),
    ("authority", "whereabouts under mere numbers taken from a maker of devices",
     {**told("exfiltration", OUTSIDE, C, items("location"), people(900, "user"), "exfiltration_confirmed"), "identifiability":"limited"}),
    ("both", "callers used a leaked list of 200 customers to cheat them",
     told("third_party", MISTAKE, C, items("name", "contact"), people(200), "misuse_observed")),
    # Lost and stolen, thrown away
    ("both", "a party's members on a plain stick lost in public",
     told("lost_or_stolen_device", MISTAKE, C, items("name", "contact", "political_opinion"), people(2500, "other"))),
    ("none", "an encrypted telephone lost and wiped",
     told("lost_or_stolen_device", MISTAKE, C, items("name", "contact", "communications", encrypted=True), people(150), "remote_wiped")),
    ("authority", "a plain laptop with 400 customers' addresses stolen",
     told("lost_or_stolen_device", OUTSIDE, C, items("name", "contact"), people(400))),
    ("both", "an encrypted laptop stolen with its password on a note in the bag",
     told("lost_or_stolen_device", OUTSIDE, C, [{"category":x, "encrypted":True, "key_compromised":True} for x in ("name", "tax_id", "financial_account")], people(300))),
    ("both", "a plain tape with 12,000 employees' numbers lost by a courier",
     told("lost_or_stolen_device", MISTAKE, C, items("name", "social_security_number", "financial_account"), people(12000, "employee"))),
    ("none", "a list of twenty names of a chess club lost",
     told("lost_or_stolen_paper", MISTAKE, C, items("name"), people(20))),
    ("both", "a disk with clients' tax returns sold on the web",
     told("improper_disposal", MISTAKE, C, items("name", "tax_id", "financial_account", "contact"), people(900), "unknown_recipients")),
    ("both", "patients' files in a public skip, photographed",
     told("improper_disposal", MISTAKE, C, items("name", "health"), people(70, "patient"), "publicly_exposed", sector="health")),
    ("none", "a driver's list of forty addresses found at once by a colleague",
     told("lost_or_stolen_paper", MISTAKE, C, items("name", "contact"), people(40), "data_recovered_unread")),
    ("none", "a safe with an encrypted copy stolen, the data still at hand",
     told("lost_or_stolen_device", OUTSIDE, CA, items("name", "health", encrypted=True), people(9000, "patient"), "backup_available", sector="health")),
    ("authority", "a safe with the encrypted only copy stolen",
     told("lost_or_stolen_device", OUTSIDE, CA, items("name", "education", encrypted=True), people(300, "student"), sector="education")),
    ("both", "patients' papers stolen from a doctor's car",
     told("lost_or_stolen_paper", OUTSIDE, CA, items("name", "contact", "health"), people(12, "patient", vulnerable=False), sector="health")),
    ("both", "a judge's papers with statements of victims left in a train",
     told("lost_or_stolen_paper", MISTAKE, CA, items("name", "contact", "sex_life", "criminal_record"), people(6, "citizen", vulnerable=True), sector="government")),
    # Misdirected
    ("authority", "payslips of three employees put into the wrong pigeonholes",
     told("misdirected_message", MISTAKE, C, items("name", "financial_account", "employment"), people(3, "employee"), "known_recipients")),
    ("both", "a child protection report sent to the parent it warns of",
     told("misdirected_message", MISTAKE, C, items("name", "contact", "health", "location"), people(2, "citizen", minors=True, vulnerable=True), "known_recipients", sector="government")),
    ("both", "the new address of a victim of violence sent to the former partner",
     told("misdirected_message", MISTAKE, C, items("name", "contact", "location"), people(1, "citizen", vulnerable=True), "known_recipients", sector="government")),
    ("none", "a sick note sent to the wrong colleague in personnel, who deleted it",
     told("misdirected_message", MISTAKE, C, items("name", "health"), people(1, "employee"), "known_recipients", "trusted_recipient", "recipient_confirmed_deletion")),
    ("both", "the addresses of a gay support group in view of all",
     told("misdirected_message", MISTAKE, C, items("name", "contact", "sex_life"), people(60, "other"), "known_recipients", sector="other")),
    ("authority", "a guest list with the nights stayed sent to another hotel",
     told("misdirected_message", MISTAKE, C, items("name", "contact", "location"), people(120), "known_recipients")),
    ("authority", "a newsletter showed 12,000 readers each other's addresses",
     told("misdirected_message", MISTAKE, C, items("name", "contact"), people(12000, "user"), "known_recipients")),
    ("both", "a year's statements sent to another customer who does not answer",
     told("misdirected_message", MISTAKE, C, items("name", "contact", "financial_account"), people(1), "known_recipients", sector="banking")),
    ("both", "a file about a rape sent to a list of journalists",
     told("misdirected_message", MISTAKE, C, items("name", "sex_life", "health"), people(1, "citizen", vulnerable=True), "unknown_recipients", sector="government")),
    ("none", "an encrypted statement sent to the wrong customer, its password apart",
     told("misdirected_message", MISTAKE, C, items("name", "financial_account", encrypted=True), people(1), "known_recipients", sector="banking")),
    # Published and open
    ("authority", "the classes of 700 pupils in view of other parents",
     told("misconfiguration", MISTAKE, C, items("name", "education"), people(700, "student", minors=True), "known_recipients", sector="education")),
    ("none", "what a public register says anyway was put on the web again",
     told("misconfiguration", MISTAKE, C, [{"category":"name", "classification":"public", "encrypted":False}, {"category":"contact", "classification":"public", "encrypted":False}], people(500), "publicly_exposed")),
    ("authority", "invoices of 250 customers reachable by another number in the address, and strangers looked",
     told("misconfiguration", MISTAKE, C, items("name", "contact", "behavioural"), people(250), "unknown_recipients")),
    ("none", "a researcher found a hole, deleted what he saw, and the logs show nobody else",
     told("misconfiguration", MISTAKE, C, items("contact", "name"), people(3000), "trusted_recipient", "recipient_confirmed_deletion", "access_log_reviewed")),
    ("both", "an asylum office published interviews of refugees",
     told("unauthorised_publication", MISTAKE, C, items("name", "contact", "race_or_ethnicity", "political_opinion", "religion"), people(6200, "citizen", vulnerable=True), "publicly_exposed", sector="government")),
    ("both", "names and units of 10,000 officers published in an answer to a request",
     told("unauthorised_publication", MISTAKE, C, items("name", "employment", "location"), people(10000, "employee", vulnerable=True), "publicly_exposed", sector="government")),
    ("authority", "answers of a survey with e-mail addresses on the web for an hour",
     told("unauthorised_publication", MISTAKE, C, items("contact", "other"), people(300), "publicly_exposed")),
    ("authority", "a club's list of members with addresses on the web",
     told("unauthorised_publication", MISTAKE, C, items("name", "contact"), people(90, "other"), "publicly_exposed")),
    ("both", "members and gifts of a church published",
     told("unauthorised_publication", MISTAKE, C, items("name", "religion", "financial_account"), people(400, "other"), "publicly_exposed")),
    ("none", "access rights too wide, and the logs show that nobody used them",
     told("misconfiguration", MISTAKE, C, items("name", "employment", "financial_account"), people(60, "employee"), "access_log_reviewed", "exfiltration_excluded")),
    # Insider
    ("both", "a bank clerk put a former husband's account on a social network",
     told("insider_misuse", INSIDE, C, items("name", "financial_account"), people(1), "publicly_exposed", "misuse_observed", sector="banking")),
    ("both", "an employee of a telephone company sold call records",
     told("insider_misuse", INSIDE, C, items("name", "contact", "communications", "location"), people(800), "exfiltration_confirmed", sector="telecom")),
    ("both", "an officer looked up forty people for private ends and passed it on",
     told("insider_misuse", INSIDE, C, items("name", "contact", "criminal_record"), people(40, "citizen"), "known_recipients", "misuse_observed", sector="government")),
    ("both", "a nurse sold a patient's file to a newspaper",
     told("insider_misuse", INSIDE, C, items("name", "health"), people(1, "patient"), "misuse_observed", "publicly_exposed", sector="health")),
    ("both", "an administrator read the mail of the works council for months",
     told("insider_misuse", INSIDE, C, items("name", "communications", "union_membership"), people(12, "employee"))),
    ("none", "an employee opened what was public anyway",
     told("insider_misuse", INSIDE, C, [{"category":"name", "classification":"public", "encrypted":False}], people(1, "employee"))),
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


METHOD_PARTS = ["factors", "at_most", "at_least", "nothing_at_risk"]


def without(method: RiskMethod, part: str, name: str) -> RiskMethod:
    kept = {each: cases for each, cases in getattr(method, part).items() if each != name}
    return method.model_copy(update={part: kept})


@pytest.mark.parametrize("part", METHOD_PARTS)
def test_no_factor_or_bound_is_idle_in_the_published_cases(laws: Laws, part: str) -> None:
    method = laws.methods.risk
    told_facts = [Facts(Report.model_validate(case)) for _, _, case in CASES]
    before = [risk_of(facts, laws.methods.enisa, method).weight for facts in told_facts]

    for name in getattr(method, part):
        less = without(method, part, name)
        assert [risk_of(facts, laws.methods.enisa, less).weight for facts in told_facts] != before, name


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
        ({"data": items("name", "contact", "national_id", "location"), "people": people(500, minors=True)}, True, "whereabouts of minors"),
        ({"circumstances": ["exfiltration_confirmed"]}, True, "it is confirmed that data were taken"),
        ({"data": items("name", "contact", "national_id", "health")}, True, "DPC 4"),
        ({"identifiability": "limited"}, False, "EI 0.5"),
        ({"cause": MISTAKE}, False, "ENISA 2013 score"),
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

    assert between.weight.low == 2.75
    assert [risk_answer(between, each, tests).value for each in ("harm", "serious_harm", "high")] == [True, True, False]
