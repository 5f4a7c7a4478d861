from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.condition import FACT_WORDS, Answer, ConditionError, Threshold, all_of, any_of, parse_condition
from models.report import Report
from models.vocabulary import Attribute, Category, Cause, Circumstance, Effect, Kind, Relationship, Role, Sector

VALUES = (True, False, None)


@dataclass(frozen=True)
class Facts:
    report: Report


def ask(condition: object, **facts: object) -> Answer:
    report = Report.model_validate({"title": "x", **facts})
    return parse_condition(condition, FACT_WORDS)(Facts(report))


def told(name: str, value: bool | None) -> Answer:
    return Answer(value, (f"{name} is {value}",), (name,) if value is None else ())


# Three values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), list(product(VALUES, VALUES)))
def test_and_is_no_if_either_is_no_and_yes_only_if_both_are(first: bool | None, second: bool | None) -> None:
    expected = False if False in (first, second) else None if None in (first, second) else True

    assert all_of([told("a", first), told("b", second)]).value is expected


@pytest.mark.parametrize(("first", "second"), list(product(VALUES, VALUES)))
def test_or_is_yes_if_either_is_yes_and_no_only_if_both_are(first: bool | None, second: bool | None) -> None:
    expected = True if True in (first, second) else None if None in (first, second) else False

    assert any_of([told("a", first), told("b", second)]).value is expected


@pytest.mark.parametrize(("value", "expected"), [(True, False), (False, True), (None, None)])
def test_not_turns_an_answer_round_and_leaves_the_unknown_unknown(value: bool | None, expected: bool | None) -> None:
    condition = {"records": {"at_least": 10}}
    records = {True: 10, False: 9, None: None}[value]

    assert ask(condition, records=records).value is value
    assert ask({"not": condition}, records=records).value is expected


def test_nothing_asked_of_nobody_holds() -> None:
    assert all_of([]).value is True
    assert any_of([]).value is False


def test_only_what_settles_the_answer_is_given_as_its_reason() -> None:
    found = all_of([told("a", True), told("b", False), told("c", None)])

    assert found == Answer(False, ("b is False",), ())


def test_an_open_answer_names_every_fact_that_is_missing_once() -> None:
    found = any_of([told("a", None), told("b", False), told("c", None), told("a", None)])

    assert found == Answer(None, ("a is None", "c is None"), ("a", "c"))


# Bounds ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("threshold", "met", "not_met"),
    [
        ({"at_least": 500}, [500, 501], [499, 0]),
        ({"more_than": 500}, [501], [500]),
        ({"fewer_than": 500}, [499, 0], [500]),
        ({"at_most": 500}, [500, 0], [501]),
        ({}, [1], [0]),
    ],
)
def test_a_comparison_is_exact_at_its_edge(threshold: dict[str, int], met: list[int], not_met: list[int]) -> None:
    asked = Threshold.model_validate(threshold)

    assert all(asked.met(count) for count in met)
    assert not any(asked.met(count) for count in not_met)


