"""People: those affected, and whoever the law has told along with them."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.acts.draft import PEOPLE
from flows.board import publish
from flows.carry import carried
from flows.notices import say


@flow(name="people", flow_run_name="people: {number}")
async def notify_people(number: str) -> State[None]:
    """Draft the letters to people that are due, and send those that are signed."""
    async with carried(number) as desk:
        said = await say(desk, number, PEOPLE, "the letters to people")
        await publish(desk, number)
        return Completed(name=said)
