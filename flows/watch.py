"""The deadline monitor. It takes no incident's lease: its rows are its own, and an alarm must not wait for a run."""

import asyncio

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.acts.phases import alerts_said
from flows.acts.watch import watch_once
from flows.board import publish
from flows.carry import process_desk, shown


@flow(name="watch", flow_run_name="watch: {number}")
async def watch(number: str) -> State[None]:
    """Fire every alert that is due, and bring the page of the incident it was started for up to date."""
    desk = await asyncio.to_thread(process_desk)
    fired = await shown("Fire the alerts that are due", lambda: watch_once(desk))
    await publish(desk, number)
    return Completed(name=alerts_said(fired))
