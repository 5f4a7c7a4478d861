"""The review of a response, from its own record."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.acts.review import write_review
from flows.board import publish
from flows.carry import carried, shown


@flow(name="review", flow_run_name="review: {number}")
async def review(number: str) -> State[None]:
    """Verify the record, work out the figures and the open actions, and show them."""
    async with carried(number) as desk:
        found = await shown("Verify the record and review the response", lambda: write_review(desk, number))
        await publish(desk, number)
        return Completed(name=found.summary)
