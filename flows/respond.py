"""The response: one run carries an incident through all that is ready, and ends where a person has to answer."""

import asyncio

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.acts.draft import has_undrafted
from flows.acts.standing import standing
from flows.board import ending
from flows.brief_press import brief_press
from flows.carry import carried
from flows.contain import contain
from flows.evaluate import evaluate
from flows.notify_authorities import notify_authorities
from flows.notify_people import notify_people

MOST_ROUNDS = 3


@flow(name="response", flow_run_name="response: {number}")
async def respond(number: str) -> State[None]:
    """Carry one incident as far as it can go without another human answer; the run's last state says what it waits for."""
    async with carried(number) as desk:
        await contain(number)
        await evaluate(number)
        await notify_authorities(number)
        await notify_people(number)
        for _ in range(MOST_ROUNDS):
            # What was just sent can start a further duty, such as California's Attorney General after its residents.
            if not await asyncio.to_thread(has_undrafted, desk, number):
                break
            await notify_authorities(number)
            await notify_people(number)
        await brief_press(number)
        return Completed(name=ending(await asyncio.to_thread(standing, desk, number)))
