"""Authorities: a filing for each duty and stage."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.acts.draft import AUTHORITIES
from flows.board import publish
from flows.carry import carried
from flows.notices import say


@flow(name="authorities", flow_run_name="authorities: {number}")
async def notify_authorities(number: str) -> State[None]:
    """Draft the filings that are due, and send those that are signed."""
    async with carried(number) as desk:
        said = await say(desk, number, AUTHORITIES, "the filings to authorities")
        await publish(desk, number)
        return Completed(name=said)
