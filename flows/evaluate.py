"""Evaluation: the law applied to the latest facts."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.acts.evaluate import evaluate as evaluated
from flows.acts.phases import duties_said
from flows.board import publish
from flows.carry import carried, shown


@flow(name="evaluation", flow_run_name="evaluation: {number}")
async def evaluate(number: str) -> State[None]:
    """Work out the incident's severity and duties, and keep what changed; the run's last state counts them."""
    async with carried(number) as desk:
        found = await shown("Apply the law to the facts", lambda: evaluated(desk, number))
        await publish(desk, number)
        return Completed(name=duties_said(found))
