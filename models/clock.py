"""What time it is, as an argument. Only the outermost layer asks."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.errors import BadInputError

Clock = Callable[[], datetime]
EARLIEST_YEAR, LATEST_YEAR = 1970, 2199


def system_clock() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is told to move, kept in a file so that a rehearsal survives its process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self) -> datetime:
        """The rehearsal's time, in UTC."""
        try:
            now = datetime.fromisoformat(self.path.read_text().strip())
        except (OSError, ValueError) as error:
            raise BadInputError(_no_time_in(self.path)) from error
        if now.tzinfo is None:
            raise BadInputError(_no_time_in(self.path))
        return now.astimezone(UTC)

    def set(self, now: datetime) -> None:
        """Move to `now`; the write is atomic, so that a kill leaves the old time or the new."""
        draft = self.path.with_suffix(".new")
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(now.astimezone(UTC).isoformat())
        draft.replace(self.path)


def _no_time_in(path: Path) -> str:
    return f"{path}: no rehearsal time in it; write one such as 2026-03-02T09:00:00Z"


def zone(name: str) -> ZoneInfo:
    """The IANA zone called `name`, or a `BadInputError` that says so."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as error:
        raise BadInputError(f"no time zone is called {name!r}; use an IANA name such as Europe/Paris") from error


def in_a_likely_year(moment: datetime) -> datetime:
    """`moment`, or a `ValueError` for a year that can only be a slip of the hand."""
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise ValueError(f"the year {moment.year} is not between {EARLIEST_YEAR} and {LATEST_YEAR}; check it")
    return moment


def rfc3339(moment: datetime) -> str:
    """`moment` in UTC as RFC 3339 with a Z, to the second or as fine as it is."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
