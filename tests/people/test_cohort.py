from collections.abc import Callable
from pathlib import Path

import pytest

from models.cohorts import Channel, Cohorts
from models.errors import BadInputError
from people.cohort import PeopleText, kept_cohorts, read_cohorts
from people.roster import open_roster
from tests.people.conftest import HEAD, Store

Written = Callable[[str, str | bytes], Path]
RULES = read_cohorts()
TEXTS = [
    PeopleText("eu-gdpr-34", "EU", form, language)
    for form in ("letter", "email", "guardian")
    for language in ("de", "en")
] + [PeopleText("us-ca-individuals", "US-CA", "letter", "en"), PeopleText("us-hipaa-404", "US", "letter", "en")]
PEOPLE = (
    "given_name,family_name,birth_date,email,phone,street,city,postcode,country,subdivision,language,identifier,status\n"
    "Ann,Lee,1980-01-01,ann@x.example,,Weg 1,Berlin,10115,DE,,,C1,\n"  # e-mail first, the country's language
    "Bo,Lee,1981-01-01,bo@x.example,,,,,FR,,pt-BR,C2,\n"  # no Portuguese: the first there is
    "Cy,Lee,2020-01-01,cy@x.example,,Weg 1,Berlin,10115,DE,,de,C3,\n"  # a minor: on paper first
    "Di,Lee,1980-01-01,di@x.example,,1 Elm,Fresno,93701,US,CA,,C4,\n"  # California before the whole country
    "Ed,Lee,1980-01-01,,,1 Elm,Reno,89501,US,NV,,C5,\n"
    "Flo,Lee,1980-01-01,flo@x.example,,,,,,,,C6,\n"
    "Gus,Lee,1980-01-01,gus@x.example,,,,,BR,,,C7,\n"
    "Hal,Lee,1980-01-01,,,,,,DE,,,C8,\n"
    "Ida,Lee,1940-01-01,ida@x.example,,,,,DE,,,C9,dead\n"
)  # fmt: skip


def test_everybody_is_in_one_cohort_or_unreached_with_the_reason(store: Store, written: Written) -> None:
    store.load(written("a.csv", PEOPLE))

    assigned, found = store.assign(RULES, TEXTS)

    assert found == {
        "Ann Lee": ("everybody", "eu-gdpr-34:email", "de", "email", "post"),
        "Bo Lee": ("everybody", "eu-gdpr-34:email", "de", "email"),
        "Cy Lee": ("minors", "eu-gdpr-34:guardian", "de", "post", "email"),
        "Di Lee": ("everybody", "us-ca-individuals:letter", "en", "post"),
        "Ed Lee": ("everybody", "us-hipaa-404:letter", "en", "post"),
        "Flo Lee": "no_place",
        "Gus Lee": "no_text",
        "Hal Lee": "no_address",
        "Ida Lee": ("everybody", "eu-gdpr-34:email", "de", "email"),
    }
    assert (assigned.people, assigned.reached) == (9, 6)
    assert assigned.unreached == {"no_address": 1, "no_place": 1, "no_text": 1}


def told(provision: str, jurisdiction: str, *tells: str) -> PeopleText:
    return PeopleText(provision, jurisdiction, "letter", "en", frozenset(tells))


@pytest.mark.parametrize(
    ("texts", "key", "also", "further"),
    [
        ([told("near", "US-CA", "far"), told("far", "US")], "near", "far", ()),
        ([told("near", "US-CA"), told("far", "US")], "near", None, ("far",)),
        ([told("near", "US-CA"), told("far", "US", "near")], "far", "near", ()),
        (
            [told("first", "US-CA"), told("near", "US-CA", "first"), told("far", "US", "first")],
            "near",
            "first",
            ("far",),
        ),
        ([told("near", "US-CA"), told("far", "US", "next"), told("next", "US")], "near", None, ("far next",)),
        ([told("near", "US-CA"), told("elsewhere", "US-TX", "near")], "near", None, ()),
    ],
)
def test_somebody_under_two_duties_gets_one_text_that_tells_both_or_two(
    store: Store, written: Written, texts: list[PeopleText], key: str, also: str | None, further: tuple[str, ...]
) -> None:
    store.load(written("a.csv", "name,street,city,postcode,country,subdivision\nDi Lee,1 Elm,Fresno,93701,US,CA\n"))

    assigned, _ = store.assign(RULES, texts)

    [group] = assigned.groups
    assert (group.text_key, group.also, tuple(group.further)) == (f"{key}:letter", also, further)


