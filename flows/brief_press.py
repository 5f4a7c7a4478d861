"""The public: press, customer care and staff."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.acts.draft import PUBLIC
from flows.board import publish
from flows.carry import carried
from flows.notices import say


@flow(name="press", flow_run_name="press: {number}")
async def brief_press(number: str) -> State[None]:
    """Draft what press, customer care and staff are told, and send what is signed and released."""
    async with carried(number) as desk:
        said = await say(desk, number, PUBLIC, "the texts for press, customer care and staff")
        await publish(desk, number)
        return Completed(name=said)
