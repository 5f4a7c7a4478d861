import logging
import socket
import ssl
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from integrations.smtp import Security, SmtpServer
from models.errors import BadInputError, RefusedDeliveryError, TemporaryDeliveryError, UncertainDeliveryError
from models.message import Message
from tests.integrations.sinks import MailSink, Tls, clock, free_port, mail_server, trickling

NOTICE = Message("4f1b2", "avis@cnil.example", "Violation", "First line\n.\n..dots\nSécurité\n", language="fr")


def server(
    port: int,
    security: Security = "none",
    tls: ssl.SSLContext | None = None,
    user: str | None = None,
    password: str | None = None,
    timeout: float = 5,
) -> SmtpServer:
    return SmtpServer(
        "127.0.0.1",
        port,
        "Clinic <privacy@clinic.example>",
        clock,
        security,
        user,
        password,
        timeout,
        tls or ssl.create_default_context(),
        "localhost",
    )


def test_a_mail_that_the_server_takes_arrives_to_the_letter(mail_sink: MailSink) -> None:
    taken = server(mail_sink.port).send(NOTICE)

    assert taken.reference == "<4f1b2@clinic.example>"
    assert taken.detail == "250 2.0.0 Ok: queued as 4F1B2"
    [raw] = mail_sink.taken
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail.get_content().replace("\r\n", "\n") == NOTICE.text
    assert mail["Date"] == "Wed, 04 Mar 2026 08:30:00 +0000"
    assert mail_sink.recipients == ["avis@cnil.example"]


def test_a_second_sending_carries_the_same_identity(mail_sink: MailSink) -> None:
    assert server(mail_sink.port).send(NOTICE).reference == server(mail_sink.port).send(NOTICE).reference
    assert mail_sink.taken[0] == mail_sink.taken[1]


def test_a_greylisting_server_delays_the_mail(mail_sink: MailSink) -> None:
    mail_sink.on_rcpt = "451 4.7.1 Greylisted, try again in 300 s"

    with pytest.raises(TemporaryDeliveryError, match=r"451 4.7.1 Greylisted"):
        server(mail_sink.port).send(NOTICE)


def test_an_unknown_recipient_refuses_the_mail(mail_sink: MailSink) -> None:
    mail_sink.on_rcpt = "550 5.1.1 No such user"

    with pytest.raises(RefusedDeliveryError, match=r"550 5.1.1 No such user"):
        server(mail_sink.port).send(NOTICE)


def test_a_recipient_whose_mail_is_forwarded_is_taken(mail_sink: MailSink) -> None:
    mail_sink.on_rcpt = "251 2.1.5 User not local; will forward"

    server(mail_sink.port).send(NOTICE)

    assert len(mail_sink.taken) == 1


def test_a_server_that_is_out_of_space_after_data_delays_the_mail(mail_sink: MailSink) -> None:
    mail_sink.on_data = "452 4.3.1 Insufficient system storage"

    with pytest.raises(TemporaryDeliveryError, match="452"):
        server(mail_sink.port).send(NOTICE)


def test_content_that_the_server_rejects_refuses_the_mail(mail_sink: MailSink) -> None:
    mail_sink.on_data = "554 5.7.1 Message content rejected"

    with pytest.raises(RefusedDeliveryError, match="554"):
        server(mail_sink.port).send(NOTICE)


def test_a_connection_lost_before_data_only_delays_the_mail(mail_sink: MailSink) -> None:
    mail_sink.on_rcpt = "drop"

    with pytest.raises(TemporaryDeliveryError):
        server(mail_sink.port).send(NOTICE)


def test_a_connection_lost_after_data_leaves_it_uncertain(mail_sink: MailSink) -> None:
    mail_sink.on_data = "drop"

    with pytest.raises(UncertainDeliveryError, match="may have been taken"):
        server(mail_sink.port).send(NOTICE)
    assert len(mail_sink.taken) == 1


def test_an_answer_after_data_that_is_not_smtp_leaves_it_uncertain(mail_sink: MailSink) -> None:
    mail_sink.on_data = "hello there"

    with pytest.raises(UncertainDeliveryError):
        server(mail_sink.port).send(NOTICE)


def test_a_server_that_is_down_delays_the_mail() -> None:
    port = free_port()

    with pytest.raises(TemporaryDeliveryError, match=f"127.0.0.1:{port} failed while connecting"):
        server(port).send(NOTICE)


def test_a_server_that_never_greets_delays_the_mail() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TemporaryDeliveryError, match="timed out"):
        server(silent.getsockname()[1], timeout=0.1).send(NOTICE)


