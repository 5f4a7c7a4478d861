"""A real PostgreSQL for one test run: its own folder, loopback only, gone at the end."""

import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

USER = "tocsin"


class PostgresMissingError(Exception):
    """This machine cannot start a PostgreSQL; the message says what it lacks."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server that gives each test a database of its own."""

    port: int
    again: Callable[[], None]

    def restart(self) -> None:
        """Stop it as a machine that goes down for an update does, every connection cut, and start it again."""
        self.again()

    def new_database(self) -> str:
        """Make an empty database; gives its address."""
        name = f"tocsin_{uuid.uuid4().hex}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._address(name)

    def drop_database(self, address: str) -> None:
        """Take a database away from everybody who uses it."""
        name = address.rpartition("/")[2]
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def copy_of(self, address: str) -> str:
        """A new database with all that is in another one, to which nobody may be connected; gives its address."""
        name = f"tocsin_{uuid.uuid4().hex}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {address.rpartition('/')[2]}".encode())
        return self._address(name)

    def _address(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"


@contextmanager
def postgres_running() -> Iterator[PostgresServer]:
    """A PostgreSQL for as long as the block runs; raises `PostgresMissingError` where it cannot be started."""
    binaries, owner = _binaries(), _owner()
    folder = Path(tempfile.mkdtemp(prefix="tocsin-pg-"))
    try:
        if owner:
            shutil.chown(folder, owner, owner)
        data, port = folder / "data", _free_port()
        _run([binaries / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "-N"], owner)
        options = f"-F -p {port} -k {folder} -c listen_addresses=127.0.0.1"
        control = [binaries / "pg_ctl", "-D", data]
        with _ended_with_us([*control, "-m", "immediate", "stop"], folder, owner):
            starting = ["-l", folder / "log", "-w", "-o", options]
            _run([*control, *starting, "start"], owner)
            yield PostgresServer(port, lambda: _run([*control, *starting, "-m", "fast", "restart"], owner))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ended_with_us(stop: Sequence[object], folder: Path, owner: str | None) -> Iterator[None]:
    """Stop the server at the end of the block, also when this process is killed: its end closes the pipe."""
    watcher = subprocess.Popen(
        ["sh", "-c", f"cat >&2; {shlex.join(str(part) for part in stop)}; rm -rf {folder}"],
        user=owner,
        group=owner,
        extra_groups=[] if owner else None,
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the tests
    )
    try:
        yield
    finally:
        watcher.communicate()


def _binaries() -> Path:
    found = [Path(path).resolve().parent for path in (shutil.which("initdb"),) if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    for folder in reversed(found):
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise PostgresMissingError("no PostgreSQL server is installed; on Debian: apt-get install postgresql")


def _owner() -> str | None:
    """The user that the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError as error:
        raise PostgresMissingError("root may not run PostgreSQL, and there is no user `postgres`") from error


def _run(command: Sequence[object], owner: str | None) -> None:
    subprocess.run(
        [str(part) for part in command],
        user=owner,
        group=owner,
        extra_groups=[] if owner else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # a pipe would be kept open by the server that pg_ctl leaves running
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=True,
    )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