@given(
    st.sampled_from(["at_least", "more_than", "fewer_than", "at_most"]),
    st.integers(0, 12),
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_a_range_is_decided_exactly_when_every_count_in_it_agrees(name: str, edge: int, least: int, more: int) -> None:
    asked = Threshold.model_validate({name: edge})
    answers = {asked.met(count) for count in range(least, least + more + 1)}

    assert asked.between(least, least + more) is (answers.pop() if len(answers) == 1 else None)


@pytest.mark.parametrize(
    ("threshold", "least", "answer"),
    [
        ({"at_least": 500}, 500, True),
        ({"at_least": 500}, 499, None),
        ({"more_than": 500}, 500, None),
        ({"fewer_than": 500}, 500, False),
        ({"fewer_than": 500}, 0, None),
        ({"at_most": 500}, 501, False),
        ({}, 0, None),
        ({}, 1, True),
    ],
)
def test_a_count_without_an_upper_end_decides_what_its_lower_end_decides(
    threshold: dict[str, int], least: int, answer: bool | None
) -> None:
    assert Threshold.model_validate(threshold).between(least, None) is answer


def test_two_comparisons_at_once_are_refused() -> None:
    with pytest.raises(ConditionError, match="give one comparison, not at_least and at_most"):
        parse_condition({"records": {"at_least": 1, "at_most": 3}}, FACT_WORDS)


# People ---------------------------------------------------------------------------------------------------------------

CALIFORNIA: Mapping[str, object] = {"people": {"in": "US-CA", "more_than": 500}}


@pytest.mark.parametrize(
    ("people", "answer", "missing"),
    [
        (None, None, ("people",)),
        ([], False, ()),
        ([{"jurisdiction": "US-CA", "count": 501}], True, ()),
        ([{"jurisdiction": "US-CA", "count": 500}], False, ()),
        ([{"jurisdiction": "US-CA", "count": 300}, {"jurisdiction": "US-CA", "count": 201}], True, ()),
        ([{"jurisdiction": "US-NY", "count": 9000}], False, ()),
        ([{"jurisdiction": "US-CA"}], None, ("people[0].count",)),
        ([{"jurisdiction": "US-CA", "count": 501}, {"jurisdiction": "US-CA"}], True, ()),
        ([{"jurisdiction": "US", "count": 501}], None, ("people[0].jurisdiction",)),
        ([{"jurisdiction": "US", "count": 500}], False, ()),
        ([{"jurisdiction": "US-CA", "count": 400}, {"jurisdiction": "US", "count": 100}], False, ()),
        (
            [{"jurisdiction": "US-CA", "count": 400}, {"jurisdiction": "US", "count": 101}],
            None,
            ("people[1].jurisdiction",),
        ),
        ([{"jurisdiction": "US"}], None, ("people[0].jurisdiction", "people[0].count")),
    ],
)
def test_people_are_counted_as_far_as_they_are_known(
    people: list[dict[str, object]] | None, answer: bool | None, missing: tuple[str, ...]
) -> None:
    found = ask(CALIFORNIA, people=people)

    assert (found.value, found.missing) == (answer, missing)


def test_people_of_one_kind_only_are_counted_when_the_question_asks_for_them() -> None:
    patients = {"people": {"in": "FR", "at_least": 10, "relationship": "patient"}}

    assert ask(patients, people=[{"jurisdiction": "FR", "count": 10, "relationship": "patient"}]).value is True
    assert ask(patients, people=[{"jurisdiction": "FR", "count": 10, "relationship": "employee"}]).value is False
    unknown = ask(patients, people=[{"jurisdiction": "FR", "count": 10}])
    assert (unknown.value, unknown.missing) == (None, ("people[0].relationship",))


def test_minors_are_counted_when_the_question_asks_for_them() -> None:
    minors = {"people": {"in": "", "minors": True}}

    assert ask(minors, people=[{"jurisdiction": "FR", "count": 3, "minors": True}]).value is True
    assert ask(minors, people=[{"jurisdiction": "FR", "count": 3, "minors": False}]).value is False
    assert ask(minors, people=[{"jurisdiction": "FR", "count": 3}]).missing == ("people[0].minors",)


def test_the_fullest_state_is_what_a_threshold_for_one_state_asks_about() -> None:
    asked = {"people": {"in_one_part_of": "US", "more_than": 500}}

    spread = [{"jurisdiction": "US-CA", "count": 300}, {"jurisdiction": "US-NY", "count": 300}]
    assert ask(asked, people=spread).value is False
    assert ask(asked, people=[*spread, {"jurisdiction": "US-NY", "count": 201}]).value is True
    assert ask(asked, people=[*spread, {"jurisdiction": "US", "count": 500}]).value is None
    unlocated = ask(asked, people=[{"jurisdiction": "US", "count": 501}])
    assert (unlocated.value, unlocated.missing) == (None, ("people[0].jurisdiction",))
    assert unlocated.reasons == ("0 or more affected people in one part of US (more than 500 asked)",)
    assert ask(asked, people=[{"jurisdiction": "US", "count": 500}]).value is False
    assert ask(asked, people=[{"jurisdiction": "DE", "count": 9000}]).value is False


def test_an_upper_limit_for_one_state_is_refused_as_it_would_mean_two_things() -> None:
    with pytest.raises(ConditionError, match="in_one_part_of asks after the fullest part; give at_least or more_than"):
        parse_condition({"people": {"in_one_part_of": "US", "fewer_than": 500}}, FACT_WORDS)


# The other questions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "facts", "answer"),
    [
        ({"kind": "ransomware"}, {"kind": "ransomware"}, True),
        ({"kind": ["ransomware", "exfiltration"]}, {"kind": "exfiltration"}, True),
        ({"kind": "ransomware"}, {"kind": "other"}, False),
        ({"kind": "ransomware"}, {}, None),
        ({"effect": "availability"}, {"effects": ["confidentiality"]}, False),
        ({"effect": "availability"}, {}, None),
        ({"sector": "health"}, {"organisation": {"sectors": ["health", "retail"]}}, True),
        ({"attribute": "us_listed"}, {"organisation": {"attributes": []}}, False),
        ({"attribute": "us_listed"}, {}, None),
        ({"circumstance": "remote_wiped"}, {}, False),
        ({"circumstance": "remote_wiped"}, {"circumstances": ["remote_wiped"]}, True),
        ({"role": "processor"}, {"organisation": {"role": "controller"}}, False),
        ({"happened": "aware_at"}, {"times": {"aware_at": "2026-03-02T09:00:00Z"}}, True),
        ({"happened": "aware_at"}, {}, None),
        ({"records": {"at_least": 4000}}, {"records": 4000}, True),
        ({"always": True}, {}, True),
        ({"established": "EU"}, {"organisation": {"establishments": ["FR"]}}, True),
        ({"established": "EU"}, {"organisation": {"establishments": ["US"], "country": "US"}}, False),
        ({"established": "EU"}, {"organisation": {"establishments": ["US"]}}, None),
        ({"established": "EU"}, {}, None),
        ({"established": "US-NY"}, {"organisation": {"establishments": ["US"], "country": "US"}}, None),
        ({"acquired": True}, {"circumstances": ["exfiltration_confirmed"]}, True),
        ({"acquired": False}, {"circumstances": ["exfiltration_confirmed"]}, False),
        ({"acquired": True}, {"cause": "malicious_external", "effects": ["availability"]}, None),
        (
            {"acquired": True},
            {"cause": "malicious_external", "effects": ["availability"], "circumstances": ["exfiltration_excluded"]},
            False,
        ),
        ({"acquired": True}, {"cause": "accidental", "effects": ["availability"]}, False),
        ({"data": {"any_of": ["health"]}}, {"data": [{"category": "health"}]}, True),
        ({"data": {"any_of": ["health"]}}, {"data": [{"category": "name"}]}, False),
        ({"data": {"any_of": ["health"]}}, {}, None),
        ({"data": {"any_of": ["health"], "readable": True}}, {"data": [{"category": "health"}]}, None),
        (
            {"data": {"any_of": ["health"], "readable": True}},
            {"data": [{"category": "health", "encrypted": False}]},
            True,
        ),
        (
            {"data": {"any_of": ["health"], "readable": True}},
            {"data": [{"category": "health", "encrypted": True, "key_compromised": False}]},
            False,
        ),
        (
            {"data": {"any_of": ["health"], "readable": True}},
            {"data": [{"category": "health", "encrypted": True, "key_compromised": True}]},
            True,
        ),
        ({"data": {"any_of": ["passport"], "together_with": ["name"]}}, {"data": [{"category": "passport"}]}, False),
        (
            {"data": {"any_of": ["passport"], "together_with": ["name"]}},
            {"data": [{"category": "passport"}, {"category": "name"}]},
            True,
        ),
    ],
)
def test_a_question_answers_from_the_facts(
    condition: dict[str, object], facts: dict[str, object], answer: bool | None
) -> None:
    found = ask(condition, **facts)

    assert found.value is answer
    assert found.reasons or condition == {"always": True}
    assert bool(found.missing) is (answer is None)


