"""One breach walked through the console in Chromium by three people: a responder, legal and PR; with pictures where asked.

What the workers do in between is done by the same acts without a Prefect server. Run with `python -m tests.console.walking`,
which `make screenshots` does; ends with status 1 if any page asked another host for anything.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from playwright.sync_api import Browser, Page, Request, ViewportSize, sync_playwright
from playwright.sync_api import Response as PageResponse

from console.app import create_app
from flows.acts.accounts import accept, invite
from flows.acts.membership import add_to_incident
from flows.acts.read_notice import notice_list
from flows.desk import Desk, open_desk
from flows.server import free_port
from flows.settings import Settings
from models.clock import VirtualClock
from tests.conftest import DEMO, START
from tests.flows.affected import french
from tests.flows.meridia import CARE, LEGAL, PR, RESPONDER, carry, join_team

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
IMAGES = Path(__file__).parents[2] / "docs" / "images"
PASSWORD = "correct horse battery"
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
ANSWER = "Multi-factor sign-in for every account, from 1 December."
SENTENCE = "We will write to everybody concerned."


@dataclass
class Walk:
    """Where the walk is: the address, the browser, what was asked of other hosts, and what the browser complained of."""

    desk: Desk
    address: str
    browser: Browser
    images: Path | None
    number: str = ""
    other_hosts: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def sign_in(self, name: str, *, viewport: ViewportSize = DESKTOP, locale: str = "en-GB") -> Page:
        """A browser of its own in which somebody has signed in."""
        page = self.browser.new_context(viewport=viewport, locale=locale).new_page()
        page.on("request", self._note)
        page.on("response", self._answered)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.address}/sign-in")
        page.get_by_label("Sign-in name" if locale != "zh-CN" else "登录名").fill(login_of(name))
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("main button").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def go(self, page: Page, path: str) -> None:
        """Open a page of the incident."""
        page.goto(f"{self.address}/incidents/{self.number}{path}")

    def picture(self, page: Page, name: str) -> None:
        """Keep what is on the screen."""
        if self.images is not None:
            page.wait_for_timeout(300)
            page.screenshot(path=str(self.images / f"console-{name}.png"))

    def _answered(self, answer: PageResponse) -> None:
        if answer.status >= 400:
            self.complaints.append(f"{answer.status} for {answer.url}")

    def _note(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.other_hosts.append(request.url)


def login_of(name: str) -> str:
    """The sign-in name of one of the team."""
    return name.split()[0].lower()


@contextmanager
def console_over(desk: Desk) -> Iterator[str]:
    """The console on loopback for as long as the block runs; gives its address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(desk), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def walk(desk: Desk, images: Path | None = None) -> Walk:
    """Walk the whole incident; what the people did is on its ledger afterwards."""
    join_team(desk)
    for name in (RESPONDER, LEGAL, PR, CARE):
        accept(desk, invite(desk, name, by="Ada"), login=login_of(name), password=PASSWORD)
    with console_over(desk) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        here = Walk(desk, address, browser, images)
        _responder(here)
        _legal(here)
        _press(here)
        carry(desk, here.number)
        _after(here)
        browser.close()
    return here


def _responder(here: Walk) -> None:
    page = here.sign_in(RESPONDER)
    _report(here, page)
    carry(here.desk, here.number)
    here.go(page, "")
    here.picture(page, "incident")
    here.go(page, "/steps")
    here.picture(page, "steps")
    _do_a_step(page)
    _load_people(here, page)


def _do_a_step(page: Page) -> None:
    """Attach what the first step of a responder asks for, and say that it is done."""
    first = page.locator("details.step", has=page.locator(".whom", has_text="responder")).first
    key = first.get_attribute("id")
    page.locator(f"#{key} summary", has_text="Attach evidence").click()
    page.locator(f"#{key} input[type=file]").set_input_files(
        {"name": "access.log", "mimeType": "text/plain", "buffer": b"2026-11-23 06:58 export by svc-report\n"}
    )
    page.get_by_role("button", name="Keep").first.click()
    page.wait_for_load_state()
    page.locator(f"#{key} button[value=done]").click()
    page.wait_for_load_state()


