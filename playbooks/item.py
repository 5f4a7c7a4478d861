"""What a repeated step is repeated for: places where people live, categories of data, parties of contracts."""

import re
from collections.abc import Iterable
from hashlib import sha256

from models.report import Report


def items_of(list_name: str, report: Report) -> dict[str, str] | None:
    """The items of a list in the facts, by the key that each gives its step, in the facts' order; None if not known.

    The key of an item stays the same under later facts: one place, one category, one party.
    """
    if list_name == "contracts":
        return _by_short_name(contract.party for contract in report.contracts)
    if list_name == "data":
        return None if report.data is None else {item.category.value: item.category.value for item in report.data}
    return None if report.people is None else {group.jurisdiction: group.jurisdiction for group in report.people}


def _by_short_name(names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        short = re.sub(r"\W+", "_", name.casefold()).strip("_") or "party"
        key = short if short not in found else f"{short}_{sha256(name.encode()).hexdigest()[:6]}"
        found[key] = name
    return found
