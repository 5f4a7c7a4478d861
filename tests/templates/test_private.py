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
    ("de_tax_id", "62 845 173 753"),
    ("pl_pesel", "88051254944"),
    ("kr_resident_number", "880512-1234567"),
    ("jp_my_number", "4876 5544 1367"),
    ("in_aadhaar", "2532 3147 1129"),
    ("in_pan", "ABCPE1234F"),
    ("ca_social_insurance_number", "765 684 931"),
    ("se_personal_number", "880512-8868"),
    ("ch_social_security_number", "756.3215.9675.66"),
    ("be_national_number", "88.05.12-591.59"),
    ("nl_citizen_service_number", "BSN 756778128"),
    ("google_api_key", "AIza" + "Sy1234" * 5 + "abcde"),
    ("stripe_key", "sk_" + "live_" + "4eC39HqLyjWDarjtT1"),
    ("model_api_key", "sk-" + "proj-abcdefghij0123456789"),
    ("npm_token", "npm_" + "a1" * 18),
    ("named_key", "api_key = 3f9a77c2d1e04b6a"),
    ("address_with_password", "postgres://tocsin:hunter2@db.example/tocsin"),
    ("telephone_number", "+33 1 70 00 00 00"),
    ("telephone_number", "1-888-397-3742"),
    ("email_address", "jane.doe@mail.example"),
]
NOT_FOUND = [
    "4111 1111 1111 1112",
    "DE89 3704 0044 0532 0130 01",
    "110105194912310021",
    "12345678A",
    "529.982.247-26",
    "INC-2026-0001",
    "62 845 173 754",
    "88051254945",
    "4876 5544 1368",
    "2532 3147 1128",
    "765 684 932",
    "756.3215.9675.67",
    "88.05.12-591.58",
    "from 2026-03-02 08:00 to 2026-03-04 12:00",
    "31,400 records of 27,580 people",
    "https://www.example.com/a/12345678",
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
    assert {shape.rule for shape, _ in read_shapes()} == {rule for rule, _ in FOUND} - {
        "email_address",
        "telephone_number",
    }


def test_a_finding_does_not_repeat_what_it_found() -> None:
    [found] = private_data("Card 4111 1111 1111 1111", NOBODY)

    assert "4111" not in found.message
    assert found.at == 5


@pytest.mark.parametrize("written", ["+33 1 99 00 12 34", "+33199001234", "01 99 00 12 34"])
def test_our_telephone_number_is_allowed_however_it_is_written(written: str) -> None:
    assert list(private_data(f"Call {written}.", frozenset({"+33 1 99 00 12 34"}), "fr")) == []


def test_a_national_number_is_known_to_readers_of_its_language() -> None:
    assert [found.rule for found in private_data("Rufen Sie 030 22712345 an.", NOBODY, "de")] == ["telephone_number"]


def test_what_is_ours_is_allowed() -> None:
    assert list(private_data("Write to Privacy@example.com.", frozenset({"privacy@example.com"}))) == []
