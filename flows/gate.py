"""A gate answered in the Prefect UI: the answer lands as the same decision, by the same act, as anywhere else."""

import asyncio
import json

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.states import Cancelled, Completed

from flows.acts.gate import answer_gate
from flows.board import publish
from flows.carry import process_desk
from flows.prefect_gates import KEYS, keep_gates
from models.errors import TocsinError

WAY = "Prefect UI"


def said_of(error: TocsinError) -> str:
    """What of an error may stand in Prefect: its kind alone, for its words may quote what a person wrote."""
    return {"NotAllowedError": "not allowed", "BadInputError": "not understood"}.get(
        type(error).__name__, "not possible"
    )


@flow(name="gate")
async def gate(number: str, gate: str) -> State[None]:
    """Take the answer that the form was sent with; one that is not accepted says why, and the question is put again."""
    context = FlowRunContext.get()
    assert context is not None, "a flow runs within one"
    assert context.flow_run is not None, "the engine made it"
    desk = await asyncio.to_thread(process_desk)
    async with get_client() as client:
        given = json.loads(await client.read_flow_run_input(context.flow_run.id, KEYS["response"]))
        # What a person typed is on our ledger in a moment, and need not stay here.
        await client.delete_flow_run_input(context.flow_run.id, KEYS["response"])
    try:
        came_of_it = await asyncio.to_thread(
            answer_gate,
            desk,
            number,
            gate,
            str(given["decision"]),
            by=str(given["name"]).strip(),
            sha256=str(given["sha256"]).strip().lower(),
            way=WAY,
            reason=str(given.get("reason") or "").strip() or None,
        )
    except TocsinError as error:
        await asyncio.to_thread(keep_gates, desk, number)
        # Not as a failure: Prefect would try a resumed run again with the same answer.
        return Cancelled(name="Not accepted", message=f"{said_of(error)}; the timeline says why, and it is asked again")
    await publish(desk, number)
    await asyncio.to_thread(keep_gates, desk, number)
    return Completed(name="Answered", message=came_of_it)
