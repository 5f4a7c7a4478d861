import re
import socket
from datetime import UTC, datetime

import pytest

from flows.acts.audit import note, records
from flows.desk import Desk
from integrations.syslog import LONGEST_DATAGRAM, datagram, send, syslog_address
from models.errors import BadInputError

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_a_record_is_sent_as_rfc_5424_writes_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as siem:
        siem.bind(("127.0.0.1", 0))
        siem.settimeout(5)

        assert send(f"udp://127.0.0.1:{siem.getsockname()[1]}", "sign_in.refused", NOW, '{"who": null}')
        said = siem.recv(9_000).decode()

    assert re.fullmatch(r'<85>1 2026-11-23T09:00:00Z \S+ tocsin \d+ sign_in\.refused - \{"who": null\}', said)


def test_a_record_is_never_longer_than_what_arrives_whole() -> None:
    assert len(datagram("x" * 100, NOW, "y" * 20_000)) == LONGEST_DATAGRAM


@pytest.mark.parametrize("url", ["tcp://a:1", "a:514", "udp://", "udp://a:x", "udp://a:99999"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInputError, match="udp://host:port"):
        syslog_address(url)


def test_the_audit_stream_is_written_though_nobody_listens(desk: Desk) -> None:
    settings = desk.settings.model_copy(update={"syslog": "udp://127.0.0.1:9"})

    note(Desk(settings, desk.engine, desk.clock), "sign_in.refused", who=None, address="192.0.2.1")

    assert [record["kind"] for record in records(desk)] == ["sign_in.refused"]
