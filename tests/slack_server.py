"""A local server that speaks as much of Slack's Web API and socket mode as Tocsin uses, and refuses what Slack refuses."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as serve_socket

LIMITS: dict[str, int] = json.loads(
    (Path(__file__).parent / "integrations" / "data" / "slack_block_kit_limits.json").read_text()
)["limits"]
Json = dict[str, Any]


@dataclass
class SlackServer:
    """One workspace. `down` makes it answer 503; every call is kept in `calls`, and what broke a limit in `too_large`."""

    users: dict[str, str] = field(default_factory=dict)  # ID -> confirmed e-mail address
    rooms: dict[str, Json] = field(default_factory=dict)
    messages: dict[str, list[Json]] = field(default_factory=dict)  # conversation -> messages, oldest first
    views: dict[str, Json] = field(default_factory=dict)
    ephemeral: list[Json] = field(default_factory=list)
    pins: list[tuple[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    too_large: list[str] = field(default_factory=list)
    down: bool = False
    lose_answer_of: str = ""  # the method whose next answer is lost after it was carried out
    port: int = 0
    socket_port: int = 0
    connections: list[ServerConnection] = field(default_factory=list)
    acknowledged: dict[str, Json] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    def posted(self, channel: str) -> list[Json]:
        """What stands in a conversation, as last edited."""
        return self.messages.get(channel, [])

    def everything(self) -> str:
        """All that was posted anywhere for more than one person to see."""
        return json.dumps([self.messages, self.rooms], ensure_ascii=False)

    def view_after(self, expected: Callable[[Json], bool], seconds: float = 10) -> Json:
        """The view that comes to fit, once it does."""
        return waited_for(lambda: next((view for view in self.views.values() if expected(view)), None), seconds)

    # socket mode

    def send(self, kind: str, payload: Json, envelope: str | None = None) -> Json:
        """Send a request by socket mode, and wait for what answers it."""
        envelope = envelope or f"envelope-{next(self._ids)}"
        self.acknowledged.pop(envelope, None)
        connection = waited_for(lambda: self.connections[-1] if self.connections else None)
        connection.send(
            json.dumps({"type": kind, "envelope_id": envelope, "payload": payload, "accepts_response_payload": True})
        )
        return waited_for(lambda: self.acknowledged.get(envelope))

    def _on_socket(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        try:
            connection.send(json.dumps({"type": "hello", "num_connections": 1}))
            for said in connection:
                answer = json.loads(said)
                self.acknowledged[answer["envelope_id"]] = answer
        except ConnectionClosed:
            pass
        finally:
            self.connections.remove(connection)

    # Web API

    def answer(self, method: str, given: Json) -> Json:
        self.calls.append(method)
        name = "_" + method.replace(".", "_").lower()
        known = getattr(self, name, None)
        return known(given) if known else {"ok": False, "error": "unknown_method"}

    def _apps_connections_open(self, _: Json) -> Json:
        return {"ok": True, "url": f"ws://127.0.0.1:{self.socket_port}/link"}

    def _users_info(self, given: Json) -> Json:
        if given["user"] not in self.users:
            return {"ok": False, "error": "user_not_found"}
        email = self.users[given["user"]]
        return {"ok": True, "user": {"id": given["user"], "is_email_confirmed": True, "profile": {"email": email}}}

    def _users_lookupbyemail(self, given: Json) -> Json:
        found = [user for user, email in self.users.items() if email.lower() == given["email"].lower()]
        return {"ok": True, "user": {"id": found[0]}} if found else {"ok": False, "error": "users_not_found"}

    def _views_open(self, given: Json) -> Json:
        view_id = f"V{next(self._ids)}"
        return self._viewed(view_id, given)

    def _views_update(self, given: Json) -> Json:
        if given["view_id"] not in self.views:
            return {"ok": False, "error": "not_found"}
        return self._viewed(given["view_id"], given)

    def _viewed(self, view_id: str, given: Json) -> Json:
        view = _parsed(given["view"])
        if faults := faults_of_view(view):
            self.too_large += faults
            return {"ok": False, "error": "invalid_arguments"}
        self.views[view_id] = {**view, "id": view_id}
        return {"ok": True, "view": self.views[view_id]}

    def _chat_postmessage(self, given: Json) -> Json:
        message = self._message(given)
        if message is None:
            return {"ok": False, "error": "invalid_blocks"}
        message["ts"] = f"1772613000.{next(self._ids):06}"
        self.messages.setdefault(given["channel"], []).append(message)
        return {"ok": True, "channel": given["channel"], "ts": message["ts"]}

    def _chat_update(self, given: Json) -> Json:
        message = self._message(given)
        for known in self.messages.get(given["channel"], []):
            if known["ts"] == given["ts"] and message is not None:
                known.update(message)
                return {"ok": True, "channel": given["channel"], "ts": given["ts"]}
        return {"ok": False, "error": "message_not_found" if message else "invalid_blocks"}

    def _chat_postephemeral(self, given: Json) -> Json:
        message = self._message(given)
        if message is None:
            return {"ok": False, "error": "invalid_blocks"}
        self.ephemeral.append({**message, "user": given["user"], "channel": given["channel"]})
        return {"ok": True, "message_ts": "1"}

    def _message(self, given: Json) -> Json | None:
        blocks = _parsed(given.get("blocks", []))
        if faults := faults_of_message(blocks):
            self.too_large += faults
            return None
        return {
            "type": "message",
            "text": given.get("text", ""),
            "blocks": blocks,
            "metadata": _parsed(given.get("metadata", {})),
            "thread_ts": given.get("thread_ts"),
        }

    def _conversations_history(self, given: Json) -> Json:
        return {"ok": True, "messages": self.messages.get(given["channel"], [])[::-1], "has_more": False}

    def _conversations_replies(self, given: Json) -> Json:
        thread = [one for one in self.messages.get(given["channel"], []) if one.get("thread_ts") == given["ts"]]
        return {"ok": True, "messages": thread, "has_more": False}

    def _conversations_create(self, given: Json) -> Json:
        if any(room["name"] == given["name"] for room in self.rooms.values()):
            return {"ok": False, "error": "name_taken"}
        room = {
            "id": f"C{next(self._ids):08}",
            "name": given["name"],
            "private": given.get("is_private") == "1",
            "in": [],
        }
        self.rooms[room["id"]] = room
        return {"ok": True, "channel": room}

    def _conversations_list(self, _: Json) -> Json:
        return {"ok": True, "channels": list(self.rooms.values())}

    def _conversations_invite(self, given: Json) -> Json:
        room = self.rooms[given["channel"]]
        if given["users"] in room["in"]:
            return {"ok": False, "error": "already_in_channel"}
        room["in"].append(given["users"])
        return {"ok": True, "channel": room}

    def _conversations_kick(self, given: Json) -> Json:
        room = self.rooms[given["channel"]]
        if given["user"] not in room["in"]:
            return {"ok": False, "error": "not_in_channel"}
        room["in"].remove(given["user"])
        return {"ok": True}

    def _pins_add(self, given: Json) -> Json:
        pin = (given["channel"], given["timestamp"])
        if pin in self.pins:
            return {"ok": False, "error": "already_pinned"}
        self.pins.append(pin)
        return {"ok": True}

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has its own self
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if server.down:
                    return self._say(503, {"ok": False, "error": "service_unavailable"})
                method = self.path.removeprefix("/api/")
                answer = server.answer(method, _read(self.headers.get("Content-Type", ""), body))
                if server.lose_answer_of == method:
                    server.lose_answer_of = ""
                    self.close_connection = True
                    return None
                return self._say(200, answer)

            def _say(self, status: int, answer: Json) -> None:
                said = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST  # noqa: N815 - http.server names it

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        return Handler


def waited_for(look: Callable[[], Any], seconds: float = 10) -> Any:
    """What `look` finds, once it finds something."""
    for _ in range(int(seconds * 50)):
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError("nothing came")


@contextmanager
def slack_running() -> Iterator[SlackServer]:
    """The server on free ports of this machine, until the end."""
    slack = SlackServer()
    web = ThreadingHTTPServer(("127.0.0.1", 0), slack._handler())
    web.daemon_threads = True
    socket = serve_socket(slack._on_socket, "127.0.0.1", 0)
    slack.port, slack.socket_port = web.server_port, socket.socket.getsockname()[1]
    threads = [
        threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01}),
        threading.Thread(target=socket.serve_forever),
    ]
    for thread in threads:
        thread.start()
    try:
        yield slack
    finally:
        web.shutdown()
        web.server_close()
        socket.shutdown()
        for thread in threads:
            thread.join()


def faults_of_message(blocks: list[Json]) -> list[str]:
    """What in a message is beyond Slack's limits."""
    return [*_too_long("message.blocks.max_items", len(blocks)), *_faults(blocks)]


