"""A real Redis for one test run: its own folder, loopback only, gone at the end."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

LIMIT_SECONDS = 20


class RedisMissingError(Exception):
    """This machine has no `redis-server`."""


@contextmanager
def redis_running() -> Iterator[str]:
    """A Redis for as long as the block runs; gives its address. Raises `RedisMissingError` where there is none."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise RedisMissingError("no redis-server on the path; install the Debian package redis-server")
    with tempfile.TemporaryDirectory(prefix="tocsin-redis-") as folder, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
        listener.close()
        process = subprocess.Popen(
            [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )
        try:
            _answers(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()


def _answers(port: int) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)
