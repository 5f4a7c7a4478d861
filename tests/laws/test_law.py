"""Reading law files: what is refused, with its line; what a folder adds; what the cache may and may not do."""

import json
from datetime import date
from pathlib import Path

import pytest

from laws.law import BUILT_IN, check_laws, load_laws
from models.errors import BadInputError

GOOD = """\
law: xx-example
name: Example statute
jurisdiction: FR
timezone: Europe/Paris
provisions:
  - id: xx-example-authority
    name: Example - authority
    audience: authority
    versions:
      - from: 2020-01-01
        to: 2024-12-31
        citation: Example s.1
        source: https://example.org/old
        checked: 2026-11-23
        confidence: medium
        recipients: [The authority]
        clock: {from: awareness, within: {amount: 5, unit: business_days}}
      - from: 2025-01-01
        citation: Example s.1
        source: https://example.org/new
        checked: 2026-11-23
        confidence: medium
        applies: {people: {in: FR}}
        when: {risk: not_unlikely}
        recipients: [The authority]
        clock: {from: awareness, within: {amount: 72, unit: hours}, rule: reg_1182_71}
        content: [incident_description]
"""


def folder_with(tmp_path: Path, text: str, name: str = "example.yaml") -> Path:
    (tmp_path / name).write_text(text)
    return tmp_path


def test_a_law_of_the_organisations_own_is_found_without_registration(tmp_path: Path) -> None:
    laws = load_laws(folder_with(tmp_path, GOOD))

    law, provision = laws.provision("xx-example-authority")
    assert law.name == "Example statute"
    assert [version.start for version in provision.versions] == [date(2020, 1, 1), date(2025, 1, 1)]
    assert laws.provision("eu-gdpr-33")


def test_a_folder_replaces_a_law_by_its_id(tmp_path: Path) -> None:
    text = GOOD.replace("law: xx-example\n", "law: uk-gdpr\n")

    laws = load_laws(folder_with(tmp_path, text))

    assert laws.provision("xx-example-authority")[0].law == "uk-gdpr"
    with pytest.raises(BadInputError, match="no provision is called 'uk-gdpr-34'"):
        laws.provision("uk-gdpr-34")


def test_a_folder_replaces_an_authority_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "authorities").mkdir()
    text = "list: data_protection\nname: Ours\nsource: us\nchecked: 2026-11-23\nconfidence: high\nauthorities:\n  FR: {name: Our counsel in Paris}\n"

    laws = load_laws(folder_with(tmp_path / "authorities", text).parent)

    assert laws.authorities["data_protection"]["FR"].name == "Our counsel in Paris"
    assert laws.authorities["data_protection"]["ES"].name == "AEPD"


