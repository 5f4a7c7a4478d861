from typing import Annotated

import typer

from flows.acts.evaluate import decide as decided
from flows.desk import open_desk
from models.vocabulary import Verdict
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, print_json

app = typer.Typer()


@app.command()
def decide(
    number: Number,
    provision: Annotated[str, typer.Argument(help="The undecided provision, such as us-ca-individuals.")],
    verdict: Annotated[Verdict, typer.Argument(help="required or not_required")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it goes on the ledger.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Answer a duty that the facts leave undecided; the answer holds until the facts decide it.

    Example: tocsin decide INC-2026-0001 us-ca-individuals required --reason "counsel: assume acquired" --as "Lea Martin"
    """
    desk = open_desk()
    who = actor(by, desk.settings)
    decided(desk, number, provision, verdict, reason=reason, by=who)
    answer = {"number": number, "provision": provision, "verdict": verdict.value, "by": who}
    print_json(answer) if json else line(
        f"{number}: {provision} is {verdict.value.replace('_', ' ')}, decided by {who}"
    )
