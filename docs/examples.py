"""The examples in docs/examples: the demo's breach in every format, made by the same acts as the command's, on a clock that stands.

Run with `make examples` or `python -m docs.examples`; a test makes them again and compares.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from flows.acts.answer import answer
from flows.acts.contain import perform, ready_steps
from flows.acts.draft import AUTHORITIES, PEOPLE, PUBLIC, draft_texts
from flows.acts.evaluate import evaluate
from flows.acts.export import export_notices
from flows.acts.playbook import start_playbook
from flows.acts.read_notice import NoticeLine, notice_list
from flows.acts.register import register
from flows.acts.register_file import write_register
from flows.acts.report import add_facts, open_incident
from flows.acts.sign import approve
from flows.acts.team import add_member
from flows.acts.work import finish_step
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.clock import VirtualClock
from models.document import read_document
from models.report import read_report
from models.vocabulary import PersonRole

FOLDER = Path(__file__).parent / "examples"
DATA = Path(__file__).parents[1] / "tocsin" / "demo" / "data"
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)
NEXT_DAY = datetime(2026, 11, 24, 10, 40, tzinfo=UTC)
TEAM = {
    "legal": ("Lea Martin", PersonRole.LEGAL),
    "pr": ("Noor Haddad", PersonRole.PR),
    "executive": ("Claire Aubry", PersonRole.EXECUTIVE),
    "commander": ("Ines Duarte", PersonRole.COMMANDER),
    "responder": ("Sam Okoro", PersonRole.RESPONDER),
}
ANSWERS = {
    ("measures_planned", "en"): "Multi-factor sign-in for every account, and an outside test of the booking platform.",
    ("measures_planned", "zh"): "为所有账户启用多因素认证，并委托外部机构对预订平台进行安全测试。",
    ("monitoring_offer", "en"): "Twelve months of identity theft protection at no cost; call the hotline to enroll.",
    ("monitoring_offer", "zh"): "免费提供十二个月的身份盗用防护服务，请拨打咨询热线开通。",
}
NOTE = "A sworn translation goes with it."  # what the signer makes of a text that is not in its authority's language
# provision or audience, form, language -> name and formats; the first four are signed, the press statement is a draft
TEXTS = {
    ("eu-gdpr-33", "filing", "en"): ("filing-cnil", ("text", "html", "docx", "pdf", "json", "sheet")),
    ("uk-gdpr-34", "letter", "en"): ("letter-en", ("html", "docx", "pdf")),
    ("cn-pipl-57-individuals", "letter", "zh"): ("letter-zh", ("html", "docx", "pdf")),
    ("us-ca-individuals", "letter", "en"): ("letter-california", ("docx", "pdf")),
    ("press", "full", "en"): ("press-statement-draft", ("docx", "pdf")),
}
REGISTER = {"xlsx": "xlsx", "pdf": "pdf", "json": "json", "text": "txt"}


def make(folder: Path) -> None:
    """Write every example into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with _responded() as (desk, number):
        for (what, form, language), (name, formats) in TEXTS.items():
            line = _line(desk, number, what, form, language)
            if what != "press":
                _sign(desk, number, line)
            _export(desk, number, line.notice, folder, name, formats)
        for kind, suffix in REGISTER.items():
            write_register(desk, register(desk, rehearsals=True), kind, folder / f"register.{suffix}")
        write_register(desk, register(desk, rehearsals=True, language="zh"), "pdf", folder / "register-zh.pdf", "zh")


@contextmanager
def _responded() -> Iterator[tuple[Desk, str]]:
    """A desk of its own, and the incident of which every text is drafted; nothing is sent."""
    with tempfile.TemporaryDirectory() as home:
        clock = VirtualClock(Path(home) / "clock")
        clock.set(MORNING)
        settings = Settings(home=Path(home), clock=clock.path, organisation=DATA / "organisation.yaml")
        desk = open_desk(settings)
        for name, role in TEAM.values():
            add_member(desk, name, [role], zone="Europe/Paris")
        number = open_incident(desk, read_report(str(DATA / "first_facts.yaml")), by="Sam Okoro")
        _contain(desk, number)
        clock.set(NEXT_DAY)
        add_facts(desk, number, read_document(DATA / "second_facts.yaml"), by="Sam Okoro")
        for (key, language), words in ANSWERS.items():
            answer(desk, number, key, words, language, by="Lea Martin")
        evaluate(desk, number)
        for audiences in (AUTHORITIES, PEOPLE, PUBLIC):
            draft_texts(desk, number, audiences)
        yield desk, number
        desk.engine.dispose()


def _contain(desk: Desk, number: str) -> None:
    start_playbook(desk, number)
    done: set[str] = set()
    while ready := [key for key, _ in ready_steps(desk, number) if key not in done]:
        for key in ready:
            perform(desk, number, key)
        done.update(ready)
    finish_step(desk, number, "protect_backups", by="Sam Okoro")


def _line(desk: Desk, number: str, what: str, form: str, language: str) -> NoticeLine:
    [line] = [
        line
        for line in notice_list(desk, number)
        if (line.provision or line.audience, line.form, line.language) == (what, form, language)
    ]
    return line


def _sign(desk: Desk, number: str, line: NoticeLine) -> None:
    needed = line.still_needed
    while needed:
        person = TEAM[needed[0]][0]
        needed = approve(desk, number, line.notice, by=person, sha256=line.sha256, note=NOTE).still_needed


def _export(desk: Desk, number: str, notice: int, folder: Path, name: str, formats: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as made:
        for one in export_notices(desk, number, notice, formats, Path(made)):
            ending = one.file.rpartition(f"v{one.version}")[2]
            shutil.move(one.file, folder / f"{name}{ending}")


if __name__ == "__main__":
    make(FOLDER)
    sys.stdout.writelines(f"{file.stat().st_size:>8}  {file.name}\n" for file in sorted(FOLDER.iterdir()))
