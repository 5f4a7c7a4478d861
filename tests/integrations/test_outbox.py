import json
import stat
from email import message_from_bytes
from pathlib import Path

import pytest

from integrations.outbox import Outbox
from models.errors import RefusedDeliveryError, TemporaryDeliveryError
from models.message import Message
from tests.integrations.sinks import clock

NOTICE = Message(
    key="4f1b2",
    to="avis@cnil.example",
    subject="Stolen laptop <1>",
    text="A laptop was stolen.\n",
    number="T-2026-0001",
    about={"provision": "eu-gdpr-33", "stage": "initial", "sha256": "ab" * 32},
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_would_have_gone_out_stands_there_to_be_read(tmp_path: Path) -> None:
    taken = Outbox(tmp_path / "outbox", clock).send(NOTICE)

    assert names(tmp_path / "outbox") == ["4f1b2.eml", "4f1b2.html", "4f1b2.json"]
    assert taken.reference == str(tmp_path / "outbox" / "4f1b2.json")
    record = json.loads(Path(taken.reference).read_text())
    assert record["about"]["provision"] == "eu-gdpr-33"
    assert record["text"] == "A laptop was stolen.\n"
    assert record["written_at"] == "2026-03-04T08:30:00Z"
    mail = message_from_bytes((tmp_path / "outbox" / "4f1b2.eml").read_bytes())
    assert mail["To"] == "avis@cnil.example"
    assert mail["Message-ID"] == record["message_id"]


def test_a_text_without_html_is_shown_on_a_page_with_its_signs_escaped(tmp_path: Path) -> None:
    Outbox(tmp_path, clock).send(NOTICE)

    assert "<h1>Stolen laptop &lt;1&gt;</h1>" in (tmp_path / "4f1b2.html").read_text()


def test_the_same_key_twice_writes_nothing_new_and_gives_the_same_reference(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, clock)
    first = outbox.send(NOTICE)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.iterdir()}

    second = outbox.send(NOTICE)

    assert second.reference == first.reference
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.iterdir()} == before


def test_a_message_is_taken_only_once_all_three_files_stand(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, clock)
    (tmp_path / "4f1b2.eml").write_text("half of an earlier attempt")
    assert outbox.was_taken(NOTICE) is False

    outbox.send(NOTICE)

    assert outbox.was_taken(NOTICE) is True
    assert (tmp_path / "4f1b2.eml").read_text() != "half of an earlier attempt"


@pytest.mark.parametrize("key", ["../../etc/passwd", "T-1:eu-gdpr-33:CNIL", "a b/c", "k" * 400, ".."])
def test_no_key_leaves_the_folder(tmp_path: Path, key: str) -> None:
    folder = tmp_path / "outbox"
    outbox = Outbox(folder, clock)
    outbox.send(Message(key, "a@example.org", "s", "t"))

    assert len(names(folder)) == 3
    assert names(tmp_path) == ["outbox"]
    assert outbox.was_taken(Message(key, "a@example.org", "s", "t"))


@pytest.mark.parametrize(("to", "header"), [("CNIL portal", "CNIL portal:;"), ("@responders", '"@responders":;')])
def test_a_recipient_without_an_address_is_written_down_too(tmp_path: Path, to: str, header: str) -> None:
    Outbox(tmp_path, clock).send(Message("k", to, "s", "t"))

    assert message_from_bytes((tmp_path / "k.eml").read_bytes())["To"] == header


def test_only_the_owner_may_read_what_was_written(tmp_path: Path) -> None:
    Outbox(tmp_path / "outbox", clock).send(NOTICE)

    assert stat.S_IMODE((tmp_path / "outbox").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "outbox").iterdir()} == {0o600}


def test_a_folder_that_cannot_be_written_delays_the_message(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file where the folder should be")

    with pytest.raises(TemporaryDeliveryError, match="cannot be written"):
        Outbox(tmp_path / "outbox", clock).send(NOTICE)


def test_a_refused_header_leaves_no_file_behind(tmp_path: Path) -> None:
    with pytest.raises(RefusedDeliveryError):
        Outbox(tmp_path, clock).send(Message("k", "a@example.org", "two\nlines", "t"))

    assert names(tmp_path) == []
