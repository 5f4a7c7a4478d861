"""What people type is shown as it was typed, and never as a part of the page."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from starlette.testclient import TestClient

from flows.acts.contain import ready_steps
from flows.acts.draft import draft_texts
from flows.acts.evaluate import decide, evaluate
from flows.acts.kept_duties import kept_duties
from flows.acts.membership import add_to_incident
from flows.acts.playbook import start_playbook
from flows.acts.report import add_facts, open_incident
from flows.acts.team import add_member
from flows.acts.work import assign_step, skip_step
from flows.desk import Desk
from models.document import Document, read_document
from models.report import report_of
from models.vocabulary import Audience, PersonRole, Verdict
from tests.conftest import DEMO
from tests.console.conftest import SignInAs

HOSTILE = "'\"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"
EVERYBODY = [role for role in PersonRole if role is not PersonRole.ADMINISTRATOR]
OF_EACH_KIND = 2  # pages of one kind, such as the steps of an incident


class Parts(HTMLParser):
    """What of a page a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag with its attributes."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def parts(page: str) -> list[tuple[str, dict[str, str]]]:
    """The tags of a page."""
    parser = Parts()
    parser.feed(page)
    return parser.tags


def planted(desk: Desk) -> str:
    """An incident with hostile words wherever somebody can type them."""
    add_member(desk, HOSTILE, [PersonRole.COMMANDER])
    facts = read_document(DEMO / "first_facts.yaml").data
    assert isinstance(facts, dict)
    facts |= {"title": HOSTILE, "contracts": [{"party": HOSTILE, "contact": HOSTILE, "citation": HOSTILE}]}
    facts["organisation"] = {**facts["organisation"], "name": HOSTILE}
    facts["people"] = None
    number = open_incident(desk, report_of(Document(facts, "a test", {})), by=HOSTILE)
    evaluate(desk, number)
    start_playbook(desk, number)
    ready_steps(desk, number)
    assign_step(desk, number, "move_channels", to=HOSTILE, by=HOSTILE)
    skip_step(desk, number, "protect_backups", by=HOSTILE, reason=HOSTILE)
    undecided = kept_duties(desk, number, ("undecided",))[0].duty.provision
    decide(desk, number, undecided, Verdict.REQUIRED, reason=HOSTILE, by=HOSTILE)
    add_facts(desk, number, Document({"records": 7}, "a test", {}), by=HOSTILE)
    draft_texts(desk, number, (Audience.CONTRACT_PARTY,))
    return number


def walked(page: TestClient, first: str) -> Iterator[tuple[str, str]]:
    """Every page that can be reached from the first, no more than a few of each kind."""
    waiting, seen, kinds = [first], {first}, dict[str, int]()
    while waiting:
        path = waiting.pop(0)
        answer = page.get(path)
        assert answer.status_code in (200, 303, 403), f"{path}: {answer.status_code}"
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        yield path, answer.text
        for tag, attributes in parts(answer.text):
            href = attributes.get("href", "").partition("#")[0]
            kind = re.sub(r"\d+", "0", re.sub(r"[?].*|(?<=/laws/).*|(?<=/playbooks/).*", "", href))
            if tag == "a" and href.startswith("/") and href not in seen and kinds.get(kind, 0) < OF_EACH_KIND:
                seen.add(href)
                kinds[kind] = kinds.get(kind, 0) + 1
                waiting.append(href)


def test_no_page_takes_what_people_typed_for_a_part_of_itself(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea <b>Martin</b>", *EVERYBODY)
    number = planted(desk)
    add_to_incident(desk, number, "Lea <b>Martin</b>", by=HOSTILE)

    pages = dict(walked(page, "/"))

    assert {f"/incidents/{number}{part}" for part in ("", "/facts", "/duties", "/undecided", "/steps")} <= pages.keys()
    assert sum("&lt;script&gt;alert(1)" in text for text in pages.values()) >= 6, "it is shown as it was typed"
    for path, text in pages.items():
        for tag, attributes in parts(text):
            assert tag not in ("img", "iframe", "object") or attributes["src"].startswith("/"), path
            assert tag != "script" or attributes.get("src", "").startswith("/static/"), path
            assert not any(name.startswith("on") for name in attributes), path
            assert not attributes.get("href", "").lower().startswith(("javascript:", "data:text")), path
        assert "<b>Martin" not in text, path
        assert "49" not in re.findall(r"onerror=alert\(1\)&gt;(..)", text), path