@pytest.mark.parametrize(
    ("condition", "complaint", "location"),
    [
        ({"pepole": {"in": "FR"}}, "unknown condition 'pepole'; did you mean 'people'?", ("pepole",)),
        ({"kind": "ransomwear"}, "unknown word 'ransomwear'; did you mean 'ransomware'?", ("kind", 0)),
        ({"happened": "aware"}, "'aware' is not a field of `times`; did you mean 'aware_at'?", ("happened",)),
        ({"all": []}, "'all' takes a list of conditions", ("all",)),
        ({"all": {"kind": "other"}}, "'all' takes a list of conditions", ("all",)),
        ({"kind": "other", "cause": "accidental"}, "a condition is one word with its argument", ()),
        ("kind", "a condition is one word with its argument", ()),
        ({"people": {"in": "FR", "over": 3}}, "unknown key 'over'; known are at_least, more_than", ("people",)),
        ({"always": "maybe"}, "always: Input should be a valid boolean", ("always",)),
        (
            {"all": [{"any": [{"not": {"sector": "helth"}}]}]},
            "unknown word 'helth'; did you mean 'health'?",
            ("all", 0, "any", 0, "not", "sector", 0),
        ),
    ],
)
def test_a_condition_outside_the_vocabulary_is_refused_at_its_place(
    condition: object, complaint: str, location: tuple[str | int, ...]
) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_condition(condition, FACT_WORDS)

    assert complaint in str(caught.value)
    assert caught.value.location == location


