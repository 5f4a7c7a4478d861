"""The other sides, in a process of their own: a mail server, an endpoint that honours keys, and a Slack-shaped server.

Each scenario talks to its own part (a path, a recipient), so that a straggler of one is never counted for another. A
sink kills the process whose number stands in `Victim` when the message of that process reaches the stage that is set.
"""

import json
import multiprocessing
import os
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import c_int
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from flows.server import free_port

STAGES = (
    "arrived",
    "taken",
    "answered",
)  # before the sink acts, after it acted and before it answers, after its answer
LIMIT_SECONDS = 60


class Victim:
    """Whom to kill, and at which stage; shared between the process that runs scenarios and the sinks."""

    def __init__(self) -> None:
        self.pid = multiprocessing.Value(c_int, 0)
        self.stage = multiprocessing.Value(c_int, -1)
        self.by = multiprocessing.Value(c_int, signal.SIGKILL)

    def is_at(self, stage: str) -> None:
        """Kill the victim if this is its stage."""
        pid = int(self.pid.value)
        if pid and int(self.stage.value) == STAGES.index(stage):
            self.pid.value = 0
            with suppress(ProcessLookupError):
                os.kill(pid, int(self.by.value))

    def choose(self, pid: int, stage: str | None, by: int = signal.SIGKILL) -> None:
        """Kill `pid` at `stage`, or send it another signal; None kills nobody."""
        self.by.value = by
        self.stage.value = STAGES.index(stage) if stage else -1
        self.pid.value = pid if stage else 0


@dataclass
class Log:
    """What the sinks did, by scenario: the acts for each identity, and the requests that a known key answered."""

    acts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    repeated: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def act(self, scenario: str, identity: str) -> None:
        with self.lock:
            self.acts[scenario][identity] += 1

    def act_once(self, scenario: str, key: str) -> None:
        """What an endpoint that honours keys does: the same key again is answered, and nothing is done."""
        with self.lock:
            known = self.acts[scenario][key]
            (self.repeated if known else self.acts)[scenario][key] += 1


class MailSide:
    def __init__(self, log: Log, victim: Victim) -> None:
        self.log, self.victim = log, victim

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd names it
        self.victim.is_at("arrived")
        content = envelope.content
        assert isinstance(content, bytes)
        identity = str(message_from_bytes(content)["Message-ID"]).strip().strip("<>").rpartition("@")[0]
        self.log.act(envelope.rcpt_tos[0].partition("@")[0], identity)
        self.victim.is_at("taken")
        await server.push("250 2.0.0 Ok")
        self.victim.is_at("answered")
        return ""  # said already


def handler(log: Log, victim: Victim) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            _, scenario, what = self.path.split("/", 2)
            if what == "log":
                return self.say({"acts": log.acts[scenario], "repeated": log.repeated[scenario]})
            if what.startswith("conversations.history"):
                return self.say(self.history(scenario))
            victim.is_at("arrived")
            if what.startswith("hook"):
                log.act_once(scenario, self.headers["Idempotency-Key"])
            else:
                log.act(scenario, json.loads(body)["metadata"]["event_payload"]["key"])
            victim.is_at("taken")
            self.say({"ok": True, "id": "T-1", "channel": "C1", "ts": "1.1"})
            return victim.is_at("answered")

        do_GET = do_POST  # noqa: N815 - http.server names it

        def history(self, scenario: str) -> dict[str, object]:
            if scenario.startswith("deaf"):
                return {"ok": False, "error": "missing_scope"}
            posted = [
                {"metadata": {"event_type": "tocsin_message", "event_payload": {"key": key}}}
                for key in log.acts[scenario]
            ]
            return {"ok": True, "messages": posted, "has_more": False}

        def say(self, answer: object) -> None:
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # the victim is gone
                self.wfile.write(body)
                self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

        def log_error(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler


class Web(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Quiet about connections that end in the middle: that is what kills are for."""


def serve(victim: Victim, smtp_port: int, ready: Connection) -> None:
    """Be all three, until killed."""
    log = Log()
    mail = Controller(MailSide(log, victim), hostname="127.0.0.1", port=smtp_port)
    mail.start()
    web = Web(("127.0.0.1", 0), handler(log, victim))
    web.daemon_threads = True
    ready.send(web.server_port)
    web.serve_forever()


@dataclass(frozen=True)
class Sinks:
    """Where the other sides are reached."""

    victim: Victim
    smtp_port: int
    http_port: int

    def url(self, scenario: str, path: str = "") -> str:
        return f"http://127.0.0.1:{self.http_port}/{scenario}/{path}"

    def seen(self, scenario: str) -> tuple[Counter[str], Counter[str]]:
        """What was done for each identity, and how often a known key was answered."""
        said = httpx.post(self.url(scenario, "log"), timeout=LIMIT_SECONDS).raise_for_status().json()
        return Counter(said["acts"]), Counter(said["repeated"])


@contextmanager
def sinks_running() -> Iterator[Sinks]:
    """The other sides for as long as the block runs."""
    fork = multiprocessing.get_context("fork")
    victim, smtp_port = Victim(), free_port()
    mine, theirs = fork.Pipe()
    process = fork.Process(target=serve, args=(victim, smtp_port, theirs), daemon=True)
    process.start()
    try:
        assert mine.poll(LIMIT_SECONDS), "the sinks did not start"
        yield Sinks(victim, smtp_port, mine.recv())
    finally:
        process.kill()
        process.join()
