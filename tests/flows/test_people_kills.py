import os
import random
from pathlib import Path

from flows.desk import Desk, open_desk
from tests.flows.affected import by_mail
from tests.flows.people_kills import compared, forked, kill_senders, planned, sink_running

PEOPLE, KILLS = 600, 8


def test_of_senders_killed_at_random_nobody_is_missed_and_each_second_copy_is_on_record(
    signed: Desk, tmp_path: Path
) -> None:
    settings, file = signed.settings, tmp_path / "arrived"
    signed.engine.dispose()
    assert os.waitpid(forked(lambda: planned(open_desk(settings), PEOPLE)), 0)[1] == 0

    with sink_running(file) as port:
        killed = kill_senders(lambda: by_mail(open_desk(settings), port), file, PEOPLE, KILLS, random.Random(PEOPLE))
    found = compared(open_desk(settings), file, PEOPLE, killed)

    assert found.kills > KILLS // 2
    assert (found.missed, found.unowned) == ((), ())
    assert found.arrived == PEOPLE + found.second_copies
    assert found.second_copies <= found.doubtful
