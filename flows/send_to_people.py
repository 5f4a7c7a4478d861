"""One worker's share of a sending to people: as many runs as there are workers take shares of the same rows."""

import asyncio

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.acts.people_carry import carry_sending
from flows.acts.people_send import Tally
from flows.carry import process_desk, shown


@flow(name="sending", flow_run_name="sending: {number}")
async def send_to_people(number: str) -> State[None]:
    """Send whatever may go until nothing is left for now; `tocsin people progress` shows how far it is."""
    desk = await asyncio.to_thread(process_desk)
    tally = await shown("Send a share", lambda: carry_sending(desk, number))
    return Completed(name=_said(tally))


def _said(tally: Tally) -> str:
    """What this run did of the sending, such as `1,200 sent, 3 delayed`."""
    return ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(tally.outcomes.items())) or "Nothing to send"
