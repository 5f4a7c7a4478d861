import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from flows.acts import audit
from flows.acts.accounts import accept, first_link, invite
from flows.acts.team import add_member
from flows.desk import Desk
from models.errors import StoreUnavailableError
from models.store import writing
from models.tables import FailedSignIn
from models.vocabulary import PersonRole
from tests.console.conftest import PASSWORD, SignInAs

Browser = Callable[[], TestClient]


def stream(desk: Desk) -> list[dict[str, Any]]:
    return list(audit.records(desk))


def kinds(desk: Desk) -> list[str]:
    return [record["kind"] for record in stream(desk)]


def lea_has_an_account(desk: Desk) -> None:
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    accept(desk, invite(desk, "Lea Martin", by="Ada"), login="lea", password=PASSWORD)


def test_sign_ins_and_refused_ones_stand_on_the_stream_without_what_was_typed(desk: Desk, browser: Browser) -> None:
    lea_has_an_account(desk)
    page = browser()

    page.post("/sign-in", data={"login": "lea", "password": "not the right one"})
    page.post("/sign-in", data={"login": "my secret password typed in the wrong field", "password": "x"})
    page.post("/sign-in", data={"login": "lea", "password": PASSWORD})

    found = [(record["kind"], record["who"]) for record in stream(desk) if record["kind"].startswith("sign_in")]
    assert found == [("sign_in.refused", "Lea Martin"), ("sign_in.refused", None), ("sign_in", "Lea Martin")]
    written = audit.stream(desk).read_text()
    assert "not the right one" not in written
    assert "typed in the wrong field" not in written


def test_a_form_that_another_site_sent_is_noted_as_forged(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)

    page.post("/language", data={"language": "zh", "csrf": "guessed"})
    page.post("/sign-in", data={"login": "lea", "password": "x"}, headers={"sec-fetch-site": "cross-site"})

    forged = [record for record in stream(desk) if record["kind"] == "refused.forged"]
    assert [(record["who"], record["path"]) for record in forged] == [("Lea Martin", "/language"), (None, "/sign-in")]


def test_a_one_time_link_that_does_not_hold_is_noted_without_itself(desk: Desk, browser: Browser) -> None:
    older = first_link(desk)
    first_link(desk)

    assert browser().get(f"/welcome/{older}").status_code == 403

    [record] = stream(desk)
    assert (record["kind"], record["path"]) == ("refused", "/welcome/{token}")
    assert str(older) not in audit.stream(desk).read_text()


def test_a_token_that_does_not_hold_is_noted(desk: Desk, browser: Browser) -> None:
    browser().get("/", headers={"authorization": "Bearer tocsin_guessed"})

    assert kinds(desk) == ["refused.not_signed_in"]
    assert "guessed" not in audit.stream(desk).read_text()


def test_thirty_wrong_passwords_from_one_address_close_it_for_every_account_and_time_opens_it(
    desk: Desk, browser: Browser
) -> None:
    lea_has_an_account(desk)
    with writing(desk.engine) as session:
        now = datetime.now(UTC)
        session.add_all(FailedSignIn(address="testclient", at=now) for _ in range(30))

    refused = browser().post("/sign-in", data={"login": "lea", "password": PASSWORD})
    assert (refused.status_code, "wait a quarter of an hour" in refused.text) == (429, True)
    assert "refused.too_many" in kinds(desk)

    with writing(desk.engine) as session:
        for row in session.exec(select(FailedSignIn)):
            row.at = now - timedelta(minutes=16)
            session.add(row)
    assert browser().post("/sign-in", data={"login": "lea", "password": PASSWORD}).status_code == 303


def test_each_refused_sign_in_counts_for_its_address(desk: Desk, browser: Browser) -> None:
    for _ in range(3):
        browser().post("/sign-in", data={"login": "ghost", "password": "x"})

    with writing(desk.engine) as session:
        assert len(session.exec(select(FailedSignIn)).all()) == 3


def test_every_line_is_one_record_whatever_a_stranger_sends(desk: Desk) -> None:
    audit.note(desk, "refused", who=None, agent='evil"\n{"kind": "sign_in", "who": "Ada"}\r\u2028' + "x" * 10_000)

    [line] = audit.stream(desk).read_text().splitlines()
    assert json.loads(line)["kind"] == "refused"
    assert len(line) < 1_000


def test_a_full_file_is_put_aside_and_twenty_are_kept(desk: Desk) -> None:
    path = audit.stream(desk)
    for number in range(25):
        audit.note(desk, "sign_in", who=str(number))
        os.truncate(path, audit.LARGEST)  # grows with a hole, which costs nothing
    audit.note(desk, "sign_in", who="the last")

    kept = sorted(file.name for file in path.parent.glob("audit.jsonl*"))
    assert len(kept) == 21
    assert json.loads(path.read_text())["who"] == "the last"


def test_nothing_goes_on_unseen_where_the_stream_cannot_be_written(desk: Desk, browser: Browser) -> None:
    lea_has_an_account(desk)
    (desk.settings.home / "audit").write_text("a file in the folder's place")

    with pytest.raises(StoreUnavailableError, match="audit stream"):
        audit.note(desk, "sign_in", who="Lea Martin")
    assert browser().post("/sign-in", data={"login": "lea", "password": PASSWORD}).status_code == 503


def test_a_refusal_of_the_api_stands_on_the_stream_with_the_whole_path_of_its_route(
    desk: Desk, browser: Browser
) -> None:
    browser().get("/api/v1/incidents", headers={"authorization": "Bearer tocsin_of_nobody"})

    assert [record["path"] for record in stream(desk) if record["kind"].startswith("refused")] == ["/api/v1/incidents"]
