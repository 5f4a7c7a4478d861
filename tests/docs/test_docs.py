"""The documents say what is there: their links resolve, their commands exist, and their lists are complete."""

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from flows.organisation import OrganisationFile
from flows.settings import Settings
from laws.coverage import coverage, coverage_page
from laws.law import check_laws, load_laws
from models.report import Report, read_report
from models.vocabulary import STATUS_MEANINGS
from tocsin.main import COMMANDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md"))])
RELATIVE_LINK = re.compile(r"\]\((?![a-z]+:)([^)\s]*)\)")
COMMAND = re.compile(r"(?:^|[`|]|\$ |bin/)tocsin ([a-z]+)", re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """What GitHub makes of a page's headings."""
    outside_code = BLOCK.sub("", page.read_text())
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in HEADING.findall(outside_code)}


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind == language]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_resolves(page: Path) -> None:
    for link in RELATIVE_LINK.findall(page.read_text()):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page

        assert target.exists(), f"{link} leads nowhere; correct it, or make {target.relative_to(ROOT)}"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_in_the_documents_exists(page: Path) -> None:
    unknown = set(COMMAND.findall(page.read_text())) - set(COMMANDS)

    assert not unknown


def test_the_reference_lists_the_commands_as_help_does() -> None:
    page = (DOCS / "reference" / "command.md").read_text()

    assert re.findall(r"^## (.+)\n\n(.+)$", page, re.MULTILINE) == list(COMMANDS.items())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_reference_gives_the_examples_that_help_gives(name: str) -> None:
    file = ROOT / "tocsin" / "commands" / f"{name.replace('import', 'import_')}.py"
    page = (DOCS / "reference" / "command.md").read_text()

    examples = re.findall(r"Example: (tocsin .+)", file.read_text())

    assert examples
    assert [example for example in examples if f"\n{example}\n" not in page] == []


def dependencies() -> Iterator[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for requirement in [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]:
        yield re.split(r"[\[<>=!~ ]", requirement)[0]


@pytest.mark.parametrize("name", dependencies())
def test_every_dependency_has_a_line_that_says_why(name: str) -> None:
    page = (DOCS / "decisions" / "0001-dependencies.md").read_text()

    assert re.search(rf"^\| {re.escape(name)} \| .{{20,}} \|$", page, re.MULTILINE)


def test_every_dependency_that_is_explained_is_there() -> None:
    page = (DOCS / "decisions" / "0001-dependencies.md").read_text()

    assert set(re.findall(r"^\| ([\w-]+) \|", page, re.MULTILINE)) - {"package"} == set(dependencies())


def test_every_setting_stands_in_the_guide_and_none_that_is_not_there() -> None:
    page = (DOCS / "how-to" / "configure.md").read_text()

    listed = re.findall(r"^\| `(TOCSIN_\w+)` \|", page, re.MULTILINE)

    assert listed == [f"TOCSIN_{name.upper()}" for name in Settings.model_fields]


@pytest.mark.parametrize("name", ["home", "server_port", "smtp_port", "smtp_security"])
def test_the_guide_names_the_defaults_that_hold(name: str) -> None:
    page = (DOCS / "how-to" / "configure.md").read_text()

    assert f"| `TOCSIN_{name.upper()}` | `{Settings.model_fields[name].default}` |" in page


def test_the_organisations_file_of_the_guide_is_accepted() -> None:
    [example] = blocks(DOCS / "how-to" / "configure.md", "yaml")

    organisation = OrganisationFile.model_validate(yaml.safe_load(example))

    assert set(yaml.safe_load(example)) == set(OrganisationFile.model_fields)
    assert organisation.dpo.name == "Jonas Keller"


def test_the_law_of_the_guide_loads(tmp_path: Path) -> None:
    [example] = blocks(DOCS / "how-to" / "add-a-law.md", "yaml")
    (tmp_path / "group-policy.yaml").write_text(example)

    check_laws(tmp_path).provision("acme-policy-works-council")


def test_the_readme_claims_no_more_law_than_there_is() -> None:
    claim = re.search(
        r"more than (\d+) provisions of about (\d+) laws in more than (\d+) jurisdictions",
        (ROOT / "README.md").read_text(),
    )
    laws = load_laws().laws

    assert claim
    assert sum(len(law.provisions) for law in laws) > int(claim[1])
    assert abs(len(laws) - int(claim[2])) < 15
    assert len({law.jurisdiction for law in laws}) > int(claim[3])


def test_the_coverage_page_is_that_of_the_law_files() -> None:
    page = (DOCS / "coverage.md").read_text()

    assert page == coverage_page(coverage(load_laws())), "write it anew: tocsin laws coverage --write docs/coverage.md"


def test_the_report_of_the_guide_is_accepted() -> None:
    [example] = blocks(DOCS / "how-to" / "report-and-update.md", "yaml")

    report = read_report("the guide", example.encode())

    assert report.people_in("FR") == 420


def test_the_reports_reference_names_every_field_and_every_word() -> None:
    page = (DOCS / "reference" / "report.md").read_text()
    schema = Report.model_json_schema(by_alias=True)

    named = set(re.findall(r"`(\w+)`", page))

    for part in [schema, *schema["$defs"].values()]:
        assert set(part.get("properties", ())) | set(part.get("enum", ())) <= named


def test_the_reports_reference_says_what_each_legal_status_is() -> None:
    page = (DOCS / "reference" / "report.md").read_text()

    assert [one for one, means in STATUS_MEANINGS.items() if f"| `{one.value}` | {means} |" not in page] == []


def test_the_verifier_that_the_reference_prints_gives_the_hash_of_the_ledger() -> None:
    [printed] = blocks(DOCS / "reference" / "ledger.md", "python")
    from models.ledger import sha256_of

    names: dict[str, object] = {}
    exec(compile(ast.parse(printed), "ledger.md", "exec"), names)
    printed_sha256_of = names["sha256_of"]
    entry = {"seq": 1, "actor": "Léa", "payload": {"b": [1, None], "a": "“text”"}, "previous": ""}

    assert callable(printed_sha256_of)
    assert printed_sha256_of({**entry, "sha256": "whatever stands there"}) == sha256_of(entry)


def test_the_decisions_are_numbered_without_a_gap_and_all_listed() -> None:
    files = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
    numbers = [int(name[:4]) for name in files]
    index = (DOCS / "decisions" / "README.md").read_text()

    assert numbers[0] == 1
    assert all(later == earlier + 1 for earlier, later in pairwise(numbers))
    assert re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index) == files


def test_the_glossary_is_in_order() -> None:
    words = re.findall(r"^\| ([a-z][^|]*) \|", (DOCS / "glossary.md").read_text(), re.MULTILINE)[1:]

    assert words == sorted(words)
