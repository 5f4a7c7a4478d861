"""Systems that speak, on loopback, as Jira, ServiceNow and Statuspage are documented to: with state, searches and refusals.

What they answer follows the public documentation of the three APIs, not what our client happens to ask.
"""

import json
import re
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "the token"
USER = "tocsin@meridia.example"
BASIC = "Basic " + b64encode(f"{USER}:{TOKEN}".encode()).decode()
BEARER = f"Bearer {TOKEN}"
Reply = tuple[int, Any]
HTML = "<!doctype html><title>Log in</title>"


@dataclass
class Server:
    """What both have in common: whoever may not ask is refused; `breaks` decides on a request before it is answered.

    `breaks` gives an answer in place of the real one, "lose" to act and never answer, or None.
    """

    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    breaks: Callable[[str, str], Reply | str | None] = lambda method, path: None
    headers: dict[str, str] = field(default_factory=dict)
    accepts: tuple[str, ...] = (BASIC, BEARER)
    url: str = ""

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Reply:
        """What the system answers."""
        raise NotImplementedError

    def count(self, method: str, ending: str) -> int:
        """How often something was asked."""
        return sum(one == method and urlsplit(path).path.endswith(ending) for one, path, _ in self.asked)


@dataclass
class JiraServer(Server):
    """One project `OPS` with a workflow; `cloud` decides between version 3 and version 2 of the API."""

    cloud: bool = True
    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)  # made a moment ago: the search does not show it yet
    transitions: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"id": "11", "name": "Start", "to": _status("In Progress", "indeterminate")},
            {"id": "21", "name": "Won't do", "to": _status("Cancelled", "done")},
            {"id": "31", "name": "Finish", "to": _status("Done", "done")},
        ]
    )

    def finish(self, key: str, name: str = "Ana Silva", email: str | None = None, status: str = "Done") -> None:
        """Somebody closes an issue in Jira."""
        author = {"displayName": name, **({"emailAddress": email} if email else {})}
        self._moved(self.issues[key], _status(status, "done"), author)

    def reopen(self, key: str) -> None:
        """Somebody opens an issue again."""
        self._moved(self.issues[key], _status("To Do", "new"), {"displayName": "Ana Silva"})

    def _moved(self, issue: dict[str, Any], status: dict[str, Any], author: dict[str, str]) -> None:
        issue["fields"]["status"] = status
        at = f"2026-11-23T10:{len(issue['histories']):02}:00.000+0000"
        items = [{"field": "status", "toString": status["name"]}]
        issue["histories"].insert(0, {"author": author, "created": at, "items": items})

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Reply:
        version = "3" if self.cloud else "2"
        if not path.startswith(f"/rest/api/{version}/"):
            return 404, {"errorMessages": ["dead link"]}
        rest = path.removeprefix(f"/rest/api/{version}/").split("/")
        match method, rest:
            case "GET", ["project", "OPS"]:
                return 200, {"key": "OPS", "issueTypes": [{"name": "Task"}, {"name": "Bug"}]}
            case "POST", ["issue"]:
                return self._make(body["fields"])
            case "POST", ["search", "jql"] if self.cloud:
                return self._search(body)
            case "POST", ["search"]:
                return (410, {"errorMessages": ["removed"]}) if self.cloud else self._search(body)
            case _, ["issue", key, *more] if key in self.issues:
                return self._of(method, key, more, query, body)
        return 404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}}

    def _make(self, fields: dict[str, Any]) -> Reply:
        wrong: dict[str, str] = {}
        if fields.get("project") != {"key": "OPS"}:
            wrong["project"] = "valid project is required"
        if fields.get("issuetype", {}).get("name") not in ("Task", "Bug"):
            wrong["issuetype"] = "Specify a valid issue type"
        if self.cloud != isinstance(fields.get("description"), dict):
            wrong["description"] = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
        if any(" " in label for label in fields.get("labels", ())):
            wrong["labels"] = "The label contains spaces which is invalid."
        unknown = set(fields) - {"project", "issuetype", "summary", "description", "labels"}
        wrong |= dict.fromkeys(unknown, "It is not on the appropriate screen, or unknown.")
        if wrong:
            return 400, {"errorMessages": [], "errors": wrong}
        key = f"OPS-{len(self.issues) + 1}"
        kept = {**fields, "status": _status("To Do", "new"), "resolution": None}
        self.issues[key] = {"key": key, "fields": kept, "histories": []}
        return 201, {"id": str(10_000 + len(self.issues)), "key": key, "self": f"{self.url}/rest/api/3/issue/{key}"}

    def _search(self, asked: dict[str, Any]) -> Reply:
        """`labels = "..."`, with `AND updated >= -Nm`, as much of JQL as is looked for here; a page of two."""
        words = re.fullmatch(r'labels = "([^"]+)"( AND updated >= -\d+m)?', asked["jql"])
        if words is None:
            return 400, {"errorMessages": [f"Error in the JQL Query: {asked['jql']}"]}
        found = [
            {"id": "1", "key": key, **({"fields": issue["fields"]} if asked.get("fields") else {})}
            for key, issue in self.issues.items()
            if words[1] in issue["fields"]["labels"] and key not in self.hidden
        ]
        if self.cloud:
            start = int(asked.get("nextPageToken") or 0)
            more = {"nextPageToken": str(start + 2)} if start + 2 < len(found) else {"isLast": True}
            return 200, {"issues": found[start : start + 2], **more}
        start = int(asked.get("startAt") or 0)
        return 200, {"issues": found[start : start + 2], "startAt": start, "maxResults": 2, "total": len(found)}

    def _of(self, method: str, key: str, more: list[str], query: dict[str, str], body: Any) -> Reply:
        issue, said = self.issues[key], self.comments.setdefault(key, [])
        match method, more:
            case "GET", []:
                shown = {"key": key, "fields": issue["fields"]}
                return 200, shown | (
                    {"changelog": {"histories": issue["histories"]}} if query.get("expand") == "changelog" else {}
                )
            case "GET", ["comment"]:
                return 200, {"comments": said, "total": len(said)}
            case "POST", ["comment"]:
                said.append({"id": str(len(said)), "body": body["body"]})
                return 201, said[-1]
            case "GET", ["transitions"]:
                return 200, {"transitions": self.transitions}
            case "POST", ["transitions"]:
                return self._transit(issue, body)
        return 405, None

    def _transit(self, issue: dict[str, Any], body: Any) -> Reply:
        found = [one for one in self.transitions if one["id"] == body["transition"]["id"]]
        if not found:
            return 400, {"errorMessages": ["It seems that you have tried to perform an illegal workflow operation."]}
        asked = found[0].get("fields", {})
        if "resolution" in asked and "resolution" not in body.get("fields", {}):
            return 400, {"errorMessages": [], "errors": {"resolution": "Resolution is required."}}
        issue["fields"]["resolution"] = body.get("fields", {}).get("resolution")
        self._moved(issue, found[0]["to"], {"displayName": "Tocsin", "emailAddress": USER})
        return 204, None


