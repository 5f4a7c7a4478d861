"""One worker's share of a sending to people: as many runs as there are workers take shares of the same rows."""

import asyncio

from prefect import flow

from flows.acts.people_carry import carry_sending
from flows.carry import process_desk, shown
from flows.desk import Desk


@flow(name="sending", flow_run_name="sending: {number}")
async def send_to_people(number: str) -> None:
    """Send whatever may go until nothing is left for now; `tocsin people progress` shows how far it is."""
    desk = await asyncio.to_thread(process_desk)
    await shown("Send a share", lambda: _carry(number, desk))


def _carry(number: str, desk: Desk) -> None:
    carry_sending(desk, number)
