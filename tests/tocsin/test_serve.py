from pathlib import Path

import pytest

from flows.server import running
from flows.settings import Settings
from models.errors import NotAllowedError
from tests.tocsin.conftest import Tocsin
from tocsin.commands.serve import whole_paths


def test_a_prefect_server_is_not_opened_to_others_without_a_password(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_SERVER_API_AUTH_STRING", raising=False)

    with (
        pytest.raises(NotAllowedError, match="PREFECT_SERVER_API_AUTH_STRING is not set"),
        running(home, 4299, "0.0.0.0"),
    ):
        pass


def test_an_unknown_part_is_refused_in_one_line_that_names_the_parts(tocsin: Tocsin) -> None:
    said = tocsin("serve", "--only", "workers")

    assert said.status == 2
    assert "'server', 'worker', 'watch', 'console'" in said.err


def test_a_worker_carries_as_many_runs_as_are_set_or_as_the_machine_bears() -> None:
    assert Settings(worker_runs=3).runs_at_once() == 3
    assert Settings().runs_at_once() >= 4


def test_a_password_can_be_set_without_a_browser(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    tocsin("team", "add", "Lea Martin", "--role", "legal")

    said = tocsin("team", "password", "Lea Martin", "--login", "lea", given=b"correct horse battery\n")

    assert (said.status, said.out) == (0, "Lea Martin can sign in as lea\n")


def test_what_serve_begins_finds_a_home_that_was_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert whole_paths(Settings(home=Path("clinic"), clock=Path("clinic/clock"))) == {
        "TOCSIN_HOME": str(tmp_path / "clinic"),
        "TOCSIN_CLOCK": str(tmp_path / "clinic" / "clock"),
    }