def _status(name: str, category: str) -> dict[str, Any]:
    return {"name": name, "statusCategory": {"key": category, "name": name}}


@dataclass
class ServiceNowServer(Server):
    """Tables of records; `keeps_open` is a business rule that does not let the account close anything."""

    records: dict[str, dict[str, str]] = field(default_factory=dict)  # by sys_id
    table: str = "incident"
    keeps_open: bool = False

    def finish(self, number: str, name: str = "Ana Silva", email: str = "", state: str = "6") -> None:
        """Somebody resolves a record."""
        record = self._numbered(number)
        record |= {"state": state, "resolved_by.name": name, "resolved_by.email": email}
        record["closed_at"] = "2026-11-23 10:00:00"

    def reopen(self, number: str) -> None:
        """Somebody opens a record again."""
        self._numbered(number)["state"] = "2"

    def _numbered(self, number: str) -> dict[str, str]:
        return next(record for record in self.records.values() if record["number"] == number)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Reply:
        rest = path.removeprefix("/api/now/table/").split("/")
        if not path.startswith("/api/now/table/") or rest[0] != self.table:
            return 400, {"error": {"message": f"Invalid table {rest[0]}", "detail": None}, "status": "failure"}
        match method, rest[1:]:
            case "POST", []:
                return self._make(body, query)
            case "GET", []:
                return self._query(query)
            case "PATCH", [sys_id] if sys_id in self.records:
                kept = {**body, **({"state": self.records[sys_id]["state"]} if self.keeps_open else {})}
                self.records[sys_id] |= kept
                return 200, {"result": self.records[sys_id]}
        return 404, {"error": {"message": "No Record found", "detail": "Record doesn't exist"}, "status": "failure"}

    def _make(self, body: dict[str, str], query: dict[str, str]) -> Reply:
        sys_id = f"{len(self.records) + 1:032x}"
        record = {**body, "sys_id": sys_id, "number": f"INC{10_000 + len(self.records) + 1:07}", "state": "1"}
        record["correlation_id"] = record.get("correlation_id", "")[:100]  # the column's length
        self.records[sys_id] = record
        fields = query.get("sysparm_fields", "sys_id,number").split(",")
        return 201, {"result": {name: record.get(name, "") for name in fields}}

    def _query(self, query: dict[str, str]) -> Reply:
        found = list(self.records.values())
        for term in query.get("sysparm_query", "").split("^"):
            name, sign, value = term.partition("=")
            if sign:
                found = [record for record in found if record.get(name) == value]
            elif not term.startswith(("ORDERBY", "sys_updated_onRELATIVEGT@minute@ago@")):
                return 400, {"error": {"message": f"Invalid query {term}"}}
        start, limit = int(query.get("sysparm_offset", 0)), int(query.get("sysparm_limit", 10_000))
        fields = query["sysparm_fields"].split(",")
        return 200, {"result": [_shown(record, fields) for record in found[start : start + limit]]}


