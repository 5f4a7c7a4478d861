"""The deadline monitor. It takes no incident's lease: its rows are its own, and an alarm must not wait for a run."""

import asyncio

from prefect import flow

from flows.acts.watch import watch_once
from flows.board import publish
from flows.carry import process_desk, shown


@flow(name="watch", flow_run_name="watch: {number}")
async def watch(number: str) -> None:
    """Fire every alert that is due, and bring the page of the incident it was started for up to date."""
    desk = await asyncio.to_thread(process_desk)
    await shown("Fire the alerts that are due", lambda: watch_once(desk))
    await publish(desk, number)
