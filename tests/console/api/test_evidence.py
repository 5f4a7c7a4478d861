from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import ByteSize

from console.http_api import PREFIX as V1
from flows.acts.contain import ready_steps
from flows.acts.playbook import start_playbook, step_rows
from flows.desk import Desk
from models.incident import find
from models.store import reading

CHUNK = b"\x00\xff" * 500_000


@pytest.fixture
def step(desk: Desk, legal: TestClient, open_demo_incident: Callable[[], str]) -> str:
    """The address of a step's evidence."""
    number = open_demo_incident()
    start_playbook(desk, number)
    ready_steps(desk, number)
    with reading(desk.engine) as session:
        key = next(iter(step_rows(session, find(session, number))))
    return f"{V1}/incidents/{number}/steps/{key}/evidence"


def kept(desk: Desk) -> list[Path]:
    return [path for path in (desk.settings.home / "evidence").rglob("*") if path.is_file()]


def test_evidence_larger_than_any_document_is_kept_under_its_hash(desk: Desk, legal: TestClient, step: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(5):
            yield CHUNK

    said = legal.post(step, params={"name": "disk image"}, content=pieces())

    assert said.status_code == 201
    assert (said.json()["size"], said.json()["sha256"]) == (5_000_000, sha256(CHUNK * 5).hexdigest())
    assert [path.name for path in kept(desk)] == [said.json()["sha256"]]


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", "..\\..\\x", "a/../../b"])
def test_a_name_leads_to_no_other_folder(desk: Desk, legal: TestClient, step: str, name: str) -> None:
    said = legal.post(step, params={"name": name}, content=b"x")

    assert said.status_code == 201
    assert [path.name for path in kept(desk)] == [sha256(b"x").hexdigest()]


def test_more_than_the_disk_holds_is_refused_before_it_is_read(desk: Desk, legal: TestClient, step: str) -> None:
    refused = legal.post(step, params={"name": "x"}, content=b"x", headers={"content-length": str(10**15)})

    assert (refused.status_code, refused.json()["type"]) == (413, "urn:tocsin:problem:too-large")
    assert kept(desk) == []


def test_evidence_of_a_step_that_there_is_not_leaves_nothing(desk: Desk, legal: TestClient, step: str) -> None:
    answer = legal.post(step.replace("/steps/", "/steps/no-such-"), params={"name": "x"}, content=b"x")

    assert answer.status_code == 404
    assert kept(desk) == []


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_larger_than_the_setting_allows_is_refused_and_nothing_of_it_is_left(
    desk: Desk, legal: TestClient, step: str, announced: bool
) -> None:
    desk.settings.upload_limit = ByteSize(1_500_000)
    content = CHUNK * 2 if announced else iter([CHUNK, CHUNK])

    refused = legal.post(step, params={"name": "x"}, content=content)

    assert (refused.status_code, refused.json()["type"]) == (413, "urn:tocsin:problem:too-large")
    assert kept(desk) == []
    assert legal.post(step, params={"name": "x"}, content=CHUNK).status_code == 201
