import json
from collections import Counter
from pathlib import Path

import pytest
from sqlmodel import col, select

from flows.acts.people_carry import carry_sending
from flows.acts.people_plan import insert_once, row_of
from flows.acts.people_proof import export_proof, proof, verify_proof
from flows.acts.people_returned import take_events, take_in
from flows.acts.people_told import settle_told
from flows.desk import Desk
from flows.senders import left_alone
from integrations.returned_mail import said_by_event
from models.errors import LedgerAlteredError
from models.incident import find, identity
from models.store import writing
from models.tables import DutyRecord, Notice, PersonDelivery
from tests.flows.affected import NUMBER, rows, sink_and_desk
from tests.flows.meridia import LEGAL, every, notices, one

REPORT = """From: MAILER-DAEMON@mx.example
To: privacy@meridia.example
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type={report}; boundary="b"

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/{report}

{said}

--b
Content-Type: text/rfc822-headers

Message-ID: <{key}@meridia.example>
Subject: x
--b--
"""


def bounce(key: str, action: str, status: str) -> str:
    said = f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; x@planted.example\nAction: {action}\nStatus: {status}"
    return REPORT.format(report="delivery-status", said=said, key=key)


def mails(folder: Path, contents: list[str]) -> Path:
    folder.mkdir()
    for number, content in enumerate(contents):
        (folder / f"{number}.eml").write_text(content)
    return folder


def test_what_comes_back_is_matched_and_a_bounce_for_good_moves_the_person_on(told: Desk, tmp_path: Path) -> None:
    one, two, three, four, five, six = rows(told)
    abuse = REPORT.format(report="feedback-report", said="Feedback-Type: abuse\nVersion: 1", key=four.key)
    reply = f"From: x@planted.example\nIn-Reply-To: <{five.key}@meridia.example>\nSubject: Re\n\nWhy?\n"
    out = f"From: x@planted.example\nAuto-Submitted: auto-replied\nIn-Reply-To: <{six.key}@meridia.example>\n\nAway\n"
    came = [
        bounce(one.key, "failed", "5.1.1"),
        bounce(two.key, "delayed", "4.4.1"),
        bounce(three.key, "delivered", "2.0.0"),
    ]
    folder = mails(tmp_path / "came", [*came, abuse, reply, out, "From: x@x.example\n\nhello\n"])

    taken = take_in(told, NUMBER, [folder], by=LEGAL)

    assert taken.said == Counter(bounced=1, delayed=1, delivered=1, complained=1, replied=1, automatic=1)
    assert (taken.not_ours, taken.moved_on, taken.replies) == (1, 1, [(five.person, five.key)])
    assert state_of(told, one) == ("bounced", "5.1.1")
    assert state_of(told, three) == ("delivered", "250 2.0.0")
    assert [(row.person, row.rank) for row in rows(told, channel="post")] == [(one.person, 1)]
    assert take_in(told, NUMBER, [folder], by=LEGAL).moved_on == 0


def state_of(desk: Desk, row: PersonDelivery) -> tuple[str, str | None]:
    [found] = rows(desk, key=row.key)
    return found.state, found.answer


def test_events_of_an_endpoint_are_read_like_mails(told: Desk, tmp_path: Path) -> None:
    one, two, *_ = rows(told)
    file = tmp_path / "events.jsonl"
    file.write_text(
        json.dumps({"event": "bounced", "message_id": f"<{one.key}@meridia.example>", "status": "5.1.1"})
        + "\n"
        + json.dumps({"event": "delivered", "key": two.key})
    )

    taken = take_in(told, NUMBER, [file], by=LEGAL)

    assert taken.said == Counter(bounced=1, delivered=1)


