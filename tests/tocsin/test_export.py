import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import jsonschema
import pypdf
import pytest

from flows.acts.export import WRITERS
from flows.desk import Desk
from tests.flows.meridia import draft, make_signable, notices, sign
from tests.tocsin.conftest import Tocsin


@pytest.fixture
def filing(desk: Desk, carried: str) -> int:
    """The CNIL's filing, signed."""
    make_signable(desk, carried)
    [line] = notices(desk, carried, provision="eu-gdpr-33")
    sign(desk, carried, line)
    return line.notice


def test_a_notice_is_exported_in_every_format(tocsin: Tocsin, carried: str, filing: int, tmp_path: Path) -> None:
    said = tocsin("notices", carried, "export", filing, "--format", "all", "--to", tmp_path / "out", "--json")

    assert (said.status, said.err) == (0, "")
    assert [one["format"] for one in said.json] == list(WRITERS)
    assert {one["may_leave"] for one in said.json} == {True}
    for one in said.json:
        file = Path(one["file"])
        assert file.stat().st_size > 500
        assert file.name.startswith(f"{carried}-{filing}-eu-gdpr-33-filing-en-v{one['version']}")
    assert len(os.listdir(tmp_path / "out")) == len(WRITERS)


def test_what_is_exported_for_machines_is_what_its_schema_says(
    tocsin: Tocsin, desk: Desk, carried: str, filing: int, tmp_path: Path
) -> None:
    schema = tocsin("schema", "filing").json
    jsonschema.Draft202012Validator.check_schema(schema)
    checked = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())

    made = tocsin("notices", carried, "export", "--format", "json", "--to", tmp_path, "--json").json

    assert len(made) == len(notices(desk, carried))
    for one in made:
        written = json.loads(Path(one["file"]).read_text())
        checked.validate(written)
        assert sha256(written["text"].encode()).hexdigest() == written["sha256"] == one["sha256"]
        assert written["may_leave"] is (one["notice"] == filing)
    signed = json.loads(next(Path(one["file"]) for one in made if one["notice"] == filing).read_text())
    assert [one["person"] for one in signed["approvals"]] == ["Lea Martin"]
    assert signed["duty"]["due_at"] == "2026-11-26T07:30:00Z"
    assert {"path": "records", "value": "31400", "shown": "31,400"} in signed["facts"]
    assert "record_count" in [field["key"] for field in signed["fields"]]


def test_a_draft_says_so_to_whoever_exports_and_to_whoever_opens_it(
    tocsin: Tocsin, carried: str, tmp_path: Path
) -> None:
    said = tocsin("notices", carried, "export", 1, "--to", tmp_path)

    assert said.out.rstrip().endswith("draft, NOT APPROVED")
    [page, *_] = pypdf.PdfReader(next(tmp_path.glob("*.pdf"))).pages
    assert "DRAFT: not approved, not to be sent" in page.extract_text()


def test_a_later_version_stands_beside_the_earlier_one(
    tocsin: Tocsin, desk: Desk, carried: str, tmp_path: Path
) -> None:
    tocsin("notices", carried, "export", 1, "--format", "text", "--to", tmp_path)
    make_signable(desk, carried)
    draft(desk, carried)
    tocsin("notices", carried, "export", 1, "--format", "text", "--to", tmp_path)

    assert [file.stem[-2:] for file in sorted(tmp_path.glob("*.txt"))] == ["v1", "v2"]


def test_only_filings_to_authorities_have_a_portal_sheet(
    tocsin: Tocsin, desk: Desk, carried: str, tmp_path: Path
) -> None:
    said = tocsin("notices", carried, "export", "--format", "sheet", "--to", tmp_path, "--json")
    filings = {line.notice for line in notices(desk, carried) if line.form == "filing"}
    [letter, *_] = notices(desk, carried, form="letter")

    assert {one["notice"] for one in said.json} == filings
    refused = tocsin("notices", carried, "export", letter.notice, "--format", "sheet", "--to", tmp_path)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == (
        f"tocsin: notice {letter.notice} is no filing to an authority; only these have a portal sheet\n"
    )


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "tocsin: export needs a folder for the files; give it with --to FOLDER\n"),
        (["--to", "x", "--format", "dox"], "tocsin: 'dox' is not a format; did you mean 'docx'?\n"),
        (["999", "--to", "x"], "tocsin: INC-2026-0001 has no notice 999; `tocsin notices INC-2026-0001` lists them\n"),
        (["--to", "/proc/1/nowhere"], "tocsin: /proc/1/nowhere: cannot be made ("),
    ],
)
def test_what_cannot_be_exported_is_told_in_one_line(
    tocsin: Tocsin,
    carried: str,
    options: list[str],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    said = tocsin("notices", carried, "export", *options)

    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(complaint)
    assert said.err.count("\n") == 1


def test_a_logo_that_is_no_picture_is_named_with_its_file(
    tocsin: Tocsin, carried: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logo.gif").write_bytes(b"GIF89a")
    (tmp_path / "organisation.yaml").write_text(f"logo: {tmp_path}/logo.gif\n")
    monkeypatch.setenv("TOCSIN_ORGANISATION", str(tmp_path / "organisation.yaml"))

    said = tocsin("notices", carried, "export", 1, "--to", tmp_path)

    assert said.status == 2
    assert "logo.gif: a PNG or JPEG of at most 500000 bytes is needed" in said.err


def test_listing_notices_loads_no_library_for_documents(home: Path) -> None:
    code = (
        "import sys; from tocsin.commands import notices\n"
        "heavy = {'weasyprint', 'docx', 'openpyxl'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_doctor_tells_whether_a_pdf_can_be_made(tocsin: Tocsin) -> None:
    found = {one["what"]: one for one in tocsin("doctor", "--json").json}

    assert found["PDF"]["state"] == "ok"
    assert found["PDF"]["detail"].startswith("WeasyPrint ")
