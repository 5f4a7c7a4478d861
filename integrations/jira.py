"""Jira: issues through its REST API, version 3 in Jira Cloud and version 2 in Jira Data Center.

Each issue carries the label `tocsin` and a label that is our key, by which it is found again. Jira's search lags behind
what was just made, so that an issue which it does not show yet is looked for once more before another is made.
Sources: https://developer.atlassian.com/cloud/jira/platform/rest/v3/,
https://developer.atlassian.com/server/jira/platform/rest-apis/
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Literal
from urllib.parse import quote

from integrations.channel import Settlement
from integrations.json_api import JsonApi, NotThereError
from integrations.ticket import Progress, TicketNow
from models.errors import RefusedDeliveryError, TemporaryDeliveryError
from models.message import Message, Taken

LABEL = "tocsin"
LONGEST_SUMMARY = 255
LONGEST_LABEL = 255
PAGE = 100
MOST_PAGES = 50
SEARCH_LAG = timedelta(minutes=1)
NOT_DONE = re.compile(r"won.?t|declin|reject|cancel|duplicate|cannot|invalid|incomplete|abandon", re.IGNORECASE)


@dataclass(frozen=True)
class Jira:
    """One project of a Jira; `edition` decides which version of the API is spoken."""

    api: JsonApi
    project: str
    issue_type: str = "Task"
    edition: Literal["cloud", "data_center"] = "cloud"
    search_lag: timedelta = SEARCH_LAG
    name: str = "jira"
    title: str = "Jira"
    settles: Settlement = "lookup"
    attaches: bool = False

    @property
    def place(self) -> str:
        """The project's key."""
        return self.project

    def mark(self, key: str) -> str:
        """The label that stands for a key."""
        return re.sub(r"\s+", "_", key)[:LONGEST_LABEL]

    def link(self, reference: str) -> str:
        """The issue's page."""
        return f"{self.api.base.rstrip('/')}/browse/{quote(reference)}"

    def send(self, message: Message) -> Taken:
        """Open an issue, or comment on one and close it.

        Raises `TemporaryDeliveryError`, `RefusedDeliveryError` or `UncertainDeliveryError`.
        """
        return self._close(message) if message.about.get("act") == "close" else self._open(message)

    def was_taken(self, message: Message) -> Taken | bool | None:
        """The issue that carries our key; for a closing, whether the issue is closed.

        Raises `TemporaryDeliveryError` while Jira cannot be asked, and while its search may not show the issue yet.
        """
        try:
            if message.about.get("act") == "close":
                return self.look(message.about["ticket"]).progress != "open"
            found = next(self._search(f'labels = "{_quoted(self.mark(message.key))}"'), None)
        except NotThereError:
            return True  # what is not there any more is closed
        except RefusedDeliveryError as error:
            raise TemporaryDeliveryError(f"Jira cannot be asked whether it has the issue: {error}") from error
        if found is not None:
            return Taken(found["key"], "found there by its label after an interruption")
        if message.tried_at is not None and self.api.clock() - message.tried_at < self.search_lag:
            raise TemporaryDeliveryError(
                "Jira's search may not show yet what was made just now; it is asked again before another issue is made",
                self.search_lag,
            )
        return False

    def look(self, reference: str) -> TicketNow:
        """How one issue stands, and who closed it; raises `NotThereError`, or another `DeliveryError`."""
        issue = self.api.get(f"{self._issue}/{quote(reference)}", fields="status,resolution,labels", expand="changelog")
        now = _now(issue)
        if now.progress == "open":
            return now
        moves = [
            one
            for one in (issue.get("changelog") or {}).get("histories", ())
            if any(item.get("field") == "status" for item in one.get("items", ()))
        ]
        last: Mapping[str, Any] = max(
            moves, key=lambda one: str(one.get("created")), default={}
        )  # Any: Jira's own JSON
        author = last.get("author") or {}
        return TicketNow(
            now.reference,
            now.progress,
            now.status,
            now.marks,
            author.get("displayName"),
            author.get("emailAddress"),
            _moment(last.get("created")),
        )

    def changed(self, within: timedelta | None) -> Sequence[TicketNow]:
        """Our issues that changed in the last so long, or all; raises `DeliveryError`."""
        lately = f" AND updated >= -{ceil(within / timedelta(minutes=1))}m" if within is not None else ""
        return [_now(issue) for issue in self._search(f'labels = "{LABEL}"{lately}')]

    def checked(self) -> str:
        """A line that says that issues can be made there; raises `DeliveryError` that says what is wrong."""
        try:
            project = self.api.get(f"/rest/api/{self._version}/project/{quote(self.project)}")
        except NotThereError as error:
            raise RefusedDeliveryError(
                f"Jira has no project {self.project!r} for this account; correct TOCSIN_JIRA_PROJECT"
            ) from error
        types = [str(one.get("name")) for one in project.get("issueTypes", ())]
        if types and self.issue_type not in types:
            raise RefusedDeliveryError(
                f"{self.project} has no issue type {self.issue_type!r}, but {', '.join(types)}; correct TOCSIN_JIRA_ISSUE_TYPE"
            )
        return f"Jira, project {self.project}, issue type {self.issue_type}"

    @property
    def _version(self) -> str:
        return "3" if self.edition == "cloud" else "2"

    @property
    def _issue(self) -> str:
        return f"/rest/api/{self._version}/issue"

    def _open(self, message: Message) -> Taken:
        fields = {
            "project": {"key": self.project},
            "issuetype": {"name": self.issue_type},
            "summary": " ".join(message.subject.split())[:LONGEST_SUMMARY],
            "description": self._words(message.text, message.about.get("link")),
            "labels": [LABEL, self.mark(message.key)],
        }
        made = self.api.change("POST", self._issue, {"fields": fields})
        if not isinstance(made, dict) or not made.get("key"):
            raise RefusedDeliveryError("Jira answered without the key of what it made; look there whether it did")
        return Taken(str(made["key"]), f"made in {self.project}")

    def _close(self, message: Message) -> Taken:
        """Say why, once, then move the issue to a status of the done category; each only where it is not so yet."""
        reference = message.about["ticket"]
        path = f"{self._issue}/{quote(reference)}"
        try:
            self._comment(path, message)
            now = _now(self.api.get(path, fields="status,resolution,labels"))
            if now.progress == "open":
                self._move(path, reference, now.status, done=message.about.get("outcome") == "done")
        except NotThereError:
            return Taken(reference, "it was not there any more")
        return Taken(reference, "closed")

    def _comment(self, path: str, message: Message) -> None:
        said = self.api.get(f"{path}/comment", orderBy="-created", maxResults=str(PAGE))
        if any(message.key in json.dumps(one.get("body")) for one in said.get("comments", ())):
            return
        body = self._words(f"{message.text}\n({message.key})", None)
        self.api.change("POST", f"{path}/comment", {"body": body})

    def _move(self, path: str, reference: str, status: str, *, done: bool) -> None:
        offered = self.api.get(f"{path}/transitions", expand="transitions.fields").get("transitions", ())
        ends = [one for one in offered if _category(one.get("to") or {}) == "done"]
        if not ends:
            raise RefusedDeliveryError(
                f"{reference} cannot be closed from {status!r}: no transition leads to a status of the done category for this "
                "account; close it in Jira by hand, the comment is there"
            )
        fitting = [one for one in ends if bool(NOT_DONE.search(_words_of(one))) != done]
        move = (fitting or ends)[0]
        body: dict[str, object] = {"transition": {"id": move["id"]}}
        if "resolution" in (move.get("fields") or {}):
            body["fields"] = {"resolution": _resolution(move["fields"]["resolution"], done=done)}
        self.api.change("POST", f"{path}/transitions", body)

    def _search(self, jql: str) -> Iterator[Any]:  # Any: Jira's own JSON
        asked: dict[str, object] = {"jql": jql, "fields": ["status", "resolution", "labels"], "maxResults": PAGE}
        path = "/rest/api/3/search/jql" if self.edition == "cloud" else "/rest/api/2/search"
        seen = 0
        for _ in range(MOST_PAGES):
            page = self.api.read("POST", path, asked)
            issues = page.get("issues", ())
            yield from issues
            seen += len(issues)
            if self.edition == "cloud":
                if not page.get("nextPageToken"):
                    return
                asked["nextPageToken"] = page["nextPageToken"]
            else:
                if not issues or seen >= int(page.get("total", 0)):
                    return
                asked["startAt"] = seen

    def _words(self, text: str, link: str | None) -> object:
        """A text as the edition takes it: Atlassian's document format, or wiki markup."""
        lines = [line for line in text.splitlines() if line.strip()]
        if self.edition == "data_center":
            return "\n\n".join([*(line.replace("{", r"\{") for line in lines), *([link] if link else [])])
        return {"type": "doc", "version": 1, "content": [*map(_paragraph, lines), *([_linked(link)] if link else [])]}


