"""A run that is really killed between opening a ticket and its receipt opens no second one."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.acts.deliver import attempt, waiting
from flows.acts.report import open_incident
from flows.acts.tickets import tickets_of
from flows.desk import open_desk
from flows.settings import Settings
from models.clock import VirtualClock
from models.document import read_document
from models.report import report_of
from tests.flows.acts.test_tickets import DRILL
from tests.flows.meridia import RESPONDER, carrying, contain, join_team
from tests.ticket_servers import TOKEN, USER, JiraServer, serving

RUN = """
from flows.acts.deliver import attempt, waiting
from flows.desk import open_desk
from tests.flows.meridia import carrying
desk = carrying(open_desk(), "INC-2026-0001", "there/1/1")
for key in waiting(desk, "INC-2026-0001", "ticket"):
    attempt(desk, "INC-2026-0001", key)
"""


def test_a_run_killed_between_a_ticket_and_its_receipt_opens_no_second_one(
    home: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "own").mkdir()
    (home / "own" / "drill.yaml").write_text(DRILL)
    server = JiraServer()
    with serving(server) as url:
        given = {"tickets": "jira", "tickets_url": url, "tickets_user": USER, "jira_project": "OPS"}
        paths = {"playbooks": home / "own", "clock": clock.path}
        for key, value in {**given, **paths, "tickets_token": TOKEN}.items():
            monkeypatch.setenv(f"TOCSIN_{key.upper()}", str(value))
        desk = open_desk(Settings(home=home, tickets_token=SecretStr(TOKEN), **given, **paths))  # type: ignore[arg-type]  # by name
        join_team(desk)
        number = open_incident(
            desk, report_of(read_document("r.yaml", b"title: O\nkind: misconfiguration")), by=RESPONDER
        )
        contain(desk, number)
        _killed_once_it_has_made_one(server)

        takes_over = carrying(desk, number, "here/1/2")
        for _ in range(2):
            for key in waiting(takes_over, number, "ticket"):
                attempt(takes_over, number, key)
            clock.set(clock() + timedelta(minutes=2))

        assert len(set(_made(server))) == len(_made(server)) == 3
        assert {ticket.state for ticket in tickets_of(desk, number).values()} == {"open"}
        assert all(ticket.reference for ticket in tickets_of(desk, number).values())
        desk.engine.dispose()


def _killed_once_it_has_made_one(server: JiraServer) -> None:
    """A process carries the incident until the system has made the first ticket, and hears of it no more."""
    child = subprocess.Popen([sys.executable, "-c", RUN], env=os.environ, cwd=Path(__file__).parents[3])

    def kill(method: str, path: str) -> str | None:
        if method != "POST" or "search" in path:
            return None
        child.kill()
        return "lose"

    server.breaks = kill
    assert child.wait(60) == -9
    server.breaks = lambda *_: None
    assert len(_made(server)) == 1


def _made(server: JiraServer) -> list[str]:
    """Our key on each issue that was made."""
    return [issue["fields"]["labels"][1] for issue in server.issues.values()]