def _shown(record: dict[str, str], fields: list[str]) -> dict[str, dict[str, str]]:
    """As `sysparm_display_value=all` shows it."""
    labels = {"1": "New", "2": "In Progress", "3": "Closed", "6": "Resolved", "7": "Closed", "8": "Canceled"}
    return {
        name: {
            "value": record.get(name, ""),
            "display_value": labels.get(record.get(name, ""), "") if name == "state" else record.get(name, ""),
        }
        for name in fields
    }


@dataclass
class StatusPageServer(Server):
    """One page `p1`; metadata must be objects of objects, a name has at most 255 signs."""

    incidents: list[dict[str, Any]] = field(default_factory=list)  # the newest first
    accepts: tuple[str, ...] = (f"OAuth {TOKEN}",)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Reply:
        rest = path.removeprefix("/v1/pages/").split("/")
        if rest[:2] != ["p1", "incidents"]:
            return 404, {"error": "not found"}
        match method, rest[2:]:
            case "GET", []:
                start = (int(query.get("page", 1)) - 1) * int(query.get("limit", 100))
                return 200, self.incidents[start : start + int(query.get("limit", 100))]
            case "POST", []:
                return self._open(body["incident"])
            case "PATCH", [one]:
                return self._update(next(found for found in self.incidents if found["id"] == one), body["incident"])
        return 404, {"error": "not found"}

    def _open(self, said: dict[str, Any]) -> Reply:
        if not said.get("name") or len(said["name"]) > 255:
            return 422, {"error": ["Name is too long (maximum is 255 characters)"]}
        made = {"id": f"i{len(self.incidents) + 1}", "shortlink": "https://stspg.example/1", "incident_updates": []}
        self.incidents.insert(0, made)
        _, answer = self._update(made, said)
        return 201, answer

    def _update(self, incident: dict[str, Any], said: dict[str, Any]) -> Reply:
        if any(not isinstance(value, dict) for value in said.get("metadata", {}).values()):
            return 422, {"error": ["Metadata top-level values must be objects"]}
        if said.get("status", incident.get("status")) not in ("investigating", "identified", "monitoring", "resolved"):
            return 422, {"error": ["Status is not included in the list"]}
        incident |= {name: value for name, value in said.items() if name != "body"}
        words = said.get("body") or "This incident has been resolved."
        incident["incident_updates"].insert(0, {"status": incident["status"], "body": words})
        return 200, incident


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """Serve it on loopback; gives its address."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{httpd.server_port}"
    try:
        yield server.url
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(content) if content else None
            server.asked.append((self.command, self.path, body))
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            broken = server.breaks(self.command, parts.path)
            if broken is not None and not isinstance(broken, str):
                self._say(*broken)
                return
            if self.headers.get("Authorization") not in server.accepts:
                self._say(401, {"errorMessages": ["You are not authenticated."]})
                return
            reply = server.answer(self.command, parts.path, query, body)
            if broken == "lose":
                self.close_connection = True
                return
            self._say(*reply)

        do_POST = do_PATCH = do_PUT = do_GET  # noqa: N815 - http.server names them

        def _say(self, status: int, said: Any) -> None:
            content = said.encode() if isinstance(said, str) else json.dumps(said).encode() if said is not None else b""
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(said, str) else "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
