import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.intake_file import built_in_sources
from integrations.intake.mapped import read_mapped
from integrations.intake.source import ForgedError, IncomingAlert, Source
from models.errors import BadInputError
from models.vocabulary import Circumstance, Effect, Kind, Level

DATA = Path(__file__).parents[1] / "data" / "intake"
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SOURCES = built_in_sources()
SAMPLES = sorted(path for path in DATA.glob("*/*") if path.suffix in (".json", ".eml"))


def source_of(sample: Path) -> Source:
    if sample.parent.name == "mapped":
        return read_mapped("monitor", DATA / "mapped" / "wazuh.yaml")
    return SOURCES[sample.parent.name]


def facts(sample: str) -> list[dict[str, Any]]:
    path = DATA / sample
    return [
        alert.report.model_dump(mode="json", exclude_defaults=True)
        for alert in source_of(path).read(path.read_bytes(), {})
    ]


def read_or_refused(source: Source, body: bytes) -> tuple[list[IncomingAlert], str]:
    try:
        return source.read(body, {}), ""
    except BadInputError as error:
        return [], str(error)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*path, key)
        yield from leaves(part, (*path, key))


def with_value(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    part = copy
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return copy


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_source_has_a_sample_that_it_reads(sample: Path) -> None:
    alerts = source_of(sample).read(sample.read_bytes(), {})

    assert bool(alerts) is (sample.name not in ("installation.json", "case_webhook.json"))
    assert all(alert.about and alert.event and alert.source == source_of(sample).name for alert in alerts)


def test_no_source_is_without_a_sample() -> None:
    assert {path.parent.name for path in SAMPLES} >= set(SOURCES)


@pytest.mark.parametrize("sample", [path for path in SAMPLES if path.suffix == ".json"], ids=lambda path: path.name)
@pytest.mark.parametrize("value", [None, "\u202e\u0000<b>", -1, 1e400, [], {}, [{"id": {}}], True], ids=repr)
def test_a_message_with_anything_anywhere_is_read_or_refused_in_one_line(sample: Path, value: Any) -> None:
    document, source = json.loads(sample.read_bytes()), source_of(sample)
    for path in leaves(document):
        alerts, refused = read_or_refused(source, json.dumps(with_value(document, path, value)).encode())
        assert "\n" not in refused
        assert all("\n" not in alert.report.title and "\u0000" not in alert.report.title for alert in alerts)


@pytest.mark.parametrize(
    "source", [*SOURCES.values(), source_of(DATA / "mapped" / "wazuh.json")], ids=lambda one: one.name
)
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 90_000, b'"a"', b"NaN", b"1" * 5_000])
def test_what_is_no_message_of_the_tool_is_refused_or_holds_no_alert(source: Source, body: bytes) -> None:
    alerts, refused = read_or_refused(source, body)

    assert alerts == []
    assert "\n" not in refused


def test_a_stix_incident_gives_its_times_and_records_and_asks_where_the_people_live() -> None:
    path = DATA / "stix" / "incident_pii_report.json"
    [alert] = SOURCES["stix"].read(path.read_bytes(), {})

    assert alert.report.kind is Kind.LOST_OR_STOLEN_DEVICE
    assert alert.report.records == 123_456
    assert alert.report.people is None
    assert alert.report.times.detected_at == datetime(2020, 10, 15, 1, 1, 1, tzinfo=UTC)
    assert alert.warnings[0].startswith("123456 individuals are affected")


def test_a_paid_ransom_is_known_with_its_time() -> None:
    [known] = facts("stix/incident_ransom.json")

    assert known["circumstances"] == [Circumstance.RANSOM_DEMANDED]
    assert known["times"] == {"ransom_paid_at": "2023-05-02T17:13:15Z"}
    assert known["effects"] == [Effect.AVAILABILITY]


