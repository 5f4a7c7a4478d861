"""Several machines at once, in small; `make machines-test` does the same with more incidents."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE

import pytest
import yaml

from tests.machines import killed, machines, work
from tests.postgres import PostgresServer
from tests.redis import RedisMissingError

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 60


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


def test_a_machine_that_loses_its_power_leaves_no_process_behind_in_whatever_session() -> None:
    child = "import subprocess as s; print(s.Popen(['sleep', '600'], start_new_session=True).pid, flush=True); input()"
    command = [sys.executable, "-c", child]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        below = int(process.stdout.readline())

        killed(process)

    assert process.returncode == -signal.SIGKILL
    limit = time.monotonic() + LIMIT_SECONDS
    while is_alive(below):
        assert time.monotonic() < limit, "it lives on"
        time.sleep(0.01)


def is_alive(process: int) -> bool:
    """Whether it runs; one that ended and that nobody has asked about yet does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_compose_file_starts_every_part_with_a_database_of_its_own_for_prefect() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]
    parts = {tuple(service["command"]) for service in services.values() if service.get("image") == "tocsin"}

    assert parts == {("serve", "--only", part) for part in ("server", "worker", "watch", "console")}
    for server in ("server-1", "server-2"):
        assert "prefect_redis" in services[server]["environment"]["PREFECT_MESSAGING_BROKER"]
        assert services[server]["environment"]["PREFECT_SERVER_API_AUTH_STRING"]
