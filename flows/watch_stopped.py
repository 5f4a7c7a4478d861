"""The dead man's switch: started by a Prefect automation when nothing is heard of the watch, in a worker's process."""

import asyncio

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.acts.phases import alerts_said
from flows.acts.silence import tell_silence
from flows.acts.watch import watch_once
from flows.carry import process_desk, shown


@flow(name="watch stopped", flow_run_name="the watch is not heard of", retries=3, retry_delay_seconds=10)
async def watch_stopped() -> State[None]:
    """Tell the responders that the watch has stopped, and make one pass in its place."""
    desk = await asyncio.to_thread(process_desk)
    fired = await shown("Fire the alerts that are due", lambda: watch_once(desk, stand_in=True))
    await shown("Tell the responders", lambda: tell_silence(desk))
    return Completed(name=f"The responders are told; {alerts_said(fired).lower()}")
