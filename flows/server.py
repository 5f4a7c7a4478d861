"""A Prefect server of our own on loopback: started, waited for, and ended by the process that needs it.

Prefect's own embedded server loses task runs at exit, so a real one is always started.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import httpx

from models.errors import NotAllowedError, TocsinError

START_LIMIT_SECONDS = 90
STOP_LIMIT_SECONDS = 15


class ServerMissingError(TocsinError):
    """No Prefect server answers; the message says how to start one."""


def environment(home: Path, port: int) -> dict[str, str]:
    """The variables that make Prefect use our server, keep its data in `home`, and reach nothing else.

    The older UI is served because the newer one calls an analytics host even when analytics are off.
    """
    return {
        "PREFECT_HOME": str((home / "prefect").resolve()),
        "PREFECT_API_URL": f"{local_address(port)}/api",
        "PREFECT_SERVER_UI_API_URL": os.environ.get("PREFECT_SERVER_UI_API_URL", f"{local_address(port)}/api"),
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_CLI_PROMPT": "false",
        "DO_NOT_TRACK": "1",
    }


def ui_address(port: int) -> str:
    """Where the Prefect UI is: that of the server named in the environment, or ours on `port`."""
    return os.environ.get("PREFECT_API_URL", local_address(port)).removesuffix("/api")


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


def api_client(port: int) -> httpx.Client:
    """A client of the API of the Prefect server in use (on this machine's `port` unless another is named), with its password."""
    address = os.environ.get("PREFECT_API_URL", f"{local_address(port)}/api")
    user, _, password = os.environ.get("PREFECT_API_AUTH_STRING", "").partition(":")
    return httpx.Client(base_url=address, timeout=10, auth=(user, password) if user else None)


def waited_for(address: str) -> None:
    """Return once a Prefect server answers at the address; raises `ServerMissingError` if none does in time."""
    limit = time.monotonic() + START_LIMIT_SECONDS
    while not answers(address):
        if time.monotonic() > limit:
            raise ServerMissingError(f"no Prefect server answers at {address}; start it, or correct PREFECT_API_URL")
        time.sleep(0.5)


@contextmanager
def running(home: Path, port: int, host: str = "127.0.0.1") -> Iterator[str]:
    """A Prefect server for as long as the block runs; gives the address of its UI.

    One of ours that outlived the process that started it is taken over; one that somebody else runs on the port is used
    and left alone. Raises `ServerMissingError` if none comes up, and `NotAllowedError` for one that others could reach
    without a password.
    """
    address, mine = local_address(port), home / "prefect-server.pid"
    if not ip_address(host).is_loopback and not os.environ.get("PREFECT_SERVER_API_AUTH_STRING"):
        raise NotAllowedError(
            f"TOCSIN_SERVER_HOST is {host}, but PREFECT_SERVER_API_AUTH_STRING is not set; set it to user:password first"
        )
    if not answers(address):
        _start(home, port, host, mine)
    try:
        yield address
    finally:
        if mine.exists():
            ended(int(mine.read_text()))
            mine.unlink()


def _start(home: Path, port: int, host: str, mine: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "flows.prefect_app", "--host", host, "--port", str(port)]
    with (home / "prefect-server.log").open("ab") as log:
        # In a session of its own, so that a Ctrl-C reaches us first and the server is ended in order.
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, **environment(home, port)}, start_new_session=True
        )
    mine.write_text(str(process.pid))
    limit = time.monotonic() + START_LIMIT_SECONDS
    while not answers(local_address(port)):
        if process.poll() is not None or time.monotonic() > limit:
            ended(process.pid)
            mine.unlink()
            raise ServerMissingError(f"the Prefect server did not start; {home / 'prefect-server.log'} says why")
        time.sleep(0.1)


def ended(process: int) -> None:
    """End a process that we started, gently at first."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
        limit = time.monotonic() + STOP_LIMIT_SECONDS
        while _lives(process):
            if time.monotonic() > limit:
                os.kill(process, signal.SIGKILL)
                limit = float("inf")
            time.sleep(0.05)


def _lives(process: int) -> bool:
    with suppress(ChildProcessError):
        if os.waitpid(process, os.WNOHANG)[0] == process:
            return False  # it was our child and is gone
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
