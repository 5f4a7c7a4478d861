"""How many parts a text message goes out in: 160 signs of the GSM alphabet, or 70 as soon as one sign is not in it (3GPP TS 23.038)."""

from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes the room of two
MOST_PARTS = 4


@dataclass(frozen=True)
class Parts:
    """A message as it is carried: its length in units, how many parts, and the first sign that is not in the GSM alphabet."""

    length: int
    parts: int
    a_part: int
    odd_sign: str | None


def parts_of(text: str) -> Parts:
    """How a text is carried as text message."""
    odd = next((sign for sign in text if sign not in BASIC and sign not in EXTENDED), None)
    if odd is None:
        length, one, many = sum(2 if sign in EXTENDED else 1 for sign in text), 160, 153
    else:
        length, one, many = len(text.encode("utf-16-le")) // 2, 70, 67
    return Parts(length, 1 if length <= one else -(-length // many), one if length <= one else many, odd)
