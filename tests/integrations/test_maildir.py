from pathlib import Path

import pytest

from integrations.maildir import MailboxFolder
from models.errors import BadInputError


@pytest.fixture
def box(tmp_path: Path) -> MailboxFolder:
    """A Maildir with a new mail, one that was seen and one that was flagged."""
    for part in ("new", "cur", "tmp"):
        (tmp_path / part).mkdir()
    (tmp_path / "new" / "2.host").write_bytes(b"new")
    (tmp_path / "cur" / "1.host:2,S").write_bytes(b"seen")
    (tmp_path / "cur" / "3.host:2,F").write_bytes(b"flagged")
    return MailboxFolder(tmp_path)


def test_each_mail_is_read_once_and_keeps_its_flags(box: MailboxFolder) -> None:
    assert [(mail.name, mail.content) for mail in box.unseen()] == [("2.host", b"new"), ("3.host", b"flagged")]
    assert [mail.name for mail in box.unseen({"2.host"})] == ["3.host"]

    for mail in box.unseen():
        box.seen(mail.name)
    box.seen("moved away")

    assert list(box.unseen()) == []
    assert sorted(path.name for path in (box.folder / "cur").iterdir()) == ["1.host:2,S", "2.host:2,S", "3.host:2,FS"]
    assert list((box.folder / "new").iterdir()) == []


def test_what_is_no_maildir_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no Maildir"):
        MailboxFolder(tmp_path)
