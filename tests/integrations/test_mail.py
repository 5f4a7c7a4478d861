from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from integrations.mail import domain_of, mail_of, message_id, recipient_address, recipient_named, sender_address
from models.errors import BadInputError, RefusedDeliveryError
from models.message import Attachment, Message
from tests.integrations.sinks import NOW

SENDER = "Example Clinic <privacy@clinic.example>"
TEXT = "Madame,\n\nUn ordinateur portable a été volé.\n.\nFin — 数据泄露\n"


def mail(to: str = "avis@cnil.example", subject: str = "Violation de données") -> EmailMessage:
    message = Message("inc-1.abc", to, subject, TEXT, language="fr", html="<p>Un ordinateur portable</p>")
    return mail_of(message, SENDER, recipient_address(message.to), NOW)


def read_back(raw: bytes) -> EmailMessage:
    read = message_from_bytes(raw, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def test_the_text_arrives_to_the_letter_beside_its_html() -> None:
    text, html = read_back(bytes(mail())).iter_parts()

    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert text.get_content().replace("\r\n", "\n") == TEXT  # line ends travel as CRLF (RFC 2046, 4.1.1)
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")


def test_the_same_message_is_the_same_mail_to_the_byte_attachments_included() -> None:
    paper = Attachment("avis.pdf", "application/pdf", b"%PDF-1.7\n\x00\xff")
    message = Message("inc-1.abc", "avis@cnil.example", "s", TEXT, html="<p>t</p>", attachments=[paper])
    first, second = (bytes(mail_of(message, SENDER, recipient_address(message.to), NOW)) for _ in range(2))

    assert first == second
    assert first.isascii()
    [kept] = read_back(first).iter_attachments()
    assert isinstance(kept, EmailMessage)
    assert (kept.get_filename(), kept.get_content()) == ("avis.pdf", paper.content)


def test_a_mail_bears_the_date_on_which_it_was_written_however_late_it_is_sent() -> None:
    written = NOW - timedelta(hours=5)
    message = Message("k", "avis@cnil.example", "s", "t", written_at=written)

    sent = mail_of(message, SENDER, recipient_address(message.to), NOW)

    assert sent["Date"] == "Wed, 04 Mar 2026 03:30:00 +0000"


def test_the_mail_is_seven_bits_on_the_wire() -> None:
    assert bytes(mail()).isascii()


def test_the_headers_say_who_when_and_in_which_language() -> None:
    read = read_back(bytes(mail()))

    assert read["From"] == SENDER
    assert read["To"] == "avis@cnil.example"
    assert read["Subject"] == "Violation de données"
    assert read["Date"] == "Wed, 04 Mar 2026 08:30:00 +0000"
    assert read["Message-ID"] == "<inc-1.abc@clinic.example>"
    assert read["Content-Language"] == "fr"


def test_a_key_unfit_for_a_message_id_stands_as_its_hash() -> None:
    identity = message_id("incident 1 / CNIL >", "clinic.example")

    assert identity == message_id("incident 1 / CNIL >", "clinic.example")
    assert identity != message_id("incident 1 / ICO >", "clinic.example")
    assert len(identity) == len("<@clinic.example>") + 64


@pytest.mark.parametrize("sign", ["\n", "\r\nBcc: everybody@example.org", "\x00", "\u2028"])
@pytest.mark.parametrize("field", ["subject", "to"])
def test_a_line_break_in_a_header_is_refused(field: str, sign: str) -> None:
    value = f"dpo@cnil.example{sign}"

    with pytest.raises(RefusedDeliveryError):
        mail(to=value) if field == "to" else mail(subject=value)


@pytest.mark.parametrize("to", ["", "CNIL", "a@example.org, b@example.org", "a@", "@example.org", "<a@example.org>"])
def test_a_recipient_is_exactly_one_address(to: str) -> None:
    with pytest.raises(RefusedDeliveryError, match="address"):
        recipient_address(to)


def test_a_domain_of_other_letters_is_written_in_ascii() -> None:
    assert recipient_address("info@bücher.example").domain == "xn--bcher-kva.example"
    assert domain_of("Bücher <info@bücher.example>") == "xn--bcher-kva.example"


def test_a_recipient_without_an_address_is_named_with_nobody_listed() -> None:
    message = Message("k", "CNIL, portail", "s", "t")

    assert read_back(bytes(mail_of(message, SENDER, recipient_named(message.to), NOW)))["To"] == '"CNIL, portail":;'


@pytest.mark.parametrize("sender", ["", "nobody", "a@example.org, b@example.org", "A\r\nBcc: c <a@example.org>"])
def test_a_sender_that_is_not_one_address_is_bad_input(sender: str) -> None:
    with pytest.raises(BadInputError):
        sender_address(sender)