def test_severities_become_ours() -> None:
    levels = {
        path.parent.name: [alert.level for alert in source_of(path).read(path.read_bytes(), {})] for path in SAMPLES
    }

    assert levels["guardduty"] == [Level.HIGH, Level.MEDIUM, Level.HIGH, Level.HIGH, Level.HIGH]
    assert levels["pagerduty"] == [Level.VERY_HIGH]
    assert levels["defender"] == [Level.MEDIUM]
    assert levels["misp"] == [Level.HIGH]


def test_what_an_alert_does_not_say_stays_unknown() -> None:
    [known] = facts("pagerduty/v3_incident.priority_updated.json")

    assert known == {"title": "A little bump in the road"}


def test_an_answer_belongs_to_the_thread_it_answers() -> None:
    [first] = SOURCES["mail"].read((DATA / "mail" / "first.eml").read_bytes(), {})
    [answer] = SOURCES["mail"].read((DATA / "mail" / "report.eml").read_bytes(), {})

    assert first.about == answer.about
    assert first.event != answer.event
    assert answer.report.title == "Fichier envoyé au mauvais destinataire"
    assert "312 adhérents" in answer.summary


def test_a_mapping_says_where_each_thing_stands_and_leaves_out_what_does_not_fit() -> None:
    first, second = source_of(DATA / "mapped" / "wazuh.json").read((DATA / "mapped" / "wazuh.json").read_bytes(), {})

    assert first.about == second.about == "100201/db-2"
    assert (first.level, first.report.kind, first.report.records) == (Level.HIGH, Kind.EXFILTRATION, 4_100)
    assert first.report.times.detected_at == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    assert (second.report.records, second.link, second.resolved) == (None, None, True)
    assert [warning.split(" was left out")[0] for warning in second.warnings] == ["times.detected_at", "records"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: a\nabout: '[['\n", "mapping.yaml:2: about: '[[' is not a JMESPath expression"),
        ("title: a\n", "about is missing"),
        ("title: a\nabout: b\ncolour: c\n", "mapping.yaml:3: unknown key 'colour'"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(text)

    with pytest.raises(BadInputError, match=r"mapping\.yaml") as refused:
        read_mapped("monitor", file)
    assert said in str(refused.value)


def signed(name: str, body: bytes, secret: bytes) -> dict[str, str]:
    digest = hmac.new(secret, body, "sha256").hexdigest()
    return {
        "pagerduty": {"x-pagerduty-signature": f"v1={'0' * 64},v1={digest}"},
        "github": {"x-hub-signature-256": f"sha256={digest}"},
        "sentry": {"sentry-hook-signature": digest, "sentry-hook-timestamp": str(int(NOW.timestamp()))},
        "monitor": {"x-monitor-signature": f"sha256={digest}", "x-monitor-time": str(int(NOW.timestamp()))},
    }[name]


SIGNING = [*(one for one in SOURCES.values() if one.check), source_of(DATA / "mapped" / "wazuh.json")]


@pytest.mark.parametrize("source", SIGNING, ids=lambda one: one.name)
def test_a_signature_is_taken_from_its_sender_and_from_nobody_else(source: Source) -> None:
    assert source.check is not None
    headers = signed(source.name, b"{}", b"secret")

    source.check(b"{}", headers, b"secret", NOW)
    for body, given, secret in ((b"{ }", headers, b"secret"), (b"{}", headers, b"Secret"), (b"{}", {}, b"secret")):
        with pytest.raises(ForgedError, match="signature does not fit"):
            source.check(body, given, secret, NOW)


@pytest.mark.parametrize(
    "source", [one for one in SIGNING if one.name in ("sentry", "monitor")], ids=lambda one: one.name
)
@pytest.mark.parametrize("later", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_an_old_message_of_a_sender_that_tells_its_time_is_refused(source: Source, later: timedelta) -> None:
    assert source.check is not None

    with pytest.raises(ForgedError, match="older than five minutes"):
        source.check(b"{}", signed(source.name, b"{}", b"secret"), b"secret", NOW + later)


def test_github_signs_as_its_documentation_shows() -> None:
    check = SOURCES["github"].check
    assert check is not None
    documented = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    check(b"Hello, World!", {"x-hub-signature-256": documented}, b"It's a Secret to Everybody", NOW)
