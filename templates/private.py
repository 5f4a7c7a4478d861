"""Personal data and secrets that have no place in a text for others: found by shape, and proven by check digit where there is one."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, RootModel

from models.document import read_document, validated
from templates.phrases import FOLDER

Proof = Literal["none", "luhn", "iban", "cn_identity", "fr_nir", "es_nif", "br_cpf"]
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


def private_data(text: str, allowed: frozenset[str]) -> Iterator[PrivateData]:
    """The personal data and secrets in a text, e-mail addresses and numbers in `allowed` excepted."""
    for shape, pattern in read_shapes():
        for found in pattern.finditer(text):
            if found[0].strip() not in allowed and _PROOFS[shape.proof](found[0]):
                yield PrivateData(found.start(), shape.rule, shape.message)
    if "@" in text:
        for found in EMAIL.finditer(text):
            if found[0].rstrip(".").lower() not in allowed:
                yield PrivateData(found.start(), "email_address", "an e-mail address that is not one of ours")


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


_PROOFS: Mapping[Proof, Callable[[str], bool]] = {
    "none": lambda _: True,
    "luhn": _luhn,
    "iban": _iban,
    "cn_identity": _cn_identity,
    "fr_nir": _fr_nir,
    "es_nif": _es_nif,
    "br_cpf": _br_cpf,
}
