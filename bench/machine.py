"""What a figure depends on: the machine it was measured on, and how it was measured."""

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median


def described() -> str:
    """Cores, Python, load, and whether Python may keep compiled bytecode, in one line."""
    load = os.getloadavg()[0]
    bytecode = "not kept (PYTHONDONTWRITEBYTECODE is set)" if sys.dont_write_bytecode else "kept"
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}, "
        f"load {load:.1f}, bytecode {bytecode}"
    )


def spread(seconds: Sequence[float]) -> str:
    """The median of several times, with the fastest and the slowest."""
    return f"{median(seconds):6.3f} s  (of {len(seconds)}: {min(seconds):.3f} to {max(seconds):.3f})"


def verdict(value: float, aim: float) -> str:
    """Whether a value keeps to the most that it may be."""
    return "met" if value <= aim else "MISSED"


def memory(process: int) -> tuple[int, int]:
    """Resident memory of a living process now and at its peak, in MiB (Linux: VmRSS and VmHWM).

    Raises `ProcessLookupError` for one that has ended.
    """
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except FileNotFoundError as error:
        raise ProcessLookupError(f"process {process} has ended") from error
    kib = {
        name: value.split()[0] for name, value in (line.split(":", 1) for line in lines) if name in ("VmRSS", "VmHWM")
    }
    if len(kib) < 2:
        raise ProcessLookupError(f"process {process} has ended")
    return int(kib["VmRSS"]) // 1024, int(kib["VmHWM"]) // 1024


def processor_seconds(process: int) -> float:
    """Processor time that a living process has used so far, in all its threads (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
