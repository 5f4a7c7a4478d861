"""Other shapes of the same products' messages than the samples have: older versions, envelopes, lists, nulls, harm."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from flows.intake_file import built_in_sources
from integrations.intake.source import IncomingAlert, link_or_none
from models.errors import BadInputError
from models.vocabulary import Level

DATA = Path(__file__).parents[1] / "data" / "intake"
SOURCES = built_in_sources()
FINDING = {
    "Id": "f1",
    "Type": "Exfiltration:S3/X",
    "Severity": 8,
    "Title": "Bucket read",
    "Service": {"Archived": True},
}
EVENT = {"detail-type": "GuardDuty Finding", "detail": {"id": "f2", "type": "t", "severity": 5, "title": "Bucket read"}}
ALERT = {
    "id": "a1",
    "incidentId": "77",
    "title": "Odd sign-in",
    "severity": "high",
    "status": None,
    "createdDateTime": None,
}
MISP = {"uuid": "5f", "info": "Leak", "threat_level_id": None, "date": "", "Tag": None}
HIVE = {"id": "AV1", "title": "Leak", "severity": None, "date": "2026-11-20T09:00:00Z", "status": "New"}
MAIL = b"From: a@b.example\r\nSubject: Fwd: Odd\r\nMessage-ID: <1@b>\r\n"
INNER = (
    b"--B\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@d.example\r\nSubject: Inner\r\n\r\nInner words\r\n--B--\r\n"
)


def github(**changed: object) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((DATA / "github" / "secret_scanning_alert.reopened.json").read_bytes())
    return {**sample, **changed}


def read(source: str, message: object) -> list[IncomingAlert]:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return SOURCES[source].read(body, {})


@pytest.mark.parametrize(
    ("source", "message", "abouts"),
    [
        ("guardduty", FINDING, ["f1"]),
        ("guardduty", [EVENT, EVENT], ["f2", "f2"]),
        ("guardduty", {"Type": "Notification", "Message": json.dumps(EVENT)}, ["f2"]),
        ("guardduty", {"Records": [{"body": json.dumps(EVENT)}, {"Sns": {"Message": json.dumps(EVENT)}}]}, ["f2", "f2"]),
        ("defender", {"value": [ALERT, {**ALERT, "id": "a2"}]}, ["77", "77"]),
        ("defender", {"value": []}, []),
        ("github", urlencode({"payload": json.dumps(github())}).encode(), ["Codertocat/Hello-World#191"]),
        ("github", github(action="publicly_leaked"), ["Codertocat/Hello-World#191"]),
        ("sentry", {"action": "triggered", "data": {"event": {"event_id": "e9", "title": "E"}}}, ["e9"]),
        ("sentry", {"action": "created", "data": {"issue": {"id": {"a": 1}, "title": "E"}}}, []),
        ("misp", {"response": {"Event": MISP}}, ["5f"]),
        ("thehive", {"operation": "Creation", "objectType": "alert", "object": HIVE}, ["AV1"]),
        ("thehive", {"operation": "Delete", "objectType": "Alert", "object": None}, []),
        ("stix", {"more": False, "objects": [{"type": "incident", "id": f"incident--{n}", "name": None} for n in "12"]},
         ["incident--1", "incident--2"]),
    ],
)  # fmt: skip
def test_what_carries_alerts_is_opened_and_what_is_null_is_as_if_it_were_not_there(
    source: str, message: object, abouts: list[str]
) -> None:
    assert [alert.about for alert in read(source, message)] == abouts


def test_what_is_over_is_said_to_be() -> None:
    revoked = {"type": "incident", "id": "incident--1", "revoked": True}
    assert [alert.resolved for alert in read("stix", revoked) + read("guardduty", FINDING)] == [True, True]
    assert read("guardduty", FINDING)[0].level is Level.HIGH


@pytest.mark.parametrize(
    ("source", "message", "said"),
    [
        ("pagerduty", {"messages": [{"event": "incident.trigger"}]}, "version 2"),
        ("guardduty", {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example"}, "SubscribeURL"),
        ("defender", {"value": [{"resourceData": {"id": "1"}}]}, "change notification"),
        ("misp", {"response": {"Attribute": [{"uuid": "a"}]}}, "not attributes"),
        ("misp", {"5f": {"info": "a feed's list"}}, "not attributes"),
    ],
)
def test_what_holds_no_alert_is_refused_with_what_to_send_instead(source: str, message: object, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        read(source, message)


@pytest.mark.parametrize("depth", [300, 700, 900])
@pytest.mark.parametrize("around", [b'{"Findings":[%s]}', b'{"detail":%s}', b"%s"])
def test_a_message_that_is_nested_without_end_is_refused(around: bytes, depth: int) -> None:
    for nested in (b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth + b"]" * depth):
        with pytest.raises(BadInputError):
            SOURCES["guardduty"].read(around % nested, {})


@pytest.mark.parametrize(
    ("mail", "words"),
    [
        (b"Content-Type: text/html\r\n\r\n<style>x{}</style><p>Data of <b>40</b> people<script>x", "Data of 40 people"),
        (
            b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + INNER,
            "Forwarded: Inner, from c@d.example\nInner words",
        ),
        (b"Content-Type: text/plain; charset=nonsense\r\n\r\nhi \xff", "hi \ufffd"),
    ],
)
def test_the_words_of_a_mail_are_shown_however_it_is_made(mail: bytes, words: str) -> None:
    [alert] = read("mail", MAIL + mail)
    assert (alert.report.title, alert.summary) == ("Odd", f"From a@b.example\n{words}")


@pytest.mark.parametrize("identity", ["a\u0000b", "\ud800", "x" * 20_000, "a\u202eb"])
def test_an_identity_that_no_database_keeps_becomes_its_hash_and_stays_the_same(identity: str) -> None:
    first, second = (read("misp", {"uuid": identity, "info": "Leak"})[0] for _ in range(2))
    assert first.about.startswith("sha256:")
    assert (first.about, first.event) == (second.about, second.event)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a\u0000b", "https://a\ud800", "https://a b", "ftp://a"]
)
def test_a_link_is_one_that_a_browser_may_follow_and_a_database_keep(url: str) -> None:
    assert link_or_none(url) is None
