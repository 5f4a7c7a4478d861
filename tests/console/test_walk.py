import pytest

from flows.desk import Desk
from tests.console.walking import walk
from tests.flows.meridia import LEGAL, PR, RESPONDER, ledger, payloads


@pytest.mark.browser
def test_three_people_carry_a_breach_from_the_report_to_the_sent_notice_in_the_browser(desk: Desk) -> None:
    here = walk(desk)

    assert here.other_hosts == []
    assert here.complaints == []
    number = here.number
    assert [entry["actor"] for entry in ledger(desk, number, "incident.reported")] == [RESPONDER]
    assert RESPONDER in [entry["actor"] for entry in ledger(desk, number, "step.done")]
    assert [entry["actor"] for entry in ledger(desk, number, "notice.approved")] == [LEGAL]
    assert PR in [entry["actor"] for entry in ledger(desk, number, "notice.edited")]
    assert [entry["kept"] for entry in payloads(desk, number, "people.loaded")] == [40]
    assert payloads(desk, number, "delivery.sent")