def _report(here: Walk, page: Page) -> None:
    page.get_by_role("link", name="Report", exact=True).click()
    page.locator("#title").fill("Customer export sent to a stranger")
    page.locator('[name="kind"]').select_option("exfiltration")
    page.locator('[name="organisation.timezone"]').select_option("Europe/Paris")
    page.locator('[name="times.detected_at"]').fill("2026-11-23T07:00")
    page.locator('[name="times.aware_at"]').fill("2026-11-23T08:30")
    page.locator('[name="people[0].jurisdiction"]').select_option("FR")
    page.locator('[name="people[0].count"]').fill("12400")
    page.locator('[name="people[0].relationship"]').select_option("customer")
    for category in ("name", "contact", "passport"):
        page.locator(f'[name="data.category"][value="{category}"]').check()
    page.locator('[name="data.encrypted"]').select_option("no")
    page.locator('[name="records"]').fill("12400")
    page.get_by_text("About us").or_(page.locator("summary", has_text="organisation")).first.click()
    page.locator('[name="organisation.name"]').fill("Meridia Mobility SA")
    page.locator('[name="organisation.country"]').select_option("FR")
    page.locator('[name="organisation.role"]').select_option("controller")
    page.locator('[name="organisation.establishments"]').fill("FR")
    page.locator('[name="organisation.sectors"][value="retail"]').check()
    page.locator('[name="organisation.attributes"][value="-"]').check()
    page.locator("#preview li, #preview p.status, #preview").first.wait_for()
    page.wait_for_timeout(1200)  # the preview waits until nobody has typed for half a second
    here.picture(page, "report")
    page.locator("main form > div > button, main form button:not([type=button])").last.click()
    page.wait_for_url(lambda url: "/incidents/INC-" in url)
    here.number = page.url.rpartition("/")[2]
    add_to_incident(here.desk, here.number, PR, by=RESPONDER)
    add_to_incident(here.desk, here.number, CARE, by=RESPONDER)


def _load_people(here: Walk, page: Page) -> None:
    """Upload a roster, confirm its columns, and see it counted."""
    here.go(page, "/people")
    page.locator("#file").set_input_files(
        {"name": "customers.csv", "mimeType": "text/csv", "buffer": french(40).encode()}
    )
    page.locator('form[action$="/file"] button').click()
    page.wait_for_url("**/people/file")
    here.picture(page, "people-columns")
    page.locator('form[action$="/load"] button').click()
    page.locator("#counted h3").wait_for()
    here.picture(page, "people")


def _legal(here: Walk) -> None:
    page = here.sign_in(LEGAL)
    here.go(page, "/duties")
    page.locator("details.duty summary").first.click()
    here.picture(page, "duties")
    here.go(page, "/undecided")
    here.picture(page, "undecided")
    for form in page.locator('form[action$="/answers"]').all()[:2]:
        form.locator("textarea").fill(ANSWER)
    first = page.locator('form[action$="/answers"]').first
    if first.count():
        first.locator("button").click()
        page.wait_for_load_state()
    carry(here.desk, here.number)
    _sign(here, page, "authority", picture="notice")


def _press(here: Walk) -> None:
    page = here.sign_in(PR)
    here.go(page, "/notices")
    here.picture(page, "notices")
    _open(here, page, "press")
    page.locator("details > summary", has_text="Edit").click()
    text = page.locator("#text")
    text.fill(text.input_value().rstrip() + f"\n\n{SENTENCE}\n")
    page.get_by_role("button", name="Save as the next version").click()
    page.wait_for_load_state()
    page.get_by_role("link", name="what changed").first.click()
    here.picture(page, "differences")
    page.go_back()


def _after(here: Walk) -> None:
    page = here.sign_in(LEGAL)
    here.go(page, "/audit")
    page.get_by_text("each follows from the one before it").wait_for()
    here.picture(page, "audit")
    page.goto(f"{here.address}/laws?q=gdpr")
    here.picture(page, "laws")
    page.goto(f"{here.address}/playbooks/exfiltration")
    here.picture(page, "playbook")
    page.goto(f"{here.address}/register")
    here.picture(page, "register")
    phone = here.sign_in(LEGAL, viewport=PHONE, locale="zh-CN")
    here.picture(phone, "phone-incidents")
    here.go(phone, "")
    here.picture(phone, "phone-incident")


def _open(here: Walk, page: Page, audience: str) -> None:
    lines = [one for one in notice_list(here.desk, here.number) if one.audience == audience and one.state == "draft"]
    line = next(one for one in lines if one.language == "en" and not one.errors)
    here.go(page, f"/notices/{line.notice}")


def _sign(here: Walk, page: Page, audience: str, *, picture: str) -> None:
    _open(here, page, audience)
    here.picture(page, picture)
    note = page.locator("#note")
    if note.count():
        note.fill("What is open follows in phases.")
    page.locator('form[action$="/approve"] button').click()
    page.wait_for_load_state()


def main() -> None:
    """Walk it on a home of its own, and keep the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        clock = VirtualClock(home / "clock")
        clock.set(START)
        desk = open_desk(Settings(home=home, clock=clock.path, organisation=DEMO / "organisation.yaml"))
        here = walk(desk, IMAGES)
        desk.engine.dispose()
    for url in here.other_hosts:
        print(f"asked another host: {url}")
    for complaint in here.complaints:
        print(f"the browser complained: {complaint}")
    sys.exit(1 if here.other_hosts or here.complaints else 0)


if __name__ == "__main__":
    main()
