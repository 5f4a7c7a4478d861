import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlmodel import Session

from models.errors import BadInputError, LedgerAlteredError
from models.incident import find
from models.ledger import canonical, entries, exported, record, sha256_of, verify_exported, verify_stored
from models.store import reading, writing
from models.tables import Incident

VERIFIER = Path(__file__).parents[2] / "docs" / "verify_ledger.py"
AT = datetime(2026, 3, 2, 9, 30, 0, 125_000, tzinfo=UTC)
NUMBER = "INC-2026-0001"
Lines = list[str]


def opened(session: Session, number: str = NUMBER) -> Incident:
    incident = Incident(number=number, title="Stolen laptop", opened_at=AT, opened_by="Lea Martin")
    session.add(incident)
    session.flush()
    return incident


def written(session: Session, incident: Incident, kind: str, **payload: object) -> None:
    record(session, incident, kind, payload, actor="Lea Martin", at=AT, zone="Europe/Paris")


@pytest.fixture
def chain(store: Engine) -> Lines:
    """An exported ledger of four entries, with texts that are easily mangled."""
    with writing(store) as session:
        incident = opened(session)
        written(session, incident, "incident.reported", version=1, changed=["title", "kind"])
        written(session, incident, "facts.added", note="Größe “unklar”\u2028zweite Zeile\u0085 \\ 漏洞 🔔")
        written(session, incident, "duty.gained", to={"due_at": None, "count": 0, "share": 0.25, "open": True})
        written(session, incident, "incident.closed", reason="all told")
    with reading(store) as session:
        return list(exported(session, find(session, NUMBER)))


def rewritten(line: str, **changes: object) -> str:
    return canonical({**json.loads(line), **changes}).decode()


def test_each_entry_follows_from_the_one_before_it(store: Engine, chain: Lines) -> None:
    with reading(store) as session:
        found = list(entries(session, find(session, NUMBER)))

    assert [entry["seq"] for entry in found] == [1, 2, 3, 4]
    assert [entry["previous"] for entry in found] == ["", *(entry["sha256"] for entry in found[:-1])]
    assert found[0]["at"] == "2026-03-02T09:30:00.125000Z"
    assert found[0]["actor"] == "Lea Martin"


def test_an_untouched_ledger_verifies_in_the_database_and_as_exported(store: Engine, chain: Lines) -> None:
    with reading(store) as session:
        incident = find(session, NUMBER)
        assert verify_stored(session, incident) == 4
        assert verify_stored(session, incident, known=incident.ledger_head) == 4
        assert verify_exported(chain, head=incident.ledger_head, number=NUMBER) == 4
    assert verify_exported([line + "\r\n" for line in chain] + [""]) == 4


def test_an_empty_ledger_verifies(store: Engine) -> None:
    with writing(store) as session:
        assert verify_stored(session, opened(session)) == 0


def test_a_head_noted_earlier_is_found_in_a_ledger_that_has_grown(store: Engine, chain: Lines) -> None:
    noted = json.loads(chain[2])["sha256"]

    assert verify_exported(chain, head=noted) == 4
    with reading(store) as session:
        assert verify_stored(session, find(session, NUMBER), known=noted) == 4


ALTERATIONS: dict[str, Callable[[Lines], Lines]] = {
    "a word changed": lambda lines: [*lines[:2], lines[2].replace("unklar", "klar"), *lines[3:]],
    "a number changed": lambda lines: [line.replace('"count":0', '"count":1') for line in lines],
    "the time changed": lambda lines: [*lines[:4], rewritten(lines[4], at="2026-03-02T09:30:00Z")],
    "the actor changed": lambda lines: [lines[0], rewritten(lines[1], actor="Mallory"), *lines[2:]],
    "the kind changed": lambda lines: [lines[0], rewritten(lines[1], kind="incident.closed"), *lines[2:]],
    "a field added": lambda lines: [lines[0], rewritten(lines[1], approved=True), *lines[2:]],
    "a field written twice": lambda lines: [lines[0], '{"actor":"Mallory",' + lines[1][1:], *lines[2:]],
    "spaces added": lambda lines: [lines[0], lines[1].replace(":", ": ", 1), *lines[2:]],
    "an entry removed": lambda lines: [*lines[:2], *lines[3:]],
    "the first entry removed": lambda lines: [lines[0], *lines[2:]],
    "the last entry removed": lambda lines: lines[:-1],
    "an entry repeated": lambda lines: [*lines[:3], lines[2], *lines[3:]],
    "two entries swapped": lambda lines: [*lines[:2], lines[3], lines[2], lines[4]],
    "an entry added at the end": lambda lines: [*lines, follower(lines[-1])],
    "an entry replaced by one with a right hash": lambda lines: [*lines[:2], follower(lines[1]), *lines[3:]],
    "the count changed": lambda lines: [rewritten(lines[0], entries=3), *lines[1:]],
    "the count a word": lambda lines: [rewritten(lines[0], entries="four"), *lines[1:]],
    "the head changed": lambda lines: [rewritten(lines[0], head="0" * 64), *lines[1:]],
    "the head removed": lambda lines: [rewritten(lines[0], head=None), *lines[1:]],
    "another incident named": lambda lines: [rewritten(lines[0], incident="INC-2026-0002"), *lines[1:]],
    "a line cut": lambda lines: [*lines[:3], lines[3][:40], lines[4]],
    "a line not an object": lambda lines: [*lines[:3], "4", lines[4]],
    "a number that is none": lambda lines: [*lines[:3], lines[3].replace("0.25", "NaN"), lines[4]],
}


