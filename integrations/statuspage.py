"""A status page: Atlassian Statuspage's API, which others offer too. One incident there for one here.

It is found again by `metadata.tocsin`, which holds our number and the key of the last text; each later text is an update of
it. It is opened as `investigating`; people move it on there, and our updates leave its status as it is.
Source: https://developer.statuspage.io/
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from integrations.channel import Settlement
from integrations.json_api import JsonApi, NotThereError
from models.errors import RefusedDeliveryError, TemporaryDeliveryError
from models.message import Message, Taken

STATUSPAGE = "https://api.statuspage.io"
LONGEST_NAME = 255
PAGE = 100
MOST_PAGES = 5
OPERATIONAL = "operational"


@dataclass(frozen=True)
class StatusPage:
    """One page; it takes the press texts of `forms` in one language. `components` are set so while the incident is open."""

    api: JsonApi
    page: str
    forms: tuple[str, ...] = ("page",)
    language: str = "en"
    components: Mapping[str, str] = field(default_factory=dict)
    notifies: bool = True
    name: str = "statuspage"
    settles: Settlement = "lookup"
    attaches: bool = False

    def takes(self, audience: str, form: str, language: str) -> bool:
        """Whether a text goes there."""
        return audience == "press" and form in self.forms and language == self.language

    def send(self, message: Message) -> Taken:
        """Open the incident, update it with one more text, or resolve it without words of ours.

        Raises `TemporaryDeliveryError`, `RefusedDeliveryError` or `UncertainDeliveryError`.
        """
        found = self._found(message.number)
        if message.about.get("act") == "resolve":
            return self._resolved(message, found)
        said: dict[str, object] = {
            "body": message.text,
            "metadata": {"tocsin": {"incident": message.number, "key": message.key}},
            "deliver_notifications": self.notifies,
        }
        if found is not None:
            return self._changed(found, said | {"status": found.get("status")})
        opened = said | {
            "name": message.subject[:LONGEST_NAME],
            "status": "investigating",
            **self._parts(self.components),
        }
        made = self.api.change("POST", self._path, {"incident": opened})
        if not isinstance(made, dict) or not made.get("id"):
            raise RefusedDeliveryError(
                "the status page answered without the id of what it made; look there whether it did"
            )
        return _taken(made)

    def was_taken(self, message: Message) -> Taken | bool | None:
        """The incident there that says the text, or is resolved; raises `TemporaryDeliveryError` while it cannot be asked."""
        try:
            found = self._found(message.number)
        except RefusedDeliveryError as error:
            raise TemporaryDeliveryError(f"the status page cannot be asked for the text: {error}") from error
        if message.about.get("act") == "resolve":
            return found is None or found.get("status") in ("resolved", "postmortem")
        if found is None:
            return False
        bodies = [one.get("body") for one in found.get("incident_updates", ())]
        return _taken(found) if _ours(found).get("key") == message.key or message.text in bodies else False

    @property
    def _path(self) -> str:
        return f"/v1/pages/{quote(self.page)}/incidents"

    def _found(self, number: str) -> Any:  # Any: the page's own JSON
        for turn in range(1, MOST_PAGES + 1):
            try:
                listed = self.api.get(self._path, limit=str(PAGE), page=str(turn))
            except NotThereError as error:
                raise RefusedDeliveryError(
                    f"the status page {self.page!r} is not there for this key; correct TOCSIN_STATUSPAGE_PAGE"
                ) from error
            for one in listed or ():
                if _ours(one).get("incident") == number:
                    return one
            if len(listed or ()) < PAGE:
                break
        return None

    def _resolved(self, message: Message, found: Any) -> Taken:  # Any: as above
        if found is None:
            return Taken(message.key, "it was not there any more")
        if found.get("status") in ("resolved", "postmortem"):
            return _taken(found)
        parts = self._parts(dict.fromkeys(self.components, OPERATIONAL))
        return self._changed(found, {"status": "resolved", "deliver_notifications": self.notifies, **parts})

    def _changed(self, found: Any, said: Mapping[str, object]) -> Taken:  # Any: as above
        made = self.api.change("PATCH", f"{self._path}/{quote(str(found['id']))}", {"incident": dict(said)})
        return _taken(made if isinstance(made, dict) else found)

    def _parts(self, components: Mapping[str, str]) -> Mapping[str, object]:
        return {"components": dict(components), "component_ids": list(components)} if components else {}


def _ours(incident: Mapping[str, Any]) -> Mapping[str, Any]:  # Any: as above
    ours = (incident.get("metadata") or {}).get("tocsin")
    return ours if isinstance(ours, dict) else {}


def _taken(incident: Mapping[str, Any]) -> Taken:  # Any: as above
    return Taken(str(incident["id"]), f"{incident.get('status')} at {incident.get('shortlink') or 'the status page'}")
