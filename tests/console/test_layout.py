"""The pages in a real browser: on a phone, at twice the size, by keyboard; nothing asked of another host."""

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from console.app import create_app
from flows.acts.accounts import accept, invite
from flows.acts.contain import ready_steps
from flows.acts.evaluate import evaluate
from flows.acts.playbook import start_playbook
from flows.acts.report import open_incident
from flows.acts.team import add_member
from flows.desk import Desk
from flows.server import free_port
from models.report import read_report
from models.vocabulary import PersonRole
from tests.conftest import DEMO
from tests.console.conftest import PASSWORD

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
PHONE, TWICE = 390, 640  # 640 is what a window of 1280 holds at 200 %
TOP = ("/", "/report", "/register", "/laws", "/playbooks")
OF_ONE = ("", "/facts", "/duties", "/undecided", "/steps", "/notices", "/people", "/audit")


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """Where the console of the desk is served, with one incident in it."""
    add_member(desk, "Sam Okoro", [PersonRole.COMMANDER])
    accept(desk, invite(desk, "Sam Okoro", by="Ada"), login="sam", password=PASSWORD)
    number = open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by="Sam Okoro")
    evaluate(desk, number)
    start_playbook(desk, number)
    ready_steps(desk, number)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(desk), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def signed_in(browser: Browser, address: str, width: int, locale: str) -> tuple[Page, list[str]]:
    """A page in which whoever leads is signed in, and what it asked of other hosts or complained of."""
    page = browser.new_context(viewport={"width": width, "height": 800}, locale=locale).new_page()
    wrong: list[str] = []
    page.on("request", lambda asked: None if asked.url.startswith((address, "data:")) else wrong.append(asked.url))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(f"{address}/sign-in")
    page.fill("#login", "sam")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_selector("table")
    return page, wrong


def test_every_page_fits_a_phone_and_twice_the_size_and_asks_nothing_of_another_host(
    browser: Browser, address: str
) -> None:
    for width, locale in ((PHONE, "zh-CN"), (TWICE, "en-GB")):
        page, wrong = signed_in(browser, address, width, locale)
        for path in (*TOP, *(f"/incidents/INC-2026-0001{part}" for part in OF_ONE)):
            page.goto(address + path)
            page.wait_for_load_state("networkidle")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} wide at {width}"
            assert (
                page.evaluate(
                    "[...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')]"
                    ".filter(e => !e.labels?.length && !e.ariaLabel).map(e => e.name)"
                )
                == []
            )
        assert wrong == []


def test_the_keyboard_alone_skips_to_the_content_and_a_report_shows_meanwhile_what_follows(
    browser: Browser, address: str
) -> None:
    page, wrong = signed_in(browser, address, 1280, "en-GB")
    page.goto(f"{address}/report")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "title"
    page.keyboard.type("Lost laptop")
    expect(page.locator("#preview")).to_contain_text("internal breach register")
    before = page.inner_text("#preview")
    page.select_option("[id='ask-people[0].jurisdiction']", "BR")
    expect(page.locator("#preview")).not_to_have_text(before, use_inner_text=True)
    page.click("[data-add=people]")
    assert page.evaluate("document.activeElement.name") == "people[1].jurisdiction"
    page.press("#title", "Enter")
    page.wait_for_url("**/incidents/INC-2026-0002")
    assert page.inner_text("h1") == "Lost laptop"
    assert wrong == []
