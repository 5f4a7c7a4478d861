import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from flows.acts.evaluate import evaluate
from flows.acts.report import add_facts, open_incident
from flows.acts.watch import watch_once
from flows.desk import Desk, open_desk
from flows.settings import Settings
from integrations.paging import Pager
from models.clock import VirtualClock
from models.document import Document
from models.report import read_report
from tests.conftest import DEMO

PAGING = """
ladders:
  - rungs: [{left: 10%, tell: commander, by: [page]}, {left: limit, tell: executive, by: [page, chat]}]
"""
CONTRACT = "contract:harbour-card-services"


class Service:
    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(json.loads(request.content))
        return httpx.Response(202, json={"status": "success"})

    def of(self, duty: str) -> list[str]:
        return [asked["event_action"] for asked in self.asked if asked["dedup_key"] == duty]


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def paging(home: Path, clock: VirtualClock, tmp_path: Path, service: Service) -> Iterator[Desk]:
    (tmp_path / "organisation.yaml").write_text(PAGING)
    desk = open_desk(Settings(home=home, clock=clock.path, organisation=tmp_path / "organisation.yaml"))
    pager = Pager(httpx.Client(transport=httpx.MockTransport(service)), "pagerduty", "k", clock)
    desk.__dict__["channels"] = replace(desk.channels, pager=pager)
    yield desk
    desk.engine.dispose()


def test_a_clock_at_risk_pages_under_one_name_until_it_ends(
    paging: Desk, clock: VirtualClock, service: Service
) -> None:
    number = open_incident(paging, read_report(str(DEMO / "first_facts.yaml")), by="Nadia Roux")
    evaluate(paging, number)
    clock.set(clock() + timedelta(hours=44))  # over nine tenths of 48 hours
    fired = [one for one in watch_once(paging) if one.provision == CONTRACT]
    assert [one.rung for one in fired] == ["a tenth of the time left"]
    clock.set(clock() + timedelta(hours=3))
    watch_once(paging)

    [page] = {asked["dedup_key"] for asked in service.asked if CONTRACT in asked["payload"]["summary"]}  # type: ignore[index]
    assert service.of(page) == ["trigger", "trigger"]

    add_facts(paging, number, Document({"contracts": []}, "later", {}), by="Nadia Roux")
    evaluate(paging, number)
    watch_once(paging)
    watch_once(paging)
    assert service.of(page) == ["trigger", "trigger", "resolve"]
