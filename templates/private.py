"""Personal data and secrets that have no place in a text for others: found by shape, and proven by check digit where there is one."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, RootModel

from models.document import read_document, validated
from templates.phrases import FOLDER

Proof = Literal[
    "none",
    "luhn",
    "iban",
    "cn_identity",
    "fr_nir",
    "es_nif",
    "br_cpf",
    "de_tax_id",
    "pl_pesel",
    "kr_rrn",
    "jp_my_number",
    "verhoeff",
    "ean13",
    "nl_bsn",
    "be_nn",
]
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


class PrivateShape(BaseModel):
    """One shape of personal data or of a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    pattern: str
    proof: Proof
    message: str


class _Shapes(RootModel[list[PrivateShape]]):
    pass


@dataclass(frozen=True)
class PrivateData:
    """Something found in a text: where it begins, which rule found it, and what it is. The data itself is not repeated."""

    at: int
    rule: str
    message: str


@cache
def read_shapes() -> tuple[tuple[PrivateShape, re.Pattern[str]], ...]:
    """Every shape with its compiled pattern."""
    shapes = validated(_Shapes, read_document(FOLDER / "private.yaml")).root
    return tuple((shape, re.compile(shape.pattern)) for shape in shapes)


def private_data(text: str, allowed: frozenset[str], language: str = "en") -> Iterator[PrivateData]:
    """The personal data and secrets in a text, e-mail addresses and numbers in `allowed` excepted."""
    for shape, pattern in read_shapes():
        for found in pattern.finditer(text):
            if found[0].strip() not in allowed and _PROOFS[shape.proof](found[0]):
                yield PrivateData(found.start(), shape.rule, shape.message)
    if "@" in text:
        for found in EMAIL.finditer(text):
            if found[0].rstrip(".").lower() not in allowed:
                yield PrivateData(found.start(), "email_address", "an e-mail address that is not one of ours")

    if _MAYBE_PHONE.search(text):
        yield from _phone_numbers(text, allowed, language)


_MAYBE_PHONE = re.compile(r"\+\d|\d(?:[ ()./-]*\d){7}")
_REGIONS = {
    "en": ("US", "GB"), "de": ("DE", "AT"), "fr": ("FR",), "es": ("ES", "MX"), "it": ("IT",), "nl": ("NL",), "pl": ("PL",),
    "pt": ("PT", "BR"), "ja": ("JP",), "ko": ("KR",), "zh": ("CN",),
}  # fmt: skip


def _phone_numbers(text: str, allowed: frozenset[str], language: str) -> Iterator[PrivateData]:
    """Telephone numbers that are not in `allowed`: international ones, and those that are grouped as readers write them."""
    import phonenumbers  # slow to import and needed only where a line has that many digits

    known = {"".join(sign for sign in number if sign.isdigit())[-9:] for number in allowed}
    found: set[int] = set()
    for region in (None, *_REGIONS.get(language, ())):
        strict = phonenumbers.Leniency.VALID if region is None else phonenumbers.Leniency.STRICT_GROUPING
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=strict):
            digits = "".join(sign for sign in match.raw_string if sign.isdigit())
            if digits[-9:] not in known and match.start not in found and re.search(r"[+ ()./-]", match.raw_string):
                found.add(match.start)
                yield PrivateData(match.start, "telephone_number", "a telephone number that is not one of ours")


def _digits(text: str) -> list[int]:
    return [int(sign) for sign in text if sign.isdigit()]


def _luhn(text: str) -> bool:
    digits = _digits(text)[::-1]
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2])
    return len(set(digits)) > 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _iban(text: str) -> bool:
    joined = text.replace(" ", "")
    turned = joined[4:] + joined[:4]
    return len(joined) >= 15 and int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def _cn_identity(text: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    remainder = sum(int(sign) * weight for sign, weight in zip(text, weights, strict=False)) % 11
    return "10X98765432"[remainder] == text[-1].upper()


def _fr_nir(text: str) -> bool:
    joined = text.replace(" ", "").replace("2A", "19").replace("2B", "18")
    return 97 - int(joined[:13]) % 97 == int(joined[13:])


def _es_nif(text: str) -> bool:
    joined = text.replace("-", "")
    number = joined[:-1].translate(str.maketrans("XYZ", "012"))
    return len(number) == 8 and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == joined[-1]


def _br_cpf(text: str) -> bool:
    digits = _digits(text)
    return all(_cpf_digit(digits[:size]) == digits[size] for size in (9, 10))


def _cpf_digit(digits: list[int]) -> int:
    rest = sum(digit * weight for digit, weight in zip(digits, range(len(digits) + 1, 1, -1), strict=True)) * 10 % 11
    return 0 if rest == 10 else rest


def _de_tax_id(text: str) -> bool:
    """ISO 7064 mod 11,10; one digit of the first ten stands twice or three times."""
    *digits, last = _digits(text)
    if not 1 <= len(digits) - len(set(digits)) <= 2:
        return False
    rest = 10
    for digit in digits:
        rest = ((rest + digit) % 10 or 10) * 2 % 11
    return (11 - rest) % 10 == last


def _weighted(text: str, weights: tuple[int, ...]) -> int:
    return sum(digit * weight for digit, weight in zip(_digits(text), weights, strict=False))


def _pl_pesel(text: str) -> bool:
    return (10 - _weighted(text, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10) % 10 == _digits(text)[10]


def _kr_rrn(text: str) -> bool:
    return (11 - _weighted(text, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10 == _digits(text)[12]


def _jp_my_number(text: str) -> bool:
    rest = _weighted(text, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest <= 1 else 11 - rest) == _digits(text)[11]


def _ean13(text: str) -> bool:
    return (10 - _weighted(text, (1, 3) * 6) % 10) % 10 == _digits(text)[12]


def _nl_bsn(text: str) -> bool:
    return _weighted(text, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def _be_nn(text: str) -> bool:
    joined = "".join(map(str, _digits(text)))
    return any(97 - int(century + joined[:9]) % 97 == int(joined[9:]) for century in ("", "2"))


def _verhoeff(text: str) -> bool:
    """Multiplication in the dihedral group of order ten, with the permutation applied once more for each place."""
    turned, rest = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), 0
    for place, digit in enumerate(reversed(_digits(text))):
        for _ in range(place % 8):
            digit = turned[digit]
        rest = _dihedral(rest, digit)
    return rest == 0


def _dihedral(left: int, right: int) -> int:
    if left < 5:
        return (left + right) % 5 if right < 5 else (left + right - 5) % 5 + 5
    return (left - 5 - right) % 5 + 5 if right < 5 else (left - right) % 5


_PROOFS: Mapping[Proof, Callable[[str], bool]] = {
    "none": lambda _: True,
    "luhn": _luhn,
    "iban": _iban,
    "cn_identity": _cn_identity,
    "fr_nir": _fr_nir,
    "es_nif": _es_nif,
    "br_cpf": _br_cpf,
    "de_tax_id": _de_tax_id,
    "pl_pesel": _pl_pesel,
    "kr_rrn": _kr_rrn,
    "jp_my_number": _jp_my_number,
    "verhoeff": _verhoeff,
    "ean13": _ean13,
    "nl_bsn": _nl_bsn,
    "be_nn": _be_nn,
}
