"""What the law data covers, and how fresh and well supported it is."""

from collections import Counter
from typing import Any

from laws.assessment import DISCLAIMER
from laws.law import Law, Laws
from models.vocabulary import Confidence


def coverage(laws: Laws) -> dict[str, Any]:
    """Counts over all provisions, and a line for each jurisdiction: provisions, oldest checked day, lowest confidence."""
    versions = [(law, provision, provision.versions[-1]) for law in laws.laws for provision in law.provisions]
    by_place: dict[str, list[Law]] = {}
    for law in laws.laws:
        by_place.setdefault(law.jurisdiction, []).append(law)
    return {
        "jurisdictions": len(by_place),
        "laws": len(laws.laws),
        "provisions": len(versions),
        "by_status": dict(Counter(version.status for _, _, version in versions)),
        "by_confidence": dict(Counter(version.confidence.value for _, _, version in versions)),
        "by_audience": dict(Counter(provision.audience.value for _, provision, _ in versions)),
        "oldest_checked": min(version.checked for _, _, version in versions).isoformat(),
        "not_traceable": sum(not version.traceable for _, _, version in versions),
        "low_confidence": [
            {"provision": provision.id, "citation": version.citation}
            for _, provision, version in versions
            if version.confidence is Confidence.LOW
        ],
        "by_jurisdiction": [_place(place, found) for place, found in sorted(by_place.items())],
        "disclaimer": DISCLAIMER,
    }


def _place(place: str, laws: list[Law]) -> dict[str, Any]:
    versions = [provision.versions[-1] for law in laws for provision in law.provisions]
    confidences = Counter(version.confidence.value for version in versions)
    return {
        "jurisdiction": place,
        "laws": [law.name for law in laws],
        "provisions": len(versions),
        "in_force": sum(version.status == "in_force" for version in versions),
        "oldest_checked": min(version.checked for version in versions).isoformat(),
        "confidence": dict(sorted(confidences.items())),
    }


def coverage_page(found: dict[str, Any]) -> str:
    """The coverage as a Markdown page."""
    lines = [
        "# Coverage of the law data",
        "",
        f"{found['provisions']} provisions of {found['laws']} laws in {found['jurisdictions']} jurisdictions. "
        f"The oldest was last checked on {found['oldest_checked']}.",
        "",
        f"{found['disclaimer']}",
        "",
        f"By status: {_counts(found['by_status'])}.",
        f"By confidence: {_counts(found['by_confidence'])}.",
        f"By audience: {_counts(found['by_audience'])}.",
        f"For {found['not_traceable']} provisions no address supports what is recorded: check these first.",
        "",
        "| jurisdiction | provisions | in force | oldest checked | confidence | laws |",
        "|---|---|---|---|---|---|",
    ]
    for place in found["by_jurisdiction"]:
        confidence = ", ".join(f"{count} {name}" for name, count in place["confidence"].items())
        names = "; ".join(name.replace("|", "/") for name in place["laws"])
        lines.append(
            f"| {place['jurisdiction']} | {place['provisions']} | {place['in_force']} | {place['oldest_checked']} | {confidence} | {names} |"
        )
    lines += [
        "",
        "## Low confidence",
        "",
        "Little supports what is recorded of these; have counsel check them first.",
        "",
    ]
    lines += [f"- `{each['provision']}`: {each['citation']}" for each in found["low_confidence"]]
    return "\n".join(lines) + "\n"


def _counts(numbers: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in numbers.items())
