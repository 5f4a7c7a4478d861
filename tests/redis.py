"""A real Redis for one test run: its own folder, loopback only, gone at the end."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LIMIT_SECONDS = 20


class RedisMissingError(Exception):
    """This machine has no `redis-server`."""


@dataclass
class Redis:
    """A Redis that keeps nothing on disk, and may go away and come back empty."""

    binary: str
    port: int
    folder: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty; returns once it answers."""
        away = ["--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            [self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, *away],
            stdout=subprocess.DEVNULL,
        )
        _answers(self.port)

    def kill(self) -> None:
        """It loses its power, and with it all that it held."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def redis_running() -> Iterator[Redis]:
    """A Redis for as long as the block runs. Raises `RedisMissingError` where there is none."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise RedisMissingError("no redis-server on the path; install the Debian package redis-server")
    with tempfile.TemporaryDirectory(prefix="tocsin-redis-") as folder:
        redis = Redis(binary, _free_port(), folder)
        try:
            redis.start()
            yield redis
        finally:
            redis.kill()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


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
