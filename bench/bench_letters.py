"""Personal texts, plain and HTML, against a bare compiled Jinja loop over the same rows; memory from ten thousand to a million.

Run with `python -m bench.bench_letters`; each size in a process of its own, so that its peak memory is its own.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

from jinja2 import Environment

from bench.machine import described, spread, verdict
from models.pieces import in_pieces
from people.letter import Addressee, Wording, in_html
from templates.page import framed, html, plain, styled

SIZES = os.environ.get("PEOPLE", "10000,100000,1000000")
AIM_RATIO, AIM_GROWTH_MIB = 1.3, 16
ROUNDS = 5
TEXT = "# What happened to your data\n\n" + "\n\n".join(
    f"## Part {number}\n\n" + "On 20 November somebody copied a file with your name and your address. " * 6
    for number in range(8)
)
ABOVE, BELOW = framed("header", styled("p", "{{ name }}")), framed("footer", styled("p", "{{ reference }}"))
PLAIN = "{{ name }}\n\n" + plain(TEXT) + "\n-- \n{{ reference }}\n"
PAGE = html(TEXT, "en", "What happened", above=ABOVE, below=BELOW)


def people(count: int) -> Iterator[Addressee]:
    """Invented people, one after the other."""
    for seq in range(count):
        yield Addressee(
            f"{seq:016x}", seq, f"Ana <{seq}> Example", f"ana{seq}@mail.example", None, None, None, None, "FR", None
        )


def floor(count: int) -> int:
    """A bare compiled Jinja loop; gives how many signs it wrote."""
    page = Environment(autoescape=True).from_string(PAGE)
    text = Environment(autoescape=False).from_string(PLAIN)
    signs = 0
    for person in people(count):
        words = {"name": person.name, "reference": f"INC-2026-0001/{person.id}"}
        signs += len(text.render(words)) + len(page.render(words))
    return signs


def ours(count: int) -> int:
    """The same by ours."""
    wording, text, page = Wording("INC-2026-0001", "en", {}), in_pieces(PLAIN), in_pieces(PAGE)
    signs = 0
    for person in people(count):
        parts = wording.parts(person)
        signs += len(text.filled(parts)) + len(page.filled(in_html(parts)))
    return signs


def measure(count: int) -> None:
    """One size: ours, and its peak memory; the ratio by turns at the smallest size only, where it is quickest."""
    if count == int(SIZES.split(",", 1)[0]):
        pairs = [(_seconds(floor, count), _seconds(ours, count)) for _ in range(ROUNDS)]
        ratio = median(mine for _, mine in pairs) / median(bare for bare, _ in pairs)
        print(f"bare Jinja  {spread([bare for bare, _ in pairs])}\nours        {spread([mine for _, mine in pairs])}")
        print(f"ratio       {ratio:.2f} (aim {AIM_RATIO}: {verdict(ratio, AIM_RATIO)})")
    taken = _seconds(ours, count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count:>9,} people  {taken:7.2f} s  {1e6 * taken / count:5.1f} us each  peak {peak} MiB", flush=True)


def _seconds(act: object, count: int) -> float:
    started = time.perf_counter()
    act(count)  # type: ignore[operator]
    return time.perf_counter() - started


def main() -> None:
    """Each size in a process of its own."""
    if len(sys.argv) > 1:
        return measure(int(sys.argv[1]))
    print(described(), flush=True)
    for size in SIZES.split(","):
        subprocess.run([sys.executable, "-m", "bench.bench_letters", size], check=True)
    return None


if __name__ == "__main__":
    main()
