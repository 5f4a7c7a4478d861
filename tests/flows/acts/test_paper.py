"""The PDF that goes with a filing by mail, on a real mail server."""

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pypdf
import pytest

from flows.acts.deliver import attempt, waiting
from flows.acts.read_notice import NoticeLine
from flows.acts.timeline import timeline
from flows.desk import Desk
from integrations.smtp import SmtpServer
from models.tables import Delivery
from tests.flows.meridia import notices, one, queue, sign
from tests.flows.post import DeskByPost, known_recipients
from tests.integrations.sinks import MailSink, mail_server

NUMBER = "INC-2026-0001"
SENDER = "Meridia Mobility <privacy@meridia.example>"


@pytest.fixture
def mail_sink() -> Iterator[MailSink]:
    """A mail server on this machine."""
    with mail_server(MailSink()) as sink:
        yield sink


@pytest.fixture
def by_mail(drafted: Desk, mail_sink: MailSink) -> Desk:
    """A desk that sends to that server."""
    server = SmtpServer("127.0.0.1", mail_sink.port, SENDER, drafted.clock, "none", local_hostname="localhost")
    addresses = dict.fromkeys(known_recipients(), "notices@authority.example")
    ways = replace(drafted.channels, mail=server, addresses=addresses)
    return DeskByPost(drafted.settings, drafted.engine, drafted.clock, drafted.held, ways=ways)


def filing(desk: Desk) -> NoticeLine:
    [line] = notices(desk, NUMBER, provision="eu-gdpr-33")
    return line


def send(desk: Desk) -> list[str]:
    return [attempt(desk, NUMBER, key).state for key in waiting(desk, NUMBER, "notice")]


def files_of(raw: bytes) -> dict[str, bytes]:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return {str(part.get_filename()): part.get_content() for part in mail.iter_attachments()}


def test_a_filing_by_mail_carries_the_signed_text_as_a_pdf_that_names_its_hash(
    by_mail: Desk, mail_sink: MailSink
) -> None:
    line = filing(by_mail)
    sign(by_mail, NUMBER, line)
    queue(by_mail, NUMBER)

    assert send(by_mail) == ["sent"]

    [(name, content)] = files_of(mail_sink.taken[0]).items()
    assert name == f"{NUMBER}-{line.notice}-eu-gdpr-33-filing-en-v{line.version}.pdf"
    document = pypdf.PdfReader(BytesIO(content))
    assert document.metadata is not None
    assert f"SHA-256 {line.sha256}" in document.metadata["/Keywords"]
    assert "Lea Martin" in "".join(page.extract_text() for page in document.pages)


def test_a_mail_that_may_have_been_taken_is_sent_again_byte_for_byte(by_mail: Desk, mail_sink: MailSink) -> None:
    sign(by_mail, NUMBER, filing(by_mail))
    queue(by_mail, NUMBER)
    mail_sink.on_data = "drop"
    assert send(by_mail) == ["uncertain"]
    mail_sink.on_data = "250 2.0.0 Ok"
    later = one(by_mail, Delivery, NUMBER, purpose="notice").next_try_at
    assert later is not None
    by_mail.clock.set(later)  # type: ignore[attr-defined]  # the tests' clock

    assert send(by_mail) == ["sent"]

    first, second = mail_sink.taken
    assert first == second


def test_a_clock_does_not_wait_for_a_logo_that_cannot_be_printed(
    by_mail: Desk, mail_sink: MailSink, tmp_path: Path
) -> None:
    (tmp_path / "organisation.yaml").write_text(f"name: Meridia\nlogo: {tmp_path / 'broken.png'}\n")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    sign(by_mail, NUMBER, filing(by_mail))
    queue(by_mail, NUMBER)
    assert isinstance(by_mail, DeskByPost)
    settings = by_mail.settings.model_copy(update={"organisation": tmp_path / "organisation.yaml"})

    assert send(replace(by_mail, settings=settings)) == ["sent"]

    assert files_of(mail_sink.taken[0]) == {}
    said = [entry.words for entry in timeline(by_mail, NUMBER) if entry.kind == "delivery.sent"][-1]
    assert "without its PDF: the organisation's logo is no whole PNG or JPEG" in said


def test_a_mail_to_people_carries_no_file(by_mail: Desk, mail_sink: MailSink) -> None:
    sign(by_mail, NUMBER, *notices(by_mail, NUMBER, audience="staff", language="en"))
    queue(by_mail, NUMBER)

    assert send(by_mail) == ["sent"]

    assert files_of(mail_sink.taken[0]) == {}