def rules(*cohorts: dict[str, object], **more: object) -> Cohorts:
    named = [{"name": f"c{at}", "channels": ["email", "post"], **cohort} for at, cohort in enumerate(cohorts)]
    return Cohorts.model_validate({"cohorts": named, **more})


@pytest.mark.parametrize(
    ("who", "taken"),
    [
        ({"jurisdictions": ["EU"]}, {"Ann", "Bo", "Cy", "Hal", "Ida"}),
        ({"jurisdictions": ["US-CA", "BR"]}, {"Di", "Gus"}),
        ({"minor": True}, {"Cy"}),
        ({"minor": False, "jurisdictions": ["US"]}, {"Di", "Ed"}),
        ({"language": ["pt"]}, {"Bo"}),
        ({"reachable": ["post"], "jurisdictions": ["DE"]}, {"Ann", "Cy"}),
        ({"duty": False}, {"Flo", "Gus"}),
        ({"categories": ["health"]}, set()),
        ({"relationship": ["employee"]}, set()),
    ],
)
def test_a_rule_takes_whom_it_names(store: Store, written: Written, who: dict[str, object], taken: set[str]) -> None:
    store.load(written("a.csv", PEOPLE))

    _, found = store.assign(rules({"who": who}), TEXTS)

    fitting = {str(name).split()[0] for name, where in found.items() if where != "no_cohort"}
    assert fitting == taken


def test_a_cohort_may_name_the_duty_whose_text_it_gets(store: Store, written: Written) -> None:
    store.load(written("a.csv", PEOPLE))

    _, found = store.assign(rules({"provision": "us-hipaa-404"}), TEXTS)

    assert found["Di Lee"] == ("c0", "us-hipaa-404:letter", "en", "email", "post")
    assert found["Flo Lee"] == ("c0", "us-hipaa-404:letter", "en", "email")  # nobody knows where she lives


def test_suppressed_people_are_left_out_and_counted(store: Store, written: Written) -> None:
    store.load(written("a.csv", PEOPLE), keep=["status"])
    marked = rules({}, suppress={"deceased": {"column": "status", "values": ["dead"]}})

    assigned, found = store.assign(
        marked,
        TEXTS,
        law_enforcement_hold=written("hold.csv", "email\nBO@x.example\nnobody@x.example\n"),
        under_investigation=written("staff.csv", "identifier,name\nC4,Di Lee\nC5,Somebody Else\n"),
        opted_for_other_channel=written("opted.csv", "identifier,channel\nC1,post\nC3,\n"),
    )

    assert [found[name] for name in ("Ida Lee", "Bo Lee", "Di Lee")] == [
        "deceased",
        "law_enforcement_hold",
        "under_investigation",
    ]
    assert found["Ann Lee"] == ("c0", "eu-gdpr-34:letter", "de", "post", "email")
    assert found["Cy Lee"] == ("c0", "eu-gdpr-34:letter", "de", "post")  # whom no e-mail is to be sent
    assert assigned.unreached["deceased"] == 1


def test_an_entry_that_fits_several_people_suppresses_nobody(store: Store, written: Written) -> None:
    store.load(written("a.csv", HEAD + "Ann,Lee,,x@x.example,,,,,DE\nBob,Lee,,x@x.example,,,,,DE\n"))

    with pytest.raises(BadInputError, match=r"dead\.csv:2: fits 2 people; add a column `name`"):
        store.assign(RULES, TEXTS, deceased=written("dead.csv", "email\nx@x.example\n"))
    assert (
        store.assign(RULES, TEXTS, deceased=written("dead.csv", "email,name\nx@x.example,bob LEE\n"))[1]["Bob Lee"]
        == "deceased"
    )


