"""The public: press, customer care and staff."""

from prefect import flow

from flows.acts.draft import PUBLIC
from flows.board import publish
from flows.carry import carried
from flows.notices import say


@flow(name="press", flow_run_name="press: {number}")
async def brief_press(number: str) -> None:
    """Draft what press, customer care and staff are told, and send what is signed and released."""
    async with carried(number) as desk:
        await say(desk, number, PUBLIC, "the texts for press, customer care and staff")
        await publish(desk, number)
