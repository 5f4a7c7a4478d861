"""ServiceNow: records through its Table API, each found again by `correlation_id`, which is our key.

Source: https://www.servicenow.com/docs/bundle/zurich-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import Any
from urllib.parse import quote

from integrations.channel import Settlement
from integrations.json_api import JsonApi, NotThereError
from integrations.ticket import Progress, TicketNow
from models.errors import RefusedDeliveryError, TemporaryDeliveryError
from models.message import Message, Taken

OURS = "Tocsin"
LONGEST_CORRELATION = 100
LONGEST_SHORT_DESCRIPTION = 160
PAGE = 200
MOST_PAGES = 25
URGENCY = {"critical": "1", "high": "1", "normal": "2", "low": "3"}
FIELDS = (
    "sys_id,number,state,correlation_id,close_code,closed_at,"
    "resolved_by.name,resolved_by.email,closed_by.name,closed_by.email"
)


@dataclass(frozen=True)
class States:
    """The values of `state` in one table: those that mean done and not done, the first of each being what we set."""

    done: tuple[str, ...]
    dropped: tuple[str, ...]


STATES = {
    "incident": States(("6", "7"), ("8",)),
    "sn_si_incident": States(("3",), ("7",)),
}
OF_ANY_TASK = States(("3",), ("4", "7"))


@dataclass(frozen=True)
class ServiceNow:
    """One table of an instance; `close_code` is the one that its forms ask for."""

    api: JsonApi
    table: str = "incident"
    close_code: str = "Solution provided"
    name: str = "servicenow"
    title: str = "ServiceNow"
    settles: Settlement = "lookup"
    attaches: bool = False

    @property
    def place(self) -> str:
        """The table."""
        return self.table

    def mark(self, key: str) -> str:
        """The `correlation_id` of a key: itself, or, where it is too long, its beginning and its hash."""
        if len(key) <= LONGEST_CORRELATION:
            return key
        return f"{key[: LONGEST_CORRELATION - 17]}-{sha256(key.encode()).hexdigest()[:16]}"

    def link(self, reference: str) -> str:
        """The record's page."""
        return f"{self.api.base.rstrip('/')}/nav_to.do?uri=" + quote(
            f"{self.table}.do?sysparm_query=number={reference}", safe=""
        )

    def send(self, message: Message) -> Taken:
        """Make a record, or close one with a note.

        Raises `TemporaryDeliveryError`, `RefusedDeliveryError` or `UncertainDeliveryError`.
        """
        return self._close(message) if message.about.get("act") == "close" else self._open(message)

    def was_taken(self, message: Message) -> Taken | bool | None:
        """The record that carries our key; for a closing, whether it is closed.

        Raises `TemporaryDeliveryError` while ServiceNow cannot be asked.
        """
        try:
            if message.about.get("act") == "close":
                return self.look(message.about["ticket"]).progress != "open"
            found = self._records(f"correlation_id={self.mark(message.key)}", limit=1)
        except NotThereError:
            return True  # what is not there any more is closed
        except RefusedDeliveryError as error:
            raise TemporaryDeliveryError(f"ServiceNow cannot be asked whether it has the record: {error}") from error
        if not found:
            return False
        return Taken(_shown(found[0], "number"), "found there by its correlation_id after an interruption")

    def look(self, reference: str) -> TicketNow:
        """How one record stands, and who closed it; raises `NotThereError`, or another `DeliveryError`."""
        return self._now(self._record(reference))

    def changed(self, within: timedelta | None) -> Sequence[TicketNow]:
        """Our records that changed in the last so long, or all; raises `DeliveryError`."""
        query = f"correlation_display={OURS}"
        if within is not None:  # relative, so that it does not hang on the account's time zone
            query += f"^sys_updated_onRELATIVEGT@minute@ago@{ceil(within / timedelta(minutes=1))}"
        found: list[Any] = []
        for turn in range(MOST_PAGES):
            page = self._records(f"{query}^ORDERBYsys_created_on", limit=PAGE, offset=turn * PAGE)
            found += page
            if len(page) < PAGE:
                break
        return [self._now(record) for record in found]

    def checked(self) -> str:
        """A line that says that the table can be read; raises `DeliveryError` that says what is wrong."""
        try:
            self._records(f"correlation_display={OURS}", limit=1)
        except NotThereError as error:
            raise RefusedDeliveryError(
                f"ServiceNow has no table {self.table!r} for this account; correct TOCSIN_SERVICENOW_TABLE"
            ) from error
        return f"ServiceNow, table {self.table}"

    @property
    def _path(self) -> str:
        return f"/api/now/table/{quote(self.table)}"

    @property
    def _states(self) -> States:
        return STATES.get(self.table, OF_ANY_TASK)

    def _open(self, message: Message) -> Taken:
        link = message.about.get("link")
        fields = {
            "short_description": " ".join(message.subject.split())[:LONGEST_SHORT_DESCRIPTION],
            "description": message.text + (f"\n\n{link}" if link else ""),
            "urgency": URGENCY.get(message.about.get("urgency", "high"), "1"),
            "correlation_id": self.mark(message.key),
            "correlation_display": OURS,
        }
        made = self.api.change("POST", f"{self._path}?sysparm_fields=number,sys_id", fields)
        record = made.get("result") if isinstance(made, dict) else None
        if not isinstance(record, dict) or not record.get("number"):
            raise RefusedDeliveryError(
                "ServiceNow answered without the number of what it made; look there whether it did"
            )
        return Taken(str(record["number"]), f"made in {self.table}")

    def _close(self, message: Message) -> Taken:
        """Set the state with the note in one request, where it is not closed yet."""
        reference = message.about["ticket"]
        try:
            record = self._record(reference)
            if self._now(record).progress == "open":
                done = message.about.get("outcome") == "done"
                fields = {
                    "state": (self._states.done if done else self._states.dropped)[0],
                    "close_code": self.close_code,
                    "close_notes": message.text,
                    "work_notes": f"{message.text}\n({message.key})",
                }
                self.api.change("PATCH", f"{self._path}/{quote(_value(record, 'sys_id'))}", fields)
                self._must_be_closed(reference)
        except NotThereError:
            return Taken(reference, "it was not there any more")
        return Taken(reference, "closed")

    def _must_be_closed(self, reference: str) -> None:
        """An instance may take a state and not keep it: a rule of its own forbids the change."""
        now = self.look(reference)
        if now.progress == "open":
            raise RefusedDeliveryError(
                f"{reference} stays {now.status!r} in ServiceNow: a rule there keeps the account from closing it; close it by hand"
            )

    def _record(self, reference: str) -> Any:  # Any: ServiceNow's own JSON
        found = self._records(f"number={reference}", limit=1)
        if not found:
            raise NotThereError(f"ServiceNow has no {reference} in {self.table} any more")
        return found[0]

    def _records(self, query: str, *, limit: int, offset: int = 0) -> list[Any]:  # Any: as above
        answer = self.api.get(
            self._path,
            sysparm_query=query,
            sysparm_fields=FIELDS,
            sysparm_display_value="all",
            sysparm_exclude_reference_link="true",
            sysparm_limit=str(limit),
            sysparm_offset=str(offset),
        )
        found = answer.get("result") if isinstance(answer, dict) else None
        return found if isinstance(found, list) else []

    def _now(self, record: Mapping[str, Any]) -> TicketNow:  # Any: as above
        state = _value(record, "state")
        who = "resolved_by" if _shown(record, "resolved_by.name") else "closed_by"
        return TicketNow(
            _shown(record, "number"),
            self._progress(state),
            _shown(record, "state") or state or "unknown",
            (_value(record, "correlation_id"),),
            _shown(record, f"{who}.name") or None,
            _shown(record, f"{who}.email") or None,
            _moment(_value(record, "closed_at")),
        )

    def _progress(self, state: str) -> Progress:
        if state in self._states.done:
            return "done"
        return "dropped" if state in self._states.dropped else "open"


def _value(record: Mapping[str, Any], field: str) -> str:  # Any: as above
    return _part(record, field, "value")


def _shown(record: Mapping[str, Any], field: str) -> str:  # Any: as above
    return _part(record, field, "display_value")


def _part(record: Mapping[str, Any], field: str, part: str) -> str:  # Any: as above
    found = record.get(field)
    return str((found.get(part) if isinstance(found, dict) else found) or "")


def _moment(said: str) -> datetime | None:
    """A time as the Table API gives values: UTC, without saying so."""
    try:
        return datetime.strptime(said, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