def test_a_mark_on_a_row_that_was_merged_counts_for_the_person(store: Store, written: Written) -> None:
    row = "Ann,Lee,1980-02-03,a@x.example,,,,,DE"
    store.load(written("a.csv", HEAD.strip() + f",status\n{row},\n{row},dead\n"), keep=["status"])
    marked = rules({}, suppress={"deceased": {"column": "status", "values": ["DEAD"]}})

    assert store.assign(marked, TEXTS)[1] == {"Ann Lee": "deceased"}


def test_the_first_wave_has_somebody_of_each_cohort_and_language(store: Store, written: Written) -> None:
    rows = "".join(
        f"N{chr(97 + n // 26)}{chr(97 + n % 26)},Lee,,n{n}@x.example,,,,,{'DE' if n % 50 else 'US'}\n"
        for n in range(200)
    )
    store.load(written("a.csv", HEAD + rows))

    store.assign(rules({}, waves={"first_percent": 5}), TEXTS, keep=True)

    assert store.rows("SELECT language, wave, count(*) FROM assignment GROUP BY ALL ORDER BY ALL") == [
        ("de", "first", 10), ("de", "rest", 186), ("en", "first", 1), ("en", "rest", 3)
    ]  # fmt: skip


def test_what_was_accepted_is_kept_with_its_rules_until_other_people_come(store: Store, written: Written) -> None:
    store.load(written("a.csv", PEOPLE))
    store.assign(RULES, TEXTS, keep=True)

    with open_roster(store.folder, store.key, read_only=True) as roster:
        assert kept_cohorts(roster) == RULES
        assert kept_cohorts(roster).cohort("everybody").form(Channel.EMAIL) == "email"
    assert store.rows("SELECT count(*) FROM assignment") == [(6,)]
    store.load(written("b.csv", HEAD + "Zoe,Ha,,z@x.example,,,,,DE\n"))
    with open_roster(store.folder, store.key, read_only=True) as roster, pytest.raises(BadInputError, match="--accept"):
        kept_cohorts(roster)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("cohorts: []\n", r"cohorts\.yaml:1: cohorts: "),
        ("cohorts:\n- name: a\n  channels: [email]\n  hwo: {}\n", r"cohorts\.yaml:4: unknown key 'cohorts\.0\.hwo'; did you mean 'who'\?"),
        ("cohorts:\n- name: a\n  channels: [fax]\n", r"cohorts\.yaml:3: cohorts\.0\.channels\.0: unknown word 'fax'"),
        ("cohorts:\n- {name: a, channels: [email, email]}\n", r"yaml:2: .*a channel stands twice"),
        ("cohorts:\n- {name: a, channels: [email]}\n- {name: b, channels: [post]}\n", "'a' takes everybody, so nobody reaches 'b'"),
        ("cohorts:\n- {name: a, who: {minor: true}, channels: [email]}\n- {name: a, channels: [post]}\n", "two cohorts are called 'a'"),
        ("cohorts:\n- {name: a, channels: [email]}\nseeds:\n- {name: us, email: \"a@b.example\\nBcc: c@d.example\"}\n", r"yaml:4: seeds\.0\.email"),
        ("cohorts:\n- {name: a, channels: [email]}\nseeds:\n- {name: us}\n", r"yaml:4: .*'us' has no address"),
        ("cohorts:\n- {name: a, channels: [email]}\nsuppress:\n  dead: {column: x, values: [y]}\n", r"yaml:4: .*did you mean 'deceased'"),
    ],
)  # fmt: skip
def test_rules_that_cannot_hold_are_told_with_their_line(written: Written, content: str, complaint: str) -> None:
    with pytest.raises(BadInputError, match=complaint):
        read_cohorts(written("cohorts.yaml", content))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("who\nAnn\n", r"list\.csv: no column is called id, identifier or email"),
        ("email,reason\na@x.example,x\n", r"list\.csv: unknown column 'reason'"),
        ("email,channel\na@x.example,fax\n", r"list\.csv:2: unknown channel 'fax'"),
        ("email,name\n,Ann Lee\n", r"list\.csv:2: no id, identifier or email"),
    ],
)
def test_a_list_that_cannot_be_used_is_told_with_its_line(
    store: Store, written: Written, content: str, complaint: str
) -> None:
    store.load(written("a.csv", PEOPLE))

    with pytest.raises(BadInputError, match=complaint):
        store.assign(RULES, TEXTS, deceased=written("list.csv", content))