def test_a_server_that_turns_everybody_away_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:

        def turn_away() -> None:
            connection, _ = busy.accept()
            connection.sendall(b"554 5.3.2 No SMTP service here\r\n")
            connection.close()

        thread = threading.Thread(target=turn_away)
        thread.start()
        with pytest.raises(RefusedDeliveryError, match=r"554 5.3.2"):
            server(busy.getsockname()[1]).send(NOTICE)
        thread.join()


@pytest.mark.parametrize("security", ["starttls", "implicit"])
def test_the_mail_travels_encrypted_and_under_a_name(tls: Tls, security: Security) -> None:
    with mail_server(MailSink(), tls.server, implicit=security == "implicit") as sink:
        server(sink.port, security, tls=tls.client, user="tocsin", password="right").send(NOTICE)

    assert len(sink.taken) == 1
    assert sink.encrypted == [True]


def test_a_wrong_password_refuses_the_mail_and_is_not_repeated(tls: Tls) -> None:
    with mail_server(MailSink(), tls.server) as sink, pytest.raises(RefusedDeliveryError, match="535") as refused:
        server(sink.port, "starttls", tls=tls.client, user="tocsin", password="wr0ng").send(NOTICE)

    assert "wr0ng" not in str(refused.value)


def test_a_server_without_starttls_gets_no_mail_in_the_clear(mail_sink: MailSink, tls: Tls) -> None:
    with pytest.raises(RefusedDeliveryError, match="does not offer"):
        server(mail_sink.port, "starttls", tls=tls.client).send(NOTICE)
    assert mail_sink.taken == []


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_mail(tls: Tls) -> None:
    with mail_server(MailSink(), tls.server) as sink, pytest.raises(TemporaryDeliveryError, match=r"(?i)certificate"):
        server(sink.port, "starttls", tls=ssl.create_default_context()).send(NOTICE)
    assert sink.taken == []


def test_mail_in_the_clear_leaves_this_machine_never() -> None:
    with pytest.raises(BadInputError, match="encrypted"):
        SmtpServer("mail.example.org", 25, "a@example.org", clock, "none")


def test_a_user_without_a_password_is_bad_input() -> None:
    with pytest.raises(BadInputError, match="password"):
        SmtpServer("127.0.0.1", 25, "a@example.org", clock, "none", user="tocsin")


def test_the_password_is_not_shown_with_the_settings() -> None:
    assert "right" not in repr(SmtpServer("h", 1, "a@example.org", clock, user="tocsin", password="right"))


def test_an_address_beyond_ascii_goes_out_where_the_server_can(mail_sink: MailSink) -> None:
    server(mail_sink.port).send(Message("k", "jörg@bücher.example", "s", "t"))

    assert mail_sink.recipients == ["jörg@xn--bcher-kva.example"]


def test_smtp_cannot_be_asked_what_it_took(mail_sink: MailSink) -> None:
    channel = server(mail_sink.port)

    assert channel.was_taken(NOTICE) is None
    assert channel.settles == "same_identity"


def test_no_text_reaches_the_log(mail_sink: MailSink, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="integrations"), caplog.at_level(logging.DEBUG, logger="smtplib"):
        server(mail_sink.port).send(NOTICE)

    assert "First line" not in caplog.text


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ((), TemporaryDeliveryError),
        ((b"220 ready\r\n",), TemporaryDeliveryError),
        ((b"220 ready\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"), UncertainDeliveryError),
    ],
    ids=["greeting", "hello", "after the mail"],
)
def test_a_server_that_answers_a_byte_at_a_time_is_given_up_at_the_limit(
    lines: tuple[bytes, ...], error: type[Exception]
) -> None:
    with trickling(*lines, then=b"250-wait ") as port:
        server = SmtpServer("127.0.0.1", port, "privacy@clinic.example", clock, security="none", timeout=5, longest=1.5)

        with pytest.raises(error, match=r"failed while|may have been taken"):
            server.send(NOTICE)


def test_a_handshake_a_byte_at_a_time_is_given_up_at_the_limit(tls: Tls) -> None:
    with trickling(then=b"\x16\x03\x03\x40\x00") as port:
        server = SmtpServer(
            "127.0.0.1",
            port,
            "privacy@clinic.example",
            clock,
            security="implicit",
            timeout=5,
            longest=0.4,
            tls=tls.client,
        )

        with pytest.raises(TemporaryDeliveryError):
            server.send(NOTICE)
