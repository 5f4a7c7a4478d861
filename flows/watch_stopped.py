"""The dead man's switch: started by a Prefect automation when nothing is heard of the watch, in a worker's process."""

import asyncio

from prefect import flow

from flows.acts.silence import tell_silence
from flows.acts.watch import watch_once
from flows.carry import process_desk, shown


@flow(name="watch stopped", flow_run_name="the watch is not heard of", retries=3, retry_delay_seconds=10)
async def watch_stopped() -> None:
    """Tell the responders that the watch has stopped, and make one pass in its place."""
    desk = await asyncio.to_thread(process_desk)
    await shown("Fire the alerts that are due", lambda: watch_once(desk, stand_in=True))
    await shown("Tell the responders", lambda: tell_silence(desk))
