from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from models.clock import VirtualClock, rfc3339, system_clock, zone
from models.errors import BadInputError

PARIS_WINTER = timezone(timedelta(hours=1))


def test_a_virtual_clock_stands_still_until_it_is_moved(tmp_path: Path) -> None:
    clock = VirtualClock(tmp_path / "clock")
    clock.set(datetime(2026, 3, 2, 9, tzinfo=PARIS_WINTER))

    assert clock() == clock() == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert clock().tzinfo is UTC

    clock.set(clock() + timedelta(hours=72))
    assert clock() == datetime(2026, 3, 5, 8, tzinfo=UTC)


def test_a_virtual_clock_is_the_same_for_another_process(tmp_path: Path) -> None:
    VirtualClock(tmp_path / "deep" / "clock").set(datetime(2026, 3, 2, 8, 0, 0, 250_000, tzinfo=UTC))

    assert VirtualClock(tmp_path / "deep" / "clock")() == datetime(2026, 3, 2, 8, 0, 0, 250_000, tzinfo=UTC)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["clock"]


@pytest.mark.parametrize("text", [None, "", "soon", "72", "2026-03-02T09:00:00"])
def test_a_clock_file_without_a_time_says_what_to_write(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "clock"
    if text is not None:
        path.write_text(text)

    with pytest.raises(BadInputError, match="no rehearsal time in it; write one such as 2026-03-02T09:00:00Z"):
        VirtualClock(path)()


def test_the_machines_clock_carries_a_zone() -> None:
    assert system_clock().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=PARIS_WINTER), "2026-03-02T08:00:00Z"),
        (datetime(2026, 3, 2, 8, 0, 0, 500_000, tzinfo=UTC), "2026-03-02T08:00:00.500000Z"),
        (datetime(2026, 3, 27, 18, tzinfo=zone("Asia/Shanghai")), "2026-03-27T10:00:00Z"),
    ],
)
def test_a_time_is_written_in_utc_with_a_z(moment: datetime, text: str) -> None:
    assert rfc3339(moment) == text
    assert datetime.fromisoformat(text) == moment


@pytest.mark.parametrize("name", ["Paris", "", "Europe", "../../etc/passwd", "/etc/passwd", "Europe/Paris\x00"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(BadInputError, match="use an IANA name such as Europe/Paris"):
        zone(name)
