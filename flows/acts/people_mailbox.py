"""Reading a mailbox for what comes back from people: reports, automatic answers, and replies, each of which is a case."""

from collections import Counter
from itertools import islice

from flows.acts.people_returned import take_mails
from flows.desk import Desk
from integrations.maildir import MailboxFolder

AT_ONCE = 50
LEFT_UNSEEN = ("not_ours", "no_key")


def read_people_mailbox(desk: Desk, box: MailboxFolder, passed_over: set[str] | None = None) -> Counter[str]:
    """Take in the new mails that are about mails to people and mark them as seen; gives how many of each kind there were.

    The others are left unseen for whoever reads the mailbox. `passed_over` remembers them, so that nobody reads them again.
    """
    found: Counter[str] = Counter()
    others = set() if passed_over is None else passed_over
    mails = box.unseen(others)
    while batch := list(islice(mails, AT_ONCE)):
        for mail, became in zip(batch, take_mails(desk, batch), strict=True):
            found[became] += 1
            if became in LEFT_UNSEEN:
                others.add(mail.name)
            else:
                box.seen(mail.name)  # only now that it is kept
    return found