def faults_of_view(view: Json) -> list[str]:
    """What in a view is beyond Slack's limits."""
    faults = _too_long("view.blocks.max_items", len(view["blocks"])) + _faults(view["blocks"])
    for name in ("title", "close", "submit"):
        faults += _too_long(f"view.{name}.max_length", len(view.get(name, {"text": ""})["text"]))
    faults += _too_long("view.callback_id.max_length", len(view.get("callback_id", "")))
    faults += _too_long("view.private_metadata.max_length", len(view.get("private_metadata", "")))
    return faults + (["view: 250 kB"] if len(json.dumps(view).encode()) > 250_000 else [])


def _faults(blocks: list[Json]) -> list[str]:
    named = [block["block_id"] for block in blocks if "block_id" in block]
    faults = ["block_id twice"] if len(named) != len(set(named)) else []
    for block in blocks:
        faults += _faults_of_block(block)
    return faults


def _faults_of_block(block: Json) -> list[str]:
    match block["type"]:
        case "header":
            return _text("header.text", block["text"])
        case "section":
            faults = _text("section.text", block["text"]) if "text" in block else []
            faults += _too_long("section.fields.max_items", len(block.get("fields", [])))
            for one in block.get("fields", []):
                faults += _too_long("section.fields.item_max_length", len(one["text"]))
            return faults + ([] if "text" in block or block.get("fields") else ["section without text"])
        case "context":
            faults = _too_long("context.elements.max_items", len(block["elements"]))
            return faults + [fault for one in block["elements"] for fault in _text("text", one)]
        case "actions":
            faults = _too_long("actions.elements.max_items", len(block["elements"]))
            return faults + [fault for one in block["elements"] for fault in _element(one)]
        case "input":
            return _text("input.label", block["label"]) + _element(block["element"])
        case "divider":
            return []
    return [f"unknown block {block['type']}"]


