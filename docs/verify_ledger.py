"""Verify an exported ledger with nothing but Python: `python3 verify_ledger.py LEDGER.jsonl [HASH KNOWN FROM ELSEWHERE]`.

The algorithm is published in reference/ledger.md. Exit status: 0 intact, 1 altered, 2 not an exported ledger.
"""

import hashlib
import json
import sys


def canonical(value: object) -> str:
    """The one way in which a JSON value is written."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def altered(lines: list[str], known: str | None) -> str | None:
    """What is wrong with the ledger, or None."""
    first, *entries = (json.loads(line) for line in lines)
    previous, hashes = "", list[str]()
    for seq, (line, entry) in enumerate(zip(lines[1:], entries, strict=True), 1):
        body = {key: value for key, value in entry.items() if key != "sha256"}
        own = hashlib.sha256(canonical(body).encode()).hexdigest()
        if canonical(entry) != line or own != entry.get("sha256"):
            return f"entry {seq} was altered"
        if (entry.get("seq"), entry.get("previous"), entry.get("incident")) != (seq, previous, first.get("incident")):
            return f"entry {seq} does not follow the one before it"
        previous = own
        hashes.append(own)
    if canonical(first) != lines[0] or (first.get("entries"), first.get("head")) != (len(entries), previous):
        return "the first line does not name the number of entries and the last hash"
    return (
        None if known is None or known in hashes else "no entry has the hash known from elsewhere: the end was cut off"
    )


def main(path: str, known: str | None = None) -> int:
    """Verify one file and say what was found."""
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file.read().split("\n") if line]
    if not lines or '"format":"tocsin-ledger-1"' not in lines[0]:
        print(f"{path}: not an exported ledger")
        return 2
    try:
        wrong = altered(lines, known)
    except (ValueError, AttributeError) as error:
        wrong = f"a line is not an entry any more ({error})"
    print(f"{path}: {wrong or f'{len(lines) - 1} entries, each follows from the one before it'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
