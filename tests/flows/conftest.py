from collections.abc import Iterator

import pytest

from flows.desk import Desk
from flows.server import free_port, running
from tests.flows.meridia import join_team
from tests.flows.server import PrefectServer


@pytest.fixture
def team(desk: Desk) -> Desk:
    """The desk with a person for each role."""
    join_team(desk)
    return desk


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A Prefect server of the module's own: what one leaves on it (deployments, runs of the same number) is not another's."""
    home, port = tmp_path_factory.mktemp("prefect-server"), free_port()
    with running(home, port):
        yield PrefectServer(home, port)
