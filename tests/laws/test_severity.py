"""The ENISA 2013 score: its formula, its bands, and how the terms are read from facts."""

from typing import Any

import pytest

from laws.law import Laws
from laws.question import Facts
from laws.severity import level_of, score_of, severity_of, severity_reaches, terms_of
from models.duty import Severity
from models.report import Report
from models.vocabulary import Level


def severity(laws: Laws, **facts: Any) -> Severity:  # Any: facts as YAML would hold them
    return severity_of(Facts(Report.model_validate({"title": "A breach", **facts})), laws.methods.enisa)


@pytest.mark.parametrize(
    ("dpc", "ei", "cb", "score", "level"),
    [
        pytest.param(1, 1, 0, 1.0, Level.LOW, id="E1"),
        pytest.param(1, 1, 0.5, 1.5, Level.LOW, id="E2 supermarket list published"),
        pytest.param(1, 1, 0.5 + 0.5, 2.0, Level.MEDIUM, id="E3 the same with malice, on the boundary"),
        pytest.param(3, 0.25, 0.25, 1.0, Level.LOW, id="E4 bookshop list, common names"),
        pytest.param(4, 1, 0.25, 4.25, Level.VERY_HIGH, id="E5 a year of statements"),
        pytest.param(4, 0.75, 0.5 + 0.5, 4.0, Level.VERY_HIGH, id="E6 full card data sold, on the boundary"),
        pytest.param(4, 0.25, 0, 1.0, Level.LOW, id="E7 test results under a code"),
        pytest.param(3, 0.75, 0.5, 2.75, Level.MEDIUM, id="E8 a month of balances"),
        pytest.param(4, 1, 0.5, 4.5, Level.VERY_HIGH, id="E9 health records, ransomware, restored easily"),
        pytest.param(1, 0.25, 0, 0.25, Level.LOW, id="E10 least"),
        pytest.param(4, 1, 2, 6.0, Level.VERY_HIGH, id="E10 most"),
        pytest.param(3, 1, 0, 3.0, Level.HIGH, id="the boundary of high"),
    ],
)
def test_the_formula_and_its_bands(laws: Laws, dpc: int, ei: float, cb: float, score: float, level: Level) -> None:
    assert score_of(dpc, ei, cb) == score
    assert level_of(score, laws.methods.enisa) is level


def test_a_restored_hospital_after_ransomware_scores_4_5(laws: Laws) -> None:
    found = severity(
        laws,
        kind="ransomware",
        cause="malicious_external",
        effects=["availability"],
        data=[{"category": "health", "encrypted": False}],
        identifiability="maximum",
        circumstances=["backup_restored_promptly"],
    )

    assert found.terms == {"dpc": 4, "ei": 1, "cb": 0.5}
    assert (found.score, found.level) == (4.5, Level.VERY_HIGH)
    assert "CB availability 0: the data were restored without difficulty." in found.reasons
    assert "CB malice 0.5: somebody acted on purpose." in found.reasons


PLAIN: dict[str, Any] = {  # Any: facts as YAML would hold them
    "kind": "misdirected_message",
    "cause": "accidental",
    "effects": ["confidentiality"],
    "organisation": {"sectors": ["retail"]},
    "people": [{"jurisdiction": "FR", "count": 20, "relationship": "customer"}],
    "circumstances": ["known_recipients"],
}


@pytest.mark.parametrize(
    ("categories", "dpc"),
    [
        (["name", "contact"], 1),
        (["name", "date_of_birth"], 2),
        (["name", "passport"], 2),
        (["name", "employment"], 2),
        (["location"], 2),
        (["communications"], 3),
        (["location", "behavioural"], 3),
        (["communications", "health"], 4),
        (["financial_account"], 3),
        (["payment_card_with_code"], 4),
        (["health_insurance"], 3),
        (["health_insurance", "health"], 4),
        (["name", "financial_account"], 3),
        (["trade_secret"], 0),
    ],
)
def test_the_context_is_that_of_the_gravest_category(laws: Laws, categories: list[str], dpc: int) -> None:
    data = [{"category": each, "encrypted": False} for each in categories]

    assert severity(laws, **PLAIN, data=data).terms["dpc"] == dpc


def test_a_list_of_patients_says_something_about_their_health(laws: Laws) -> None:
    clinic = PLAIN | {
        "organisation": {"sectors": ["health"]},
        "people": [{"jurisdiction": "FR", "count": 20, "relationship": "patient"}],
    }

    assert severity(laws, **clinic, data=[{"category": "name"}, {"category": "contact"}]).terms["dpc"] == 3


def test_data_that_were_public_already_count_least(laws: Laws) -> None:
    data = [{"category": "political_opinion", "classification": "public", "encrypted": False}]

    assert severity(laws, **PLAIN, data=data).terms["dpc"] == 1


def test_unreadable_data_hardly_identify_anybody(laws: Laws) -> None:
    data = [{"category": "health", "encrypted": True, "key_compromised": False}]

    assert severity(laws, **PLAIN, data=data).terms["ei"] == 0.25


def test_readable_data_beside_unreadable_data_decide_the_context(laws: Laws) -> None:
    data = [
        {"category": "health", "encrypted": True, "key_compromised": False},
        {"category": "name", "encrypted": False},
    ]

    assert severity(laws, **PLAIN, data=data).terms["dpc"] == 1


def test_an_unknown_key_leaves_the_score_open_and_shows_its_upper_end(laws: Laws) -> None:
    report = Report.model_validate({"title": "A breach", **PLAIN, "data": [{"category": "health", "encrypted": True}]})

    terms = terms_of(Facts(report), laws.methods.enisa)

    assert (terms.score.low, terms.score.high) == (1.25, 3.25)
    assert "data[0].key_compromised" in terms.missing
    assert severity_of(Facts(report), laws.methods.enisa).score == 3.25


@pytest.mark.parametrize(
    ("level", "answer"), [(Level.LOW, True), (Level.MEDIUM, None), (Level.HIGH, None), (Level.VERY_HIGH, False)]
)
def test_a_level_is_reached_only_where_the_whole_range_reaches_it(
    laws: Laws, level: Level, answer: bool | None
) -> None:
    report = Report.model_validate({"title": "A breach", **PLAIN, "data": [{"category": "health", "encrypted": True}]})

    found = severity_reaches(Facts(report), level, laws.methods.enisa)

    assert found.value is answer
    assert bool(found.missing) is (answer is None)


def test_nothing_known_is_weighed_at_the_most_and_says_so(laws: Laws) -> None:
    found = severity(laws)

    assert found.level is Level.VERY_HIGH
    assert any(reason.startswith("Not certain yet: from") for reason in found.reasons)


@pytest.mark.parametrize(
    ("circumstances", "cb"),
    [
        ([], 0.25),
        (["publicly_exposed"], 0.5),
        (["publicly_exposed", "data_recovered_unread"], 0),
        (["known_recipients", "data_altered_and_used"], 0.75),
        (["known_recipients", "data_altered_and_used", "data_altered_recoverable"], 0.5),
        (["known_recipients", "data_unrecoverable"], 0.75),
    ],
)
def test_circumstances_add_up(laws: Laws, circumstances: list[str], cb: float) -> None:
    facts = PLAIN | {"circumstances": circumstances}

    assert severity(laws, **facts, data=[{"category": "name"}]).terms["cb"] == cb
