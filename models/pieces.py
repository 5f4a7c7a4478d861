"""A text in pieces: words that are the same for everybody, and the places where a person's own parts stand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from models.document import nearest
from models.errors import BadInputError

PARTS = ("name", "salutation", "address", "categories", "reference")
_PLACE = re.compile(r"\{\{ *([A-Za-z_]*) *\}\}")


@dataclass(frozen=True)
class Pieces:
    """`fixed` has one piece more than there are parts; each part stands between two of them."""

    fixed: tuple[str, ...]
    parts: tuple[str, ...]

    def filled(self, values: Mapping[str, str]) -> str:
        """The whole text with one person's parts."""
        out = [self.fixed[0]]
        for part, fixed in zip(self.parts, self.fixed[1:], strict=True):
            out += (values[part], fixed)
        return "".join(out)


def in_pieces(text: str) -> Pieces:
    """A text whose parts are written `{{ name }}`; raises `BadInputError` for a part that nobody has."""
    split = _PLACE.split(text)
    for part in split[1::2]:
        if part not in PARTS:
            raise BadInputError(f"no person has a part {part!r}{nearest(part, PARTS)}; correct the text")
    return Pieces(tuple(split[::2]), tuple(split[1::2]))
