import base64
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import dkim  # type: ignore[import-untyped]  # it has no types
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from integrations.dkim_key import read_dkim_key
from integrations.mail_form import MailForm, recipient_of
from models.errors import BadInputError, RefusedDeliveryError
from models.pieces import in_pieces

WHEN = datetime(2026, 11, 23, 9, tzinfo=UTC)
SENDER = "Clinic Ä <privacy@clinic.example>"
WORDS = "{{ name }}\n\nÜnser Text\n.a line with a dot\n\nto {{ name }} and on \nend"
FORM = MailForm(SENDER, "Wichtig: ä", "de", in_pieces(WORDS), in_pieces(f"<p>{WORDS}</p>"))


@given(name=st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=200))
def test_whatever_a_name_is_the_mail_is_read_as_it_was_written_and_no_line_begins_with_a_dot(name: str) -> None:
    mail = FORM.written("INC-1.abc", "ann@x.example", {"name": name}, {"name": name}, WHEN)

    parsed = message_from_bytes(mail, policy=policy.default)
    body = parsed.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n").rstrip("\n") == WORDS.replace("{{ name }}", name)
    assert (parsed["To"], parsed["Message-ID"]) == ("ann@x.example", "<INC-1.abc@clinic.example>")
    assert not any(line.startswith(b".") or len(line) > 78 for line in mail.split(b"\r\n"))
    assert mail.count(b"\n") == mail.count(b"\r\n") == mail.count(b"\r"), "no line ends otherwise than in CRLF"
    assert parsed.defects == []


@pytest.mark.parametrize(
    "to",
    ["ann@x.example\r\nBcc: eve@x.example", "ann@x.example, eve@x.example", "ann", "@x.example", "a b@x.example", ""],
)
def test_what_is_no_one_address_is_refused_before_it_stands_in_a_header(to: str) -> None:
    with pytest.raises(RefusedDeliveryError):
        FORM.written("INC-1.abc", to, {"name": "A"}, {"name": "A"}, WHEN)
    with pytest.raises(RefusedDeliveryError):
        recipient_of(to)


def test_a_text_that_names_a_part_that_nobody_has_is_refused() -> None:
    with pytest.raises(BadInputError, match="no person has a part 'nmae'; did you mean 'name'"):
        in_pieces("Dear {{ nmae }}")


def test_our_own_key_signs_so_that_others_can_verify_it(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    signer = read_dkim_key(tmp_path / "key.pem", "tocsin", SENDER)
    mail = signer.signed(FORM.written("INC-1.abc", "ann@x.example", {"name": "A"}, {"name": "A"}, WHEN))

    assert dkim.verify(mail, dnsfunc=lambda name, timeout=5: record)
    assert not dkim.verify(mail.replace(b"Text", b"Next"), dnsfunc=lambda name, timeout=5: record)
    with pytest.raises(BadInputError, match="no DKIM key"):
        read_dkim_key(tmp_path / "none.pem", "tocsin", SENDER)
