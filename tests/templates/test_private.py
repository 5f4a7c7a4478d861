import pytest

from templates.private import private_data, read_shapes

NOBODY: frozenset[str] = frozenset()

FOUND = [
    ("card_number", "4111 1111 1111 1111"),
    ("card_number", "5500-0000-0000-0004"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "FR1420041010050500013M02606"),
    ("us_social_security_number", "219-09-9999"),
    ("cn_identity_number", "11010519491231002X"),
    ("fr_social_security_number", "2 55 08 14 168 025 38"),
    ("gb_national_insurance_number", "QQ 12 34 56 C".replace("QQ", "AB")),
    ("es_identity_number", "12345678Z"),
    ("it_tax_code", "RSSMRA85T10A562S"),
    ("br_cpf", "529.982.247-25"),
    ("cn_mobile_number", "13912345678"),
    ("private_key", "-----BEGIN RSA PRIVATE KEY-----"),
    ("aws_access_key", "AKIAIOSFODNN7EXAMPLE"),
    ("github_token", "ghp_" + "a1" * 18),
    ("slack_token", "xoxb-123456789012-abcdef"),
    ("bearer_token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0xx.abcdefgh"),
    ("password", "password: hunter22"),
    ("email_address", "jane.doe@mail.example"),
]
NOT_FOUND = [
    "4111 1111 1111 1112",
    "DE89 3704 0044 0532 0130 01",
    "110105194912310021",
    "12345678A",
    "529.982.247-26",
    "INC-2026-0001",
    "+33 1 70 00 00 00",
    "1-888-397-3742",
    "2026-03-02T08:00:00Z",
    "Regulation (EU) 2016/679, Art. 33(1)",
    "Never tell anybody your password: we will not ask you.",
    "0000 0000 0000 0000",
]


@pytest.mark.parametrize(("rule", "text"), FOUND)
def test_personal_data_and_secrets_are_found(rule: str, text: str) -> None:
    assert rule in [found.rule for found in private_data(f"It says {text}, and so on.", NOBODY)]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_numbers_that_only_look_like_it_are_left_alone(text: str) -> None:
    assert [found.rule for found in private_data(f"It says {text}, and so on.", NOBODY)] == []


def test_every_shape_is_tried_by_an_example() -> None:
    assert {shape.rule for shape, _ in read_shapes()} == {rule for rule, _ in FOUND} - {"email_address"}


def test_a_finding_does_not_repeat_what_it_found() -> None:
    [found] = private_data("Card 4111 1111 1111 1111", NOBODY)

    assert "4111" not in found.message
    assert found.at == 5


def test_what_is_ours_is_allowed() -> None:
    assert list(private_data("Write to Privacy@example.com.", frozenset({"privacy@example.com"}))) == []
