import mailbox
import shutil
from pathlib import Path

from tests.tocsin.conftest import Tocsin

DATA = Path(__file__).parents[1] / "integrations" / "data" / "intake"


def test_an_alert_goes_from_a_file_to_an_incident(tocsin: Tocsin) -> None:
    sample = str(DATA / "stix" / "incident_pii_report.json")

    assert tocsin("intake", "take", "stix", sample).out.startswith("1 new")
    assert tocsin("intake", "take", "stix", sample).out.startswith("1 known")
    shown = tocsin("intake", "show", "C-1").out
    assert "records: 123456" in shown
    assert "Check: 123456 individuals are affected" in shown
    assert tocsin("intake", "confirm", "C-1", "--as", "Sam Okoro").out.strip() == "INC-2026-0001"
    assert tocsin("intake", "list").out == "No candidate waits.\n"


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_taken(tocsin: Tocsin, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")

    said = tocsin("intake", "take", "stix", str(tmp_path / "broken.json"), str(DATA / "stix" / "incident_ransom.json"))

    assert said.status == 2
    assert said.out.startswith("1 new")
    assert "broken.json: stix: not JSON" in said.err


def test_an_unknown_tool_is_answered_with_the_nearest(tocsin: Tocsin) -> None:
    said = tocsin("intake", "take", "gardduty", "-")

    assert (said.status, said.err) == (2, "tocsin: no source is called 'gardduty'; did you mean 'guardduty'?\n")


def test_new_mails_of_a_mailbox_are_read_once_and_stay_in_it(tocsin: Tocsin, tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box", create=True)
    for name in ("first.eml", "report.eml"):
        box.add((DATA / "mail" / name).read_bytes())
    shutil.copy(DATA / "stix" / "incident_ransom.json", tmp_path / "box" / "new" / "no-mail")

    said = tocsin("intake", "mailbox", str(tmp_path / "box"))
    assert (said.status, said.out.splitlines()[0]) == (0, "1 new, 1 repeated")
    assert "neither From, Subject nor Date" in said.err
    again = tocsin("intake", "mailbox", str(tmp_path / "box"))
    assert (again.out, again.err) == ("No alert in it.\n", "")
    assert len(mailbox.Maildir(tmp_path / "box").keys()) == 3


def test_what_is_no_mailbox_is_refused(tocsin: Tocsin, tmp_path: Path) -> None:
    assert "no Maildir" in tocsin("intake", "mailbox", str(tmp_path)).err
