"""Make the pictures in docs/images again: the Prefect UI as the demo left it, in Chromium, recording every request.

Run by `make screenshots`, after `make demo`. Ends with status 1 if any page asked another host for anything.
"""

import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Page, Request, sync_playwright

from flows.board import artifact_key, events_of
from flows.saved_filter import runs_of, save_filter
from flows.server import running
from tocsin.commands.demo import rehearsal

IMAGES = Path(__file__).parent / "images"
CHROMIUM = "/usr/bin/chromium"
PAGE = 200
AS_OF = re.compile(r"as of (\d\d \w+ \d{4})")  # the incident's own day, as its page says it
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def other_hosts(address: str, number: str, images: Path | None) -> list[str]:
    """Open every page that leadership looks at, keep a picture of each, and name every other host that was asked."""
    asked: list[str] = []

    def note(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost"):
            asked.append(request.url)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        window = browser.new_context(viewport={"width": 1440, "height": 1000})
        window.on("request", note)
        for name, path in pages(address, number).items():
            page = window.new_page()
            page.goto(f"{address}{path}", wait_until="load")
            if images:
                _picture(page, images / f"{name}.png")
        window.new_page().wait_for_timeout(2000)  # what pages ask for once they stand
        browser.close()
    return asked


def pages(address: str, number: str) -> dict[str, str]:
    """Name and path of each page of an incident."""
    api = httpx.Client(base_url=f"{address}/api", timeout=30)
    runs = _found(api, "flow_runs", flow_runs={"tags": {"all_": [number]}}, sort="EXPECTED_START_TIME_ASC")
    responses = [run for run in runs if run["name"].startswith("response")]
    waiting = next(run for run in responses if "signature" in run["state_name"])
    busiest = max(responses, key=lambda run: run["total_run_time"])
    first = next(run for run in runs if run["name"].startswith("containment"))  # which does most of the steps
    kept = {"key": {"any_": [artifact_key(number)]}}
    versions = _found(api, "artifacts", artifacts=kept, sort="CREATED_DESC")[::-1]
    last_of_day = {AS_OF.findall(version["data"])[0]: version["id"] for version in versions}
    days = {f"prefect-day-{n}": f"/artifacts/artifact/{last}" for n, last in enumerate(last_of_day.values(), 1)}
    return {
        "prefect-runs": runs_of(number),
        "prefect-waiting": f"/runs/flow-run/{waiting['id']}",
        "prefect-graph": f"/runs/flow-run/{busiest['id']}",
        "prefect-steps": f"/runs/flow-run/{first['id']}",
        "prefect-timeline": f"/artifacts/artifact/{versions[-1]['id']}",
        **days,
        "prefect-versions": f"/artifacts/key/{artifact_key(number)}",
        "prefect-events": events_of(number),
    }


def _found(api: httpx.Client, kind: str, **wanted: object) -> list[dict[str, Any]]:  # Any: rows of Prefect's API
    """Every row, page by page."""
    rows: list[dict[str, Any]] = []
    while True:
        page = api.post(f"/{kind}/filter", json={**wanted, "limit": PAGE, "offset": len(rows)}).raise_for_status()
        rows += page.json()
        if len(page.json()) < PAGE:
            return rows


def _picture(page: Page, file: Path) -> None:
    page.wait_for_timeout(3500)
    page.screenshot(path=str(file), full_page=False)
    page.close()


def main() -> None:
    """Serve what the demo left, and look at it."""
    settings = rehearsal()
    number = sys.argv[1] if len(sys.argv) > 1 else "INC-2026-0001"
    IMAGES.mkdir(exist_ok=True)
    with running(settings.home, settings.server_port) as address:
        save_filter(settings, number)
        asked = other_hosts(address, number, IMAGES)
    for url in sorted(set(asked)):
        print(f"asked another host: {url}", file=sys.stderr)
    sys.exit(1 if asked else 0)


if __name__ == "__main__":
    main()
