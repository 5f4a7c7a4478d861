"""One worker's part of a sending: several connections, each taking messages in hand, sending them, and saying what came of it."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta

from flows.acts.people import key_file, roster_folder
from flows.acts.people_claim import (
    InHand,
    Settled,
    Versions,
    claim,
    goes_on,
    hold_off,
    keep,
    pause_because,
    put_back,
    recover,
)
from flows.acts.people_follow import follow_failures
from flows.acts.people_limits import Limits, limits_of
from flows.acts.people_ways import Way, ways_out
from flows.desk import Desk
from integrations.outcome import Outcome
from models.errors import RefusedDeliveryError, TemporaryDeliveryError
from models.incident import find
from models.lease import this_run
from models.store import writing
from people.addressed import addressees
from people.cohort import kept_cohorts
from people.journal import Journal
from people.letter import Addressee
from people.own import own_people
from people.roster import Roster, open_roster

FIRST_IN_HAND, IN_HAND = 20, 400
SECONDS_IN_HAND = 2.0  # what a connection takes in hand at once is what it sends in so long
LOOKS_EVERY = 1.0  # seconds between looks at whether sending may go on; what was sent is written down as often
MEANWHILE_EVERY = 30.0  # seconds
RENEWS_AFTER = 40.0  # seconds, of a lease several times as long
CONNECTIONS = 4
PATIENCE = 5  # times in a row that no connection is had before a worker ends
REFUSED_IN_A_ROW = 20  # so many cannot all be wrong addresses
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0


@dataclass
class Tally:
    """What one worker did."""

    outcomes: Counter[str] = field(default_factory=Counter)
    doubtful: int = 0
    trouble: str | None = None


def send_share(
    desk: Desk,
    number: str,
    *,
    connections: int = CONNECTIONS,
    meanwhile: Callable[[], object] | None = None,
    every: float = MEANWHILE_EVERY,
) -> Tally:
    """Send whatever may go until nothing is left for now, sharing it with every other worker; gives what this one did.

    `meanwhile` is done `every` so many seconds as long as it lasts.
    """
    folder = roster_folder(desk.settings, number)
    tally = Tally()
    with open_roster(folder, key_file(desk.settings, number), read_only=True) as roster:
        ways, ours = ways_out(desk, number), own_people(kept_cohorts(roster))
        tally.doubtful = recover(desk, number, folder / "sending")
        while True:
            senders = [_Sender(desk, number, roster, ours, ways(), tally) for _ in range(connections)]
            with ThreadPoolExecutor(connections) as pool:
                running = [pool.submit(sender.run) for sender in senders]
                while wait(running, every).not_done:
                    if meanwhile is not None:
                        meanwhile()
            for done in running:
                done.result()
            tally.doubtful += recover(desk, number, folder / "sending")
            if not follow_failures(desk, number, roster) or not goes_on(desk, number):
                return tally


class _Sender:
    """One connection's thread."""

    def __init__(
        self,
        desk: Desk,
        number: str,
        roster: Roster,
        ours: Mapping[int, Addressee],
        ways: Mapping[str, Way],
        tally: Tally,
    ) -> None:
        self._desk, self._number, self._roster, self._ours = desk, number, roster, ours
        self._ways, self._tally = ways, tally
        self._holder = this_run()
        self._journal = Journal(roster.folder / "sending", self._holder)
        self._known: Versions = {}
        self._settled: list[Settled] = []
        self._looked = self._claimed = time.monotonic()
        self._refused, self._most = 0, FIRST_IN_HAND

    def run(self) -> None:
        """Send until nothing is left, nothing may go, or no connection is to be had."""
        wait, patience = FIRST_WAIT, PATIENCE
        limits = limits_of(self._desk, self._number)
        try:
            while rows := claim(
                self._desk, self._number, self._holder, list(self._ways), limits.batch(self._most), self._known
            ):
                started = time.monotonic()
                there = self._batch(rows, limits)
                pace = len(rows) / max(time.monotonic() - started, 0.001)
                self._most = max(1, min(IN_HAND, int(pace * SECONDS_IN_HAND)))
                if there:
                    wait, patience = FIRST_WAIT, PATIENCE
                    continue
                patience -= 1
                if not patience or not goes_on(self._desk, self._number):
                    return
                time.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
        finally:
            for way in self._ways.values():
                way.close()
            self._journal.close()

    def _batch(self, rows: Sequence[InHand], limits: Limits) -> bool:
        """Send what is in hand; whether a connection was there. What was not begun is put back."""
        people = {**self._ours, **addressees(self._roster, [row.seq for row in rows if row.seq > 0])}
        self._claimed = time.monotonic()
        left = list(reversed(limits.spread(self._desk, self._number, rows, people)))
        try:
            while left:
                if time.monotonic() - self._looked >= LOOKS_EVERY and not self._look():
                    return True
                at = limits.moment(left[-1].id)
                if at is not None and (pause := at - time.monotonic()) > 0:
                    time.sleep(min(pause, LOOKS_EVERY))
                    continue
                row = left[-1]
                outcome = self._sent(row, people.get(row.seq))
                left.pop()
                self._settled.append(Settled(row, outcome, self._desk.clock()))
                self._tally.outcomes[outcome.state] += 1
                if not self._is_plausible(outcome) or not self._waited(row.channel, outcome.retry_after):
                    return True
            return True
        except TemporaryDeliveryError as error:
            self._tally.trouble = str(error)
            return False
        except RefusedDeliveryError as error:
            self._pause(str(error))
            return True
        finally:
            put_back(self._desk, self._holder, self._settled, left)
            self._settled.clear()
            self._journal.kept()

    def _look(self) -> bool:
        """Write down what was sent so far; whether to go on."""
        now = time.monotonic()
        renew = now - self._claimed > RENEWS_AFTER
        going = keep(self._desk, self._number, self._holder, self._settled, renew=renew)
        self._settled.clear()
        self._looked = now
        self._claimed = now if renew else self._claimed
        return going

    def _sent(self, row: InHand, person: Addressee | None) -> Outcome:
        if person is None:
            return Outcome("refused", "is not in the roster any more")
        way = self._ways[row.channel]
        message = way.written(row, person)
        if isinstance(message, Outcome):
            return message
        way.connect()
        self._journal.begin(row.id)
        outcome = way.send(message)
        self._journal.settle(row.id, outcome.state, outcome.answer)
        return outcome

    def _is_plausible(self, outcome: Outcome) -> bool:
        """Pause when one after the other is refused: then it is the sender that is, not the addresses."""
        self._refused = self._refused + 1 if outcome.state == "refused" else 0
        if self._refused < REFUSED_IN_A_ROW:
            return True
        self._pause(f"{self._refused} in a row were refused, the last with {outcome.answer}")
        return False

    def _waited(self, channel: str, wish: timedelta | None) -> bool:
        """Wait as long as the other side asks, or let everybody leave the channel alone until then; whether to go on."""
        if wish is None:
            return True
        if wish.total_seconds() > LONGEST_WAIT:
            with writing(self._desk.engine) as session:
                hold_off(session, find(session, self._number), channel, self._desk.clock() + wish)
            self._tally.trouble = f"{channel}: the other side asks to wait {wish.total_seconds():.0f} s"
            return False
        until = time.monotonic() + wish.total_seconds()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, LOOKS_EVERY))
            if not self._look():
                return False
        return True

    def _pause(self, why: str) -> None:
        self._tally.trouble = why
        with writing(self._desk.engine) as session:
            pause_because(self._desk, session, find(session, self._number), why)