# Deciding what was unknown never contradicts what was decided ----------------------------------------------------------

PLACES = st.sampled_from(["FR", "NO", "US", "US-CA", "US-NY"])
PARTS = {"US": ["US-CA", "US-NY", "US-TX"]}


def listed(words: Any) -> Any:  # Any: hypothesis strategies of any enum
    return st.lists(st.sampled_from([word.value for word in words]), min_size=1, max_size=2, unique=True)


THRESHOLDS = st.one_of(
    st.just({}),
    st.builds(
        lambda name, edge: {name: edge},
        st.sampled_from(["at_least", "more_than", "fewer_than", "at_most"]),
        st.integers(0, 6),
    ),
)
QUESTIONS = st.one_of(
    st.builds(lambda words: {"kind": words}, listed(list(Kind)[:3])),
    st.builds(lambda words: {"cause": words}, listed(Cause)),
    st.builds(lambda words: {"effect": words}, listed(Effect)),
    st.builds(lambda words: {"role": words}, listed(Role)),
    st.builds(lambda words: {"sector": words}, listed(list(Sector)[:3])),
    st.builds(lambda words: {"attribute": words}, listed(list(Attribute)[:3])),
    st.builds(lambda places: {"established": places}, st.sampled_from(["EU", "FR", "US", "US-CA"])),
    st.builds(lambda value: {"acquired": value}, st.booleans()),
    st.builds(lambda asked: {"records": asked}, THRESHOLDS),
    st.builds(lambda name: {"happened": name}, st.just("contained_at")),
    st.builds(
        lambda place, asked: {"people": {"in": place, **asked}}, st.sampled_from(["", "EU", "US", "US-CA"]), THRESHOLDS
    ),
    st.builds(
        lambda name, edge: {"people": {"in_one_part_of": "US", name: edge}},
        st.sampled_from(["at_least", "more_than"]),
        st.integers(0, 6),
    ),
    st.builds(lambda asked: {"people": {"in": "US", "minors": True, **asked}}, THRESHOLDS),
    st.builds(lambda asked: {"people": {"in": "FR", "relationship": "patient", **asked}}, THRESHOLDS),
    st.builds(
        lambda words, beside, readable: {"data": {"any_of": words, "together_with": beside, "readable": readable}},
        listed(list(Category)[:3]),
        st.sampled_from([[], ["name"]]),
        st.booleans(),
    ),
)
CONDITIONS = st.recursive(
    QUESTIONS,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=4,
)


def maybe(strategy: Any) -> Any:  # Any: hypothesis strategies of any kind
    return st.none() | strategy