def _element(element: Json) -> list[str]:
    kind = element["type"]
    faults = _too_long("action_id.max_length", len(element.get("action_id", "")))
    if kind == "button":
        faults += _too_long("button.value.max_length", len(element.get("value", "")))
        faults += _too_long("button.url.max_length", len(element.get("url", "")))
        return faults + _text("button.text", element["text"])
    if "placeholder" in element:
        faults += _text("select.placeholder", element["placeholder"])
    most = {"checkboxes": "checkboxes", "radio_buttons": "radio_buttons", "overflow": "overflow"}.get(kind, "select")
    options = element.get("options", [])
    faults += _too_long(f"{most}.options.max_items", len(options))
    for option in options:
        faults += _text("option.text", option["text"]) + _too_long("option.value.max_length", len(option["value"]))
    if len({option["value"] for option in options}) != len(options):
        faults.append("an option twice")
    if kind == "plain_text_input":
        faults += _too_long("plain_text_input.max_length.max", element.get("max_length", 1))
    return faults


def _text(name: str, text: Mapping[str, Any]) -> list[str]:
    limit = LIMITS.get(f"{name}.max_length", LIMITS["text.max_length"])
    return [f"{name}: {len(text['text'])} signs"] if not 1 <= len(text["text"]) <= limit else []


def _too_long(name: str, length: int) -> list[str]:
    return [f"{name}: {length}"] if length > LIMITS[name] else []


def _read(kind: str, body: bytes) -> Json:
    if "json" in kind:
        given: Json = json.loads(body or b"{}")
        return given
    return {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
