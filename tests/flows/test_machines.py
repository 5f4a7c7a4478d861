"""Several machines at once, in small; `make machines-test` does the same with a hundred incidents."""

import os
from pathlib import Path

import pytest
import yaml

from tests.machines import machines, work
from tests.postgres import PostgresServer
from tests.redis import RedisMissingError

ROOT = Path(__file__).parents[2]


@pytest.mark.postgres
@pytest.mark.machines
def test_a_worker_and_a_server_that_lose_their_power_lose_nothing_and_send_nothing_twice(
    postgres_server: PostgresServer, home: Path
) -> None:
    try:
        with machines(postgres_server, home, servers=2, workers=2) as found:
            outcome = work(found, 2, [found.lose_power])
    except RedisMissingError as missing:
        if os.environ.get("TOCSIN_TESTS_COMPLETE") == "1":
            raise
        pytest.skip(str(missing))

    assert outcome.incomplete == ()
    assert outcome.lost == ()
    assert outcome.doubled == ()


def test_the_compose_file_starts_every_part_with_a_database_of_its_own_for_prefect() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]
    parts = {tuple(service["command"]) for service in services.values() if service.get("image") == "tocsin"}

    assert parts == {("serve", "--only", part) for part in ("server", "worker", "watch", "console")}
    for server in ("server-1", "server-2"):
        assert "prefect_redis" in services[server]["environment"]["PREFECT_MESSAGING_BROKER"]
        assert services[server]["environment"]["PREFECT_SERVER_API_AUTH_STRING"]