def test_a_bounce_that_a_relay_tells_of_is_followed_by_the_next_share_of_the_sending(told: Desk) -> None:
    one, two, *_ = rows(told)
    assert left_alone(told) == []

    assert take_events(told, [said_by_event("bounced", key=one.key), said_by_event("delivered", key=two.key)]) == [
        "bounced",
        "delivered",
    ]

    assert left_alone(told) == [NUMBER], "so that `serve` starts a run"
    with sink_and_desk(told) as (sink, desk):
        carry_sending(desk, NUMBER)
    assert sink.taken == []
    assert [(row.person, row.rank) for row in rows(told, channel="post")] == [(one.person, 1)]
    assert left_alone(told) == []


def test_whoever_opts_out_of_mail_gets_what_else_is_due_by_their_next_channel(told: Desk) -> None:
    one, *_ = rows(told)
    with writing(told.engine) as session:
        incident = find(session, NUMBER)
        other = identity(every(told, Notice, NUMBER, provision="eu-gdpr-34", form="letter", language="fr")[0])
        more = {"cohort": one.cohort, "wave": "rest"}
        insert_once(session, [row_of(incident, one.person, one.seq, other, "email", **more)])

    take_events(told, [said_by_event("opted_out", key=one.key)])

    assert sorted((row.state, row.answer) for row in rows(told, person=one.person)) == [
        ("refused", "opted out"),
        ("sent", "opted out"),
    ]


def test_the_proof_counts_each_duty_by_the_texts_that_tell_it(told: Desk, tmp_path: Path) -> None:
    plant_second_duty(told, people=4)
    [bounced, *_] = rows(told)
    take_events(told, [said_by_event("bounced", key=bounced.key)])

    found = {each["provision"]: each for each in proof(told, NUMBER)["duties"]}

    counts = {name: (each["due"], each["told"], each["not_reached"]) for name, each in found.items()}
    assert counts == {"eu-gdpr-34": (6, 5, 1), "eu-eprivacy-611-subscribers": (4, 3, 1)}
    assert list(found["eu-eprivacy-611-subscribers"]["texts"].values()) == [3]


def test_a_second_duty_is_met_once_those_whom_it_is_owed_were_told(told: Desk) -> None:
    second = plant_second_duty(told, people=4)

    assert settle_told(told, NUMBER) == 1

    assert len(every(told, DutyRecord, NUMBER, provision=second, state="met")) == 1


def plant_second_duty(desk: Desk, people: int) -> str:
    """One that the text which was sent tells so many of the people as well."""
    provision = "eu-eprivacy-611-subscribers"
    first = one(desk, DutyRecord, NUMBER, provision="eu-gdpr-34")
    with writing(desk.engine) as session:
        fields = first.model_dump(exclude={"id"}) | {"provision": provision, "state": "open", "met_at": None}
        session.add(DutyRecord(**fields | {"body": {**first.body, "provision": provision}}))
        for row in session.exec(select(PersonDelivery).order_by(col(PersonDelivery.id)).limit(people)):
            row.also = provision
            session.add(row)
    return provision


def test_the_proof_says_who_was_told_by_which_text_and_is_signed(told: Desk, tmp_path: Path) -> None:
    one, *_ = rows(told)
    [line] = notices(told, NUMBER, provision="eu-gdpr-34", language="fr", form="email")

    document = proof(told, NUMBER, one.person)
    exported = export_proof(told, document, tmp_path / "proof.json")

    [duty] = document["duties"]
    assert (duty["provision"], duty["due"], duty["told"], duty["not_reached"]) == ("eu-gdpr-34", 6, 6, 0)
    assert duty["texts"] == {line.sha256: 6}
    assert [text["sha256"] for text in document["texts"]] == [line.sha256]
    assert [signature["role"] for signature in document["texts"][0]["signed_by"]] == ["legal", "pr"]
    assert [(m["channel"], m["state"], m["text"]) for m in document["person"]["messages"]] == [
        ("email", "sent", line.sha256)
    ]
    verify_proof(exported.document, exported.public_key)
    assert b"planted" not in exported.document.read_bytes().lower()
    exported.document.write_bytes(exported.document.read_bytes().replace(b'"told":6', b'"told":7'))
    with pytest.raises(LedgerAlteredError, match="not what was signed"):
        verify_proof(exported.document, exported.public_key)
