"""When the other side wishes to be asked again: seconds or an HTTP date (RFC 9110, section 10.2.3)."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(days=1)  # a longer wish would silence a channel past most statutory periods


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """How long to wait from `now`, at most a day; None where the header is missing or makes no sense."""
    wish = (header or "").strip()
    if wish.isascii() and wish.isdigit():
        return timedelta(seconds=min(int(wish[:10]), LONGEST.total_seconds()))
    try:
        moment = parsedate_to_datetime(wish)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), LONGEST)