def _paragraph(line: str) -> Mapping[str, object]:
    return {"type": "paragraph", "content": [{"type": "text", "text": line}]}


def _linked(link: str) -> Mapping[str, object]:
    mark = {"type": "link", "attrs": {"href": link}}
    return {"type": "paragraph", "content": [{"type": "text", "text": link, "marks": [mark]}]}


def _quoted(words: str) -> str:
    return words.replace("\\", "\\\\").replace('"', '\\"')


def _category(status: Mapping[str, Any]) -> str:  # Any: Jira's own JSON
    return str((status.get("statusCategory") or {}).get("key"))


def _words_of(transition: Mapping[str, Any]) -> str:  # Any: as above
    return f"{transition.get('name')} {(transition.get('to') or {}).get('name')}"


def _resolution(field: Mapping[str, Any], *, done: bool) -> Mapping[str, str]:  # Any: as above
    names = [str(one.get("name")) for one in field.get("allowedValues", ())]
    fitting = [name for name in names if bool(NOT_DONE.search(name)) != done]
    return {"name": next(iter([*fitting, *names]), "Done")}


def _now(issue: Mapping[str, Any]) -> TicketNow:  # Any: as above
    fields = issue.get("fields") or {}
    status = fields.get("status") or {}
    resolution = str((fields.get("resolution") or {}).get("name") or "")
    words = str(status.get("name") or "unknown") + (f" ({resolution})" if resolution else "")
    return TicketNow(str(issue.get("key")), _progress(_category(status), words), words, _labels(fields.get("labels")))


def _progress(category: str, words: str) -> Progress:
    if category != "done":
        return "open"
    return "dropped" if NOT_DONE.search(words) else "done"


def _labels(labels: Iterable[object] | None) -> tuple[str, ...]:
    return tuple(str(label) for label in labels or () if label != LABEL)


def _moment(said: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
