"""Whatever is sent to whichever route, by the description that the API gives of itself: no answer is 500."""

from collections.abc import Callable

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from console.app import create_app
from console.http_api import PREFIX
from flows.acts.team import add_member
from flows.acts.tokens import Scope, make_token
from flows.desk import Desk
from models.vocabulary import PersonRole

EXAMPLES = 2  # to each route, so that the suite stays quick


def test_nothing_that_is_sent_gives_500(desk: Desk, open_demo_incident: Callable[[], str]) -> None:
    add_member(
        desk, "Lea Martin", [PersonRole.LEGAL, PersonRole.COMMANDER, PersonRole.AUDITOR, PersonRole.ADMINISTRATOR]
    )
    number = open_demo_incident()
    token = make_token(desk, "Lea Martin", purpose="any input", scopes=list(Scope), by="Ada")
    described = schemathesis.openapi.from_asgi(f"{PREFIX}/openapi.json", create_app(desk))
    headers = {"authorization": f"Bearer {token}"}

    for operation in (found.ok() for found in described.get_all_operations()):

        @settings(
            max_examples=EXAMPLES,
            database=None,
            phases=[Phase.generate],
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            deadline=None,
        )
        @given(case=operation.as_strategy())
        def sent(case: schemathesis.Case) -> None:
            if "number" in case.path_parameters:
                case.path_parameters["number"] = number
            answer = case.call(headers=headers)
            assert answer.status_code < 500, (case.method, case.path, answer.text)

        sent()
