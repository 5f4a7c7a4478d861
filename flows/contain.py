"""Containment: the incident's playbook, worked as far as it goes without a person."""

import asyncio
from functools import partial

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.acts.announce import announce_opening
from flows.acts.contain import perform, ready_steps
from flows.acts.phases import steps_said
from flows.acts.playbook import start_playbook
from flows.board import publish
from flows.carry import all_shown, carried, shown


@flow(name="containment", flow_run_name="containment: {number}")
async def contain(number: str) -> State[None]:
    """Do every step that is ready, those that do not wait for each other at the same time, until none is.

    The run's last state says how far the steps have come.
    """
    async with carried(number) as desk:
        await shown("Choose the playbook", lambda: start_playbook(desk, number))
        await shown("Tell the responders", lambda: announce_opening(desk, number))
        tried: set[str] = set()
        while ready := [
            step
            for step in await shown("See which steps are ready", lambda: ready_steps(desk, number))
            if step[0] not in tried
        ]:
            await all_shown((title, partial(perform, desk, number, key)) for key, title in ready)
            tried |= {key for key, _ in ready}
        await publish(desk, number)
        return Completed(name=await asyncio.to_thread(steps_said, desk, number))
