"""A saved filter in the Prefect UI for each incident: all of its runs of the last year, by its name in the list of filters."""

from typing import Any

from flows.server import api_client
from flows.settings import Settings

LONGEST_LOOK_SECONDS = 366 * 24 * 3600

Json = dict[str, Any]  # Any: plain JSON, as Prefect's API takes it


def runs_of(number: str) -> str:
    """Where on the Prefect server all runs of an incident stand: the address that its saved filter leads to."""
    return f"/runs?tag={number}&type=span&seconds=-{LONGEST_LOOK_SECONDS}"


def save_filter(settings: Settings, number: str) -> None:
    """Put the incident's filter among the saved ones, again and again alike; raises `httpx.HTTPError`."""
    filters = [_is("tag", [number]), _is("range", {"type": "span", "seconds": -LONGEST_LOOK_SECONDS})]
    with api_client(settings.server_port) as api:
        api.put("/saved_searches/", json={"name": number, "filters": filters}).raise_for_status()


def _is(what: str, value: object) -> Json:
    return {"object": "flowRun", "property": what, "type": "", "operation": "", "value": value}
