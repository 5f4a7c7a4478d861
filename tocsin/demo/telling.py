"""How the demo tells its story: chapters, lines, tables and excerpts, with the time that has passed."""

import time
from collections.abc import Callable, Iterable, Sequence

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

WIDTH = 120
EXCERPT_LINES = 14


class Teller:
    """Writes the story to the terminal; longer work shows that it goes on."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, width=None if Console().is_terminal else WIDTH)
        self._began = time.monotonic()

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._console.print()
        self._console.rule(Text(f"{title}  ({time.monotonic() - self._began:.0f} s)"), align="left")

    def line(self, text: str) -> None:
        """One line."""
        self._console.print(Text(text))

    def busy(self, what: str, work: Callable[[], None]) -> None:
        """Do something that may take more than a second, saying so."""
        began = time.monotonic()
        with self._console.status(Text(what)):
            work()
        self._console.print(Text(f"  [{what}: {time.monotonic() - began:.1f} s]", style="dim"))

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table as wide as the terminal."""
        drawn = Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False)
        for row in rows:
            drawn.add_row(*(Text(str(cell)) for cell in row))
        self._console.print(drawn)

    def excerpt(self, title: str, text: str) -> None:
        """The beginning of a text."""
        lines = [line for line in text.splitlines() if line.strip()][:EXCERPT_LINES]
        self._console.print(
            Panel(Text("\n".join([*lines, "..."])), title=Text(title), title_align="left", box=box.ROUNDED)
        )
