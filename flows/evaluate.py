"""Evaluation: the law applied to the latest facts."""

from prefect import flow

from flows.acts.evaluate import evaluate as evaluated
from flows.board import publish
from flows.carry import carried, shown


@flow(name="evaluation", flow_run_name="evaluation: {number}")
async def evaluate(number: str) -> None:
    """Work out the incident's severity and duties, and keep what changed."""
    async with carried(number) as desk:
        await shown("Apply the law to the facts", lambda: evaluated(desk, number))
        await publish(desk, number)
