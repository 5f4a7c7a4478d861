from pathlib import Path

import pytest

from flows.desk import Desk
from models.tables import PersonDelivery
from tests.flows.affected import NUMBER, SENDER, assign_people, french, sign_texts
from tests.flows.meridia import every
from tests.integrations.sinks import MailSink, mail_server
from tests.tocsin.conftest import Tocsin


def test_everybody_is_written_to_from_the_command_and_the_proof_is_verified(
    drafted: Desk, tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_texts(drafted)
    assign_people(drafted, french(5))
    file = tmp_path / "proof.json"
    for name, value in (("HOST", "127.0.0.1"), ("SECURITY", "none"), ("SENDER", SENDER)):
        monkeypatch.setenv(f"TOCSIN_SMTP_{name}", value)
    assert tocsin("people", "progress", NUMBER).status == 1, "nothing was started"
    with mail_server(MailSink()) as sink:
        monkeypatch.setenv("TOCSIN_SMTP_PORT", str(sink.port))
        sent = tocsin("people", "send", NUMBER, "--wave", "rest", "--json")

    assert (sent.status, sent.json["state"], sent.json["states"], sent.json["too_slow"]) == (
        0,
        "done",
        {"sent": 5},
        False,
    )
    assert len(sink.taken) == 5
    assert tocsin("people", "resume", NUMBER).err == f"tocsin: the sending of {NUMBER} is running, not paused\n"
    assert tocsin("people", "proof", NUMBER, "--to", file, "--json").json["duties"][0]["told"] == 5
    assert tocsin("people", "proof", NUMBER, "--verify", file, "--json").json["as_it_was_signed"] is True
    file.write_bytes(file.read_bytes() + b" ")
    assert tocsin("people", "proof", NUMBER, "--verify", file).status == 1

    person = every(drafted, PersonDelivery, NUMBER)[0].person
    case = tocsin("people", "case", NUMBER, person, "--topic", "iban", "--words", "Is it?", "--json").json["case"]
    assert tocsin("people", "cases", NUMBER, "--show", case, "--json").json["said"] == "Is it?"
    assert tocsin("people", "answer", NUMBER, case, "--words", "No.").out == f"{NUMBER}: case {case} is answered\n"
    assert tocsin("people", "cases", NUMBER, "--json").json["topics"] == {"iban": 1}
    assert tocsin("people", "substitute", NUMBER, "--cost", "post=dear").status == 2
    assert "Sending to people, as far as the wave rest: 5 messages" in tocsin("timeline", NUMBER).out
