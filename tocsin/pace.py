"""How a pass that is made again and again keeps its distance."""

import time

LEAST_REST = 0.1  # of the distance, which a slow pass leaves to everybody else


def rest(began: float, every: float) -> None:
    """Wait until `every` seconds after a pass began (by `time.monotonic`), and a tenth of them at least."""
    time.sleep(max(every - (time.monotonic() - began), every * LEAST_REST))
