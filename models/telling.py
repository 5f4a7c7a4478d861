"""Words that are put together when somebody reads them: most answers of an assessment are only counted."""

from collections.abc import Callable, Iterable, Sequence
from typing import overload

NO_WORDS: tuple[str, ...] = ()


class Telling(Sequence[str]):
    """A sequence of sentences, made by `make(*given)` on the first reading and kept; equal to a tuple of the same ones."""

    __slots__ = ("_given", "_make", "_words")

    def __init__(self, make: Callable[..., Iterable[str]], *given: object) -> None:
        self._make, self._given = make, given
        self._words: tuple[str, ...] | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The sentences."""
        if self._words is None:
            self._words = tuple(self._make(*self._given))
            self._given = ()
        return self._words

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return self.words[index]

    def __len__(self) -> int:
        return len(self.words)

    def __eq__(self, other: object) -> bool:
        return self.words == (other.words if isinstance(other, Telling) else other)

    def __hash__(self) -> int:
        return hash(self.words)

    def __repr__(self) -> str:
        return repr(self.words)

    def __reduce__(self) -> tuple[type[tuple[str, ...]], tuple[tuple[str, ...]]]:
        return tuple, (self.words,)