DEFECTS = [
    ("a citation missing", "        citation: Example s.1\n        source: https://example.org/old\n", "        source: https://example.org/old\n", 10, "citation is missing; add it"),
    ("an empty citation", "citation: Example s.1\n        source: https://example.org/old", "citation: ''\n        source: https://example.org/old", 12, "citation"),
    ("a gap", "to: 2024-12-31", "to: 2024-12-30", 6, "no version covers the days between 2024-12-30 and 2025-01-01"),
    ("an overlap", "to: 2024-12-31", "to: 2025-01-01", 6, "the version from 2025-01-01 overlaps the one before it"),
    ("an open end before a later version", "        to: 2024-12-31\n", "", 6, "overlaps"),
    ("an end before the start", "to: 2024-12-31", "to: 2019-12-31", 10, "`to` 2019-12-31 is before `from` 2020-01-01"),
    ("a key twice", "name: Example statute\n", "name: Example statute\nname: Again\n", 3, "the key 'name' stands twice"),
    ("an unknown key", "timezone: Europe/Paris", "timezon: Europe/Paris", 4, "did you mean 'timezone'?"),
    ("an unknown audience", "audience: authority", "audience: autority", 8, "did you mean 'authority'?"),
    ("an unknown word in a condition", "{risk: not_unlikely}", "{risks: not_unlikely}", 24, "unknown condition 'risks'; did you mean 'risk'?"),
    ("an unknown risk test", "{risk: not_unlikely}", "{risk: not_unlikly}", 24, "did you mean 'not_unlikely'?"),
    ("an unknown part of a question", "{people: {in: FR}}", "{people: {in: FR, more_then: 3}}", 23, "people: unknown key 'more_then'; did you mean 'more_than'?"),
    ("people of a place that is not there", "{people: {in: FR}}", "{people: {in: FRX}}", 23, "'FRX' is not an ISO 3166-1 country code; did you mean 'FR'?"),
    ("people of a part that is not there", "{people: {in: FR}}", "{people: {in: US-XX}}", 23, "'US-XX' is not an ISO 3166-2 code"),
    ("an establishment nowhere", "{people: {in: FR}}", "{established: [FR, Frankreich]}", 23, "'Frankreich' is not an ISO 3166-1 country code"),
    ("a jurisdiction that is not there", "jurisdiction: FR", "jurisdiction: QQ", 3, "'QQ' is not an ISO 3166-1 country code"),
    ("authorities of a place that is not there", "recipients: [The authority]\n        clock: {from: awareness, within: {amount: 72", "recipients: {authority_of: affected_states, list: data_protection, in: EUX}\n        clock: {from: awareness, within: {amount: 72", 25, "in: 'EUX' is not an ISO 3166-1"),
    ("a duty that follows itself", "{risk: not_unlikely}", "{duty: {provision: xx-example-authority}}", 6, "duties follow one another in a circle"),
    ("an unknown status", "checked: 2026-11-23", "checked: 2026-11-23\n        status: in_forse", 15, "unknown word 'in_forse'; did you mean 'in_force'?"),
    ("another duty that is not there", "{risk: not_unlikely}", "{duty: {provision: eu-gdpr-333}}", 24, "unknown word 'eu-gdpr-333'; did you mean 'eu-gdpr-33'?"),
    ("an unknown content key", "[incident_description]", "[incident_descripton]", 27, "unknown word 'incident_descripton'; did you mean 'incident_description'?"),
    ("an unknown rule", "rule: reg_1182_71", "rule: reg_1182_72", 26, "unknown rule 'reg_1182_72'; did you mean 'reg_1182_71'?"),
    ("an unknown start", "from: awareness, within: {amount: 72", "from: awarenes, within: {amount: 72", 26, "unknown word 'awarenes'; did you mean 'awareness'?"),
    ("an unknown unit", "unit: business_days", "unit: work_days", 17, "unit"),
    ("a negative amount", "amount: 72", "amount: -72", 26, "amount"),
    ("a follow-up of a provision that is not there", "{from: awareness, within: {amount: 72", "{from: individuals_notified, of: eu-gdpr-3, within: {amount: 72", 26, "of: unknown provision 'eu-gdpr-3'"),
    ("a follow-up of a stage that is not there", "{from: awareness, within: {amount: 72", "{from: stage_submitted, of: first, within: {amount: 72", 26, "of: unknown stage 'first'"),
    ("a list of authorities that is not there", "recipients: [The authority]\n        clock: {from: awareness, within: {amount: 72", "recipients: {authority_of: affected_states, list: data_protectors}\n        clock: {from: awareness, within: {amount: 72", 25, "did you mean 'data_protection'?"),
    ("a zone that is not there", "Europe/Paris", "Europe/Lutetia", 1, "no time zone is called 'Europe/Lutetia'"),
    ("a calendar that is not there", "timezone: Europe/Paris", "calendar: XQ", 4, "no calendar is called 'XQ'"),
    ("a provision of another law", "id: xx-example-authority", "id: eu-gdpr-33", 6, "'eu-gdpr-33' stands in"),
    ("no clock", "        clock: {from: awareness, within: {amount: 5, unit: business_days}}\n", "", 10, "give either `clock` or `stages`"),
    ("a date that is none", "from: 2020-01-01", "from: 2020-02-30", 10, "from"),
    ("broken YAML", "provisions:", "provisions: [", 5, "not valid YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "says"), [row[1:] for row in DEFECTS], ids=[row[0] for row in DEFECTS])
def test_a_defect_is_one_line_with_its_place(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in GOOD
    folder = folder_with(tmp_path, GOOD.replace(old, new, 1))

    with pytest.raises(BadInputError) as caught:
        check_laws(folder)

    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    place, _, _ = message.partition(": ")
    assert place.startswith(f"{folder / 'example.yaml'}:"), message
    if says != "not valid YAML":
        assert int(place.rsplit(":", 1)[1]) == line, message


def test_an_unknown_word_in_an_own_method_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "methods").mkdir()
    text = (
        (BUILT_IN / "methods" / "risk.yaml")
        .read_text()
        .replace("{exfiltration_possible: true}", "{exfiltration: true}")
    )
    line = text[: text.index("{exfiltration: true}")].count("\n") + 1

    with pytest.raises(BadInputError, match=rf"risk\.yaml:{line}: unknown condition 'exfiltration'; did you mean"):
        check_laws(folder_with(tmp_path / "methods", text, "risk.yaml").parent)


def test_an_own_method_moves_the_lines_of_the_tests(tmp_path: Path) -> None:
    (tmp_path / "methods").mkdir()
    text = (BUILT_IN / "methods" / "risk.yaml").read_text().replace("high: {at_least: 3,", "high: {at_least: 2.5,")

    laws = load_laws(folder_with(tmp_path / "methods", text, "risk.yaml").parent)

    assert laws.methods.risk.tests["high"].at_least == 2.5


def test_a_law_that_stands_twice_in_one_folder_is_refused(tmp_path: Path) -> None:
    folder_with(tmp_path, GOOD)
    second = GOOD.replace("xx-example-authority", "xx-example-other")

    with pytest.raises(BadInputError, match=r"the law 'xx-example' stands in .*a\.yaml as well; keep one"):
        check_laws(folder_with(folder_with(tmp_path, GOOD, "a.yaml"), second, "b.yaml"))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no such folder of laws"):
        load_laws(tmp_path / "missing")


def test_a_folder_without_law_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no law file"):
        check_laws(tmp_path)


def test_the_built_in_laws_pass_their_own_check() -> None:
    assert len(check_laws(BUILT_IN).laws) == len(load_laws().laws)


def test_the_cache_gives_the_same_laws(tmp_path: Path) -> None:
    fresh = load_laws(cache=tmp_path / "cache")

    assert load_laws(cache=tmp_path / "cache").laws == fresh.laws
    assert (tmp_path / "cache" / "laws.json").is_file()


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"format": 1}', "\x00"])
def test_a_broken_cache_is_built_anew(tmp_path: Path, broken: str) -> None:
    (tmp_path / "laws.json").write_text(broken)

    assert load_laws(cache=tmp_path).provision("eu-gdpr-33")
    assert json.loads((tmp_path / "laws.json").read_text())["data"]


def test_a_changed_file_is_read_again_in_spite_of_the_cache(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    load_laws(folder_with(folder, GOOD), cache=tmp_path / "cache")

    changed = load_laws(
        folder_with(folder, GOOD.replace("Example statute", "Amended statute")), cache=tmp_path / "cache"
    )

    assert changed.provision("xx-example-authority")[0].name == "Amended statute"


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    assert load_laws(cache=tmp_path / "file").provision("eu-gdpr-33")
