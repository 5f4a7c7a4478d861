"""The response: one run carries an incident through all that is ready, and ends where a person has to answer."""

from prefect import flow

from flows.brief_press import brief_press
from flows.carry import carried
from flows.contain import contain
from flows.evaluate import evaluate
from flows.notify_authorities import notify_authorities
from flows.notify_people import notify_people


@flow(name="response", flow_run_name="response: {number}")
async def respond(number: str) -> None:
    """Carry one incident as far as it can go without another human answer."""
    async with carried(number):
        await contain(number)
        await evaluate(number)
        await notify_authorities(number)
        await notify_people(number)
        await brief_press(number)
