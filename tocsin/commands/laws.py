from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.settings import laws_from, read_settings
from laws.assessment import DISCLAIMER
from laws.coverage import coverage as covered
from laws.coverage import coverage_page
from laws.law import Law, Provision, Version, check_laws
from tocsin.output import Json, line, print_json, table

app = typer.Typer(add_completion=False)


def _lines(found: Iterable[tuple[Law, Provision]]) -> list[dict[str, Any]]:
    rows = []
    for law, provision in found:
        version = provision.versions[-1]
        rows.append(
            {
                "provision": provision.id,
                "law": law.law,
                "jurisdiction": law.jurisdiction,
                "name": provision.name,
                "audience": provision.audience.value,
                "status": version.status,
                "from": str(version.start) if version.start else None,
                "checked": version.checked.isoformat(),
                "confidence": version.confidence.value,
                "citation": version.citation,
            }
        )
    return rows


@app.callback()
def about() -> None:
    """The law data: list it, show a provision, check your own files, see what it covers.

    Example: tocsin laws show us-ca-ag
    """


@app.command("list")
def list_(
    jurisdiction: Annotated[str | None, typer.Option("--in", help="Only this jurisdiction, such as US-CA.")] = None,
    json: Json = False,
) -> None:
    """Every provision with its status, the day it was last checked and how well it is supported.

    Example: tocsin laws list --in US-CA
    """
    laws = laws_from(read_settings())
    rows = _lines(
        (law, provision)
        for law in laws.laws
        for provision in law.provisions
        if jurisdiction in (None, law.jurisdiction)
    )
    if json:
        print_json(rows)
        return
    table(
        ("provision", "jurisdiction", "audience", "status", "from", "checked", "confidence", "citation"),
        (
            (
                r["provision"],
                r["jurisdiction"],
                r["audience"],
                r["status"],
                r["from"],
                r["checked"],
                r["confidence"],
                r["citation"],
            )
            for r in rows
        ),
    )
    line(DISCLAIMER)


@app.command()
def show(provision: Annotated[str, typer.Argument(help="A provision's id.")], json: Json = False) -> None:
    """One provision: every version, its conditions, clock, contents, source and support.

    Example: tocsin laws show us-ca-ag
    """
    law, found = laws_from(read_settings()).provision(provision)
    if json:
        body = found.model_dump(mode="json", by_alias=True)
        print_json(
            {"law": law.law, "jurisdiction": law.jurisdiction, "law_name": law.name, **body, "disclaimer": DISCLAIMER}
        )
        return
    line(f"{found.id}: {found.name}")
    line(f"{law.name} ({law.jurisdiction}), to {found.audience.value}")
    for version in found.versions:
        _show_version(version)
    line(DISCLAIMER)


def _show_version(version: Version) -> None:
    import yaml  # only here, to show conditions as they are written

    line()
    line(
        f"From {version.start or 'no day fixed'} to {version.end or 'further notice'} ({version.status.replace('_', ' ')}): {version.citation}"
    )
    line(f"  source: {version.source}; checked {version.checked}; confidence {version.confidence.value}")
    for support in version.verified:
        line(f"  supported by: {support}{'' if version.traceable else ' (no address kept: re-check first)'}")
    body = version.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    shown = {
        key: body[key]
        for key in ("covered", "applies", "when", "unless", "recipients", "clock", "stages", "content", "notes")
        if key in body
    }
    for text in yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=110).splitlines():
        line(f"  {text}")


@app.command()
def check(folder: Annotated[Path, typer.Argument(help="A folder of law files.")], json: Json = False) -> None:
    """Check a folder of law files as they would be loaded over ours.

    Example: tocsin laws check our-laws/
    """
    found = check_laws(folder)
    count = sum(len(law.provisions) for law in found.laws)
    print_json({"folder": str(folder), "provisions": count}) if json else line(
        f"{folder}: loads; with ours there are {count} provisions"
    )


@app.command()
def coverage(
    write: Annotated[
        Path | None, typer.Option("--write", help="Also write the page, such as docs/coverage.md.")
    ] = None,
    json: Json = False,
) -> None:
    """Jurisdictions, provisions, the oldest checked day and confidence.

    Example: tocsin laws coverage --write docs/coverage.md
    """
    found = covered(laws_from(read_settings()))
    if write:
        write.write_text(coverage_page(found), encoding="utf-8")
    if json:
        print_json(found)
    else:
        line(coverage_page(found))
