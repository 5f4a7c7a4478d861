"""Every benchmark, each in a process of its own so that none warms another; `python -m bench NAME` runs those named."""

import subprocess
import sys
from pathlib import Path

from bench.machine import described


def main() -> None:
    """Run them in order of name; ends with 1 if one of them failed."""
    folder = Path(__file__).parent
    every = [path.stem for path in sorted(folder.glob("bench_*.py"))]
    wanted = [name for name in every if not sys.argv[1:] or name.removeprefix("bench_") in sys.argv[1:]]
    if not wanted:
        sys.exit(f"no such benchmark; there are {', '.join(name.removeprefix('bench_') for name in every)}")
    print(described(), flush=True)
    failed = []
    for name in wanted:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=folder.parent, check=False).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
