"""The event that each clock starts from: which field of the report, or what on the record, says when it happened."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from laws.clock import ClockStart, Limit
from models.report import Times

IN_TIMES: Mapping[str, tuple[str, ...]] = {
    "occurrence": ("occurred_from",),
    "awareness": ("aware_at",),
    "discovery": ("aware_at",),
    "processor_awareness": ("aware_at",),
    "constructive_knowledge": ("detected_at", "aware_at"),
    "reasonable_suspicion": ("detected_at", "aware_at"),
    "determination": ("determined_at",),
    "assessment_complete": ("determined_at",),
    "classification": ("classified_at",),
    "materiality_determination": ("materiality_determined_at",),
    "payment_made": ("ransom_paid_at",),
    "end_of_calendar_year": ("aware_at",),
}
QUESTIONS: Mapping[ClockStart, str] = {
    "occurrence": "when did it happen (times.occurred_from)?",
    "awareness": "since when is the organisation aware (times.aware_at)?",
    "discovery": "when was it discovered (times.aware_at)?",
    "processor_awareness": "since when is the processor aware (times.aware_at)?",
    "constructive_knowledge": "since when was it, or should it have been, known (times.detected_at, times.aware_at)?",
    "reasonable_suspicion": "since when is it suspected (times.detected_at, times.aware_at)?",
    "determination": "when was it determined that notice is due (times.determined_at)?",
    "assessment_complete": "when was the assessment complete (times.determined_at)?",
    "classification": "when was the incident classified as major or significant (times.classified_at)?",
    "materiality_determination": "when was materiality determined (times.materiality_determined_at)?",
    "payment_made": "when was a ransom paid (times.ransom_paid_at)?",
    "end_of_calendar_year": "in which year was it discovered (times.aware_at)?",
    "individuals_notified": "when were the people told?",
    "other_regulator_notified": "when was the other authority told?",
    "stage_submitted": "when was the earlier report submitted?",
    "handling_completed": "when did the handling of the incident end?",
    "authority_request": "when did the authority ask?",
    "new_information": "when did new information come up?",
    "corrective_measure_available": "when did a corrective or mitigating measure become available?",
}


def clock_from(limit: Limit) -> str:
    """The one field of `times` that a clock reads, or else the name of its event."""
    fields = IN_TIMES.get(limit.start, ())
    return fields[0] if len(fields) == 1 and limit.start != "end_of_calendar_year" else limit.start


class Starts:
    """When the events happened that clocks run from, as far as the facts and the record say; each looked up once."""

    def __init__(self, times: Times, events: Mapping[str, datetime]) -> None:
        self.events = events
        self._times = times
        self._found: dict[str, datetime | None] = {}

    def of(self, limit: Limit, zone: ZoneInfo, provision: str, recipient: str) -> datetime | None:
        """When the event happened that a period runs from, or None where that is not known or has not happened."""
        if limit.start == "stage_submitted":
            sent = f"sent:{provision}:{limit.of}"
            return self.events.get(f"{sent}:{recipient}") or self.events.get(sent)
        name = limit.of or limit.start
        if name not in self._found:
            self._found[name] = self._first_sending(limit.of) if limit.of else self._happened(limit.start)
        first = self._found[name]
        return end_of_year(first, zone) if first and limit.start == "end_of_calendar_year" else first

    def _first_sending(self, provision: str) -> datetime | None:
        sendings = [at for name, at in self.events.items() if name.startswith(f"sent:{provision}:")]
        return min(sendings, default=None)

    def _happened(self, start: ClockStart) -> datetime | None:
        if start not in IN_TIMES:
            return self.events.get(start)
        known = [at for name in IN_TIMES[start] if (at := getattr(self._times, name)) is not None]
        return min(known, default=None)


def end_of_year(moment: datetime, zone: ZoneInfo) -> datetime:
    """The last second of the year of `moment`, as it is counted in `zone`."""
    return datetime(moment.astimezone(zone).year, 12, 31, 23, 59, 59, tzinfo=zone)