def follower(line: str) -> str:
    """A well-formed entry that follows from `line`."""
    before = json.loads(line)
    body = {**before, "seq": before["seq"] + 1, "previous": before["sha256"], "kind": "incident.forged"}
    del body["sha256"]
    return canonical({**body, "sha256": sha256_of(body)}).decode()


def verdict_of_the_published_verifier(lines: Lines, folder: Path, *known: str) -> int:
    path = folder / "ledger.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", str(VERIFIER), str(path), *known], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.startswith(f"{path}: ")
    return done.returncode


def test_the_published_verifier_takes_an_untouched_ledger(chain: Lines, tmp_path: Path) -> None:
    assert verdict_of_the_published_verifier(chain, tmp_path) == 0
    assert verdict_of_the_published_verifier(chain, tmp_path, json.loads(chain[0])["head"]) == 0


def test_the_published_verifier_needs_nothing_of_the_project() -> None:
    assert not {"models", "tocsin", "sqlmodel", "pydantic"} & {
        line.split()[1].split(".")[0]
        for line in VERIFIER.read_text().splitlines()
        if line.startswith(("import", "from"))
    }


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_every_alteration_of_an_export_is_found_by_both_verifiers(
    chain: Lines, alteration: str, tmp_path: Path
) -> None:
    altered = ALTERATIONS[alteration](chain)
    assert altered != chain

    with pytest.raises(LedgerAlteredError) as caught:
        verify_exported(altered)
    assert "\n" not in str(caught.value)
    assert verdict_of_the_published_verifier(altered, tmp_path) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_end_cut_off_with_the_first_line_made_to_fit_is_found_by_the_hash_known_from_elsewhere(
    chain: Lines, tmp_path: Path
) -> None:
    known = json.loads(chain[0])["head"]
    last = json.loads(chain[3])["sha256"]
    cut = [rewritten(chain[0], entries=3, head=last), *chain[1:4]]

    assert verify_exported(cut) == 3, "by itself a shorter chain is a whole one"
    with pytest.raises(LedgerAlteredError, match="its end cut off"):
        verify_exported(cut, head=known)
    assert verdict_of_the_published_verifier(cut, tmp_path, known) == 1


@pytest.mark.parametrize("content", [[], [""], ["{}"], ['{"format":"tocsin-ledger-2"}']])
def test_what_is_no_exported_ledger_is_refused(content: Lines, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="not an exported ledger"):
        verify_exported(content)
    assert verdict_of_the_published_verifier(content, tmp_path) == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_ledger_of_another_incident_is_not_taken_for_this_one(chain: Lines) -> None:
    with pytest.raises(BadInputError, match="the ledger of INC-2026-0001, not of INC-2026-0007"):
        verify_exported(chain, number="INC-2026-0007")


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_entry set actor = 'Mallory' where seq = 2",
        "update ledger_entry set payload = '{}' where seq = 4",
        "update ledger_entry set kind = 'notice.approved' where seq = 1",
        "update ledger_entry set zone = 'UTC' where seq = 3",
        "update ledger_entry set sha256 = 'f' where seq = 3",
        "delete from ledger_entry where seq = 2",
        "delete from ledger_entry where seq = 4",
        "delete from ledger_entry",
        "update ledger_entry set seq = 5 where seq = 4",
        "update incident set ledger_count = 3",
        "update incident set ledger_head = 'f'",
        "update incident set number = 'INC-2026-0009'",
    ],
)
def test_every_alteration_in_the_database_is_found(store: Engine, chain: Lines, statement: str) -> None:
    with store.begin() as connection:
        connection.execute(text(statement))

    with reading(store) as session, pytest.raises(LedgerAlteredError):
        verify_stored(session, session.get_one(Incident, 1))


def test_the_chains_of_two_incidents_do_not_touch(store: Engine) -> None:
    with writing(store) as session:
        first, second = opened(session), opened(session, "INC-2026-0002")
        for incident in (first, second, first):
            written(session, incident, "facts.added", version=1)

    with reading(store) as session:
        assert verify_stored(session, find(session, NUMBER)) == 2
        assert verify_stored(session, find(session, "INC-2026-0002")) == 1


def test_an_entry_of_an_act_that_failed_is_not_there(store: Engine, chain: Lines) -> None:
    def signed() -> None:
        with writing(store) as session:
            written(session, find(session, NUMBER), "notice.approved", sha256="ab")
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        signed()

    with reading(store) as session:
        assert verify_stored(session, find(session, NUMBER)) == 4


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('aé漏 "\\', max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), JSON, max_size=4))
def test_the_canonical_form_is_one_line_and_does_not_depend_on_the_order_of_keys(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))

    assert canonical(value) == canonical(turned)
    assert b"\n" not in canonical(value)
    assert json.loads(canonical(value)) == value
