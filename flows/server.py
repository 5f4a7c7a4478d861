"""A Prefect server of our own on loopback: started, waited for, and ended by the process that needs it.

Prefect's own embedded server loses task runs at exit, so a real one is always started.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from models.errors import TocsinError

START_LIMIT_SECONDS = 90


class ServerMissingError(TocsinError):
    """No Prefect server answers; the message says how to start one."""


def environment(home: Path, port: int) -> dict[str, str]:
    """The variables that make Prefect use our server, keep its data in `home`, and reach nothing else.

    The older UI is served because the newer one calls an analytics host even when analytics are off.
    """
    return {
        "PREFECT_HOME": str((home / "prefect").resolve()),
        "PREFECT_API_URL": f"{local_address(port)}/api",
        "PREFECT_SERVER_UI_API_URL": f"{local_address(port)}/api",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_TO_API_ENABLED": "true",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_CLI_PROMPT": "false",
        "DO_NOT_TRACK": "1",
    }


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def local_address(port: int) -> str:
    """Where a server on this machine is reached."""
    return f"http://127.0.0.1:{port}"


def answers(address: str) -> bool:
    """Whether a Prefect server answers at the address."""
    with suppress(httpx.HTTPError):
        return httpx.get(f"{address}/api/health", timeout=2).is_success
    return False


@contextmanager
def running(home: Path, port: int) -> Iterator[str]:
    """A Prefect server for as long as the block runs; gives the address of its UI.

    One that already answers on the port is used and left alone. Raises `ServerMissingError` if ours does not come up.
    """
    address = local_address(port)
    if answers(address):
        yield address
        return
    process = _started(home, port)
    try:
        _wait(process, port, home)
        yield address
    finally:
        ended(process)


def _started(home: Path, port: int) -> subprocess.Popen[bytes]:
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "prefect-server.log").open("ab") as log:
        # In a session of its own, so that a Ctrl-C reaches us first and the server is ended in order.
        return subprocess.Popen(
            command, stdout=log, stderr=log, env=joined(environment(home, port)), start_new_session=True
        )


def joined(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with `extra` over it."""
    return {**os.environ, **extra}


def _wait(process: subprocess.Popen[bytes], port: int, home: Path) -> None:
    limit = time.monotonic() + START_LIMIT_SECONDS
    while not answers(local_address(port)):
        if process.poll() is not None or time.monotonic() > limit:
            raise ServerMissingError(f"the Prefect server did not start; {home / 'prefect-server.log'} says why")
        time.sleep(0.1)


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started, gently at first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