REPORTS = st.fixed_dictionaries(
    {
        "title": st.just("x"),
        "kind": maybe(st.sampled_from([kind.value for kind in list(Kind)[:3]])),
        "cause": maybe(st.sampled_from([cause.value for cause in Cause])),
        "effects": maybe(listed(Effect)),
        "records": maybe(st.integers(0, 6)),
        "times": st.fixed_dictionaries({"contained_at": maybe(st.just("2026-03-02T09:00:00Z"))}),
        "circumstances": st.sampled_from([[], ["exfiltration_excluded"], ["exfiltration_confirmed"]]),
        "organisation": st.fixed_dictionaries(
            {
                "role": maybe(st.sampled_from([role.value for role in Role])),
                "country": maybe(st.sampled_from(["FR", "US"])),
                "subdivision": st.none(),
                "establishments": maybe(st.lists(PLACES, max_size=2)),
                "sectors": maybe(listed(list(Sector)[:3])),
                "attributes": maybe(listed(list(Attribute)[:3])),
            }
        ),
        "people": maybe(
            st.lists(
                st.fixed_dictionaries(
                    {
                        "jurisdiction": PLACES,
                        "count": maybe(st.integers(0, 4)),
                        "minors": maybe(st.booleans()),
                        "relationship": maybe(st.sampled_from([Relationship.PATIENT.value, Relationship.USER.value])),
                    }
                ),
                max_size=3,
            )
        ),
        "data": maybe(
            st.lists(
                st.fixed_dictionaries(
                    {
                        "category": st.sampled_from([category.value for category in list(Category)[:3]]),
                        "encrypted": maybe(st.booleans()),
                        "key_compromised": maybe(st.booleans()),
                    }
                ),
                max_size=2,
            )
        ),
    }
)


def found_out(known: Any, truth: Any, draw: Any) -> Any:  # Any: plain JSON, and hypothesis's own draw
    """`known` with some of what is not known replaced by what `truth` has there."""
    if isinstance(known, dict):
        return {
            key: found_out(item, truth.get(key) if isinstance(truth, dict) else None, draw)
            for key, item in known.items()
        }
    if isinstance(known, list) and known and isinstance(known[0], dict):
        first = truth[0] if isinstance(truth, list) and truth else {}
        return [located(found_out(item, first, draw), draw) for item in known]
    return truth if known is None and draw(st.booleans()) else known


def located(group: dict[str, Any], draw: Any) -> dict[str, Any]:  # Any: as above
    """A group whose country is known, with the part of it now known too; a listed group is somebody."""
    parts = PARTS.get(group.get("jurisdiction", ""))
    if parts and draw(st.booleans()):
        group = {**group, "jurisdiction": draw(st.sampled_from(parts))}
    return group


@settings(max_examples=400, deadline=None)
@given(CONDITIONS, REPORTS, REPORTS, st.data())
def test_what_is_found_out_later_never_contradicts_what_was_decided(
    condition: dict[str, object], known: dict[str, Any], truth: dict[str, Any], data: st.DataObject
) -> None:
    asked = parse_condition(condition, FACT_WORDS)
    later = found_out(known, truth, data.draw)
    # A group that is listed without a number is somebody: finding out "nobody" takes the group back.
    for group, was in zip(later["people"] or [], known["people"] or [], strict=False):
        if was["count"] is None and group["count"] == 0:
            group["count"] = 1

    before = asked(Facts(Report.model_validate(known))).value
    after = asked(Facts(Report.model_validate(later))).value

    assert before is None or after is before


@settings(max_examples=200, deadline=None)
@given(CONDITIONS, REPORTS)
def test_an_open_answer_always_names_what_would_decide_it_and_a_settled_one_never(
    condition: dict[str, object], facts: dict[str, Any]
) -> None:
    found = parse_condition(condition, FACT_WORDS)(Facts(Report.model_validate(facts)))

    assert bool(found.missing) is (found.value is None)


@pytest.mark.parametrize("word", ["all", "any", "not"])
def test_no_question_takes_the_name_of_a_connective(word: str) -> None:
    assert word not in FACT_WORDS


def test_a_circumstance_that_is_not_listed_is_not_established() -> None:
    for circumstance in Circumstance:
        assert ask({"circumstance": circumstance.value}).value is False
