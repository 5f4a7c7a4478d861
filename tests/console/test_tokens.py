from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from console.rights import RIGHTS, SCOPES, Right, rights_of, rights_of_viewer
from flows.acts.accounts import Viewer
from flows.acts.team import add_member, remove_member
from flows.acts.tokens import Scope, make_token, person_of, revoke_token, tokens
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.store import reading, writing
from models.tables import ApiToken
from models.vocabulary import PersonRole
from tests.console.conftest import SignInAs

Browser = Callable[[], TestClient]


def token_for(desk: Desk, *scopes: Scope, role: PersonRole = PersonRole.LEGAL) -> str:
    add_member(desk, "Lea Martin", [role])
    return make_token(desk, "Lea Martin", purpose="The SIEM", scopes=scopes, by="Ada")


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_program_with_a_token_acts_as_the_person_within_its_scopes(desk: Desk) -> None:
    viewer = person_of(desk, token_for(desk, Scope.READ))

    assert viewer is not None
    assert (viewer.name, viewer.roles, viewer.scopes) == ("Lea Martin", (PersonRole.LEGAL,), frozenset({"read"}))
    assert tokens(desk)[0].used_at is not None


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("role", PersonRole)
def test_a_token_gives_no_right_that_the_roles_or_its_scopes_do_not_give(role: PersonRole, scope: Scope) -> None:
    viewer = Viewer(1, "Lea Martin", (role,), "", None, None, frozenset({scope.value}))

    assert rights_of_viewer(viewer) == RIGHTS[role] & SCOPES[scope]


def test_all_scopes_together_give_everything_but_breaking_the_glass() -> None:
    everything = rights_of(PersonRole)
    viewer = Viewer(1, "Lea Martin", tuple(PersonRole), "", None, None, frozenset(Scope))

    assert everything - rights_of_viewer(viewer) == {Right.BREAK_GLASS}


def test_a_page_is_refused_to_a_token_without_the_scope_and_shown_to_one_with_it(desk: Desk, browser: Browser) -> None:
    page = browser()

    assert page.get("/", headers=bearer(token_for(desk, Scope.SIGN))).status_code == 403
    assert page.get("/", headers=bearer(token_for(desk, Scope.REPORT))).status_code == 200


def revoked(desk: Desk, token: str) -> None:
    revoke_token(desk, tokens(desk)[0].number, by="Ada")


def ended(desk: Desk, token: str) -> None:
    with writing(desk.engine) as session:
        row = session.exec(select(ApiToken)).one()
        row.ends_at = datetime.now(UTC)
        session.add(row)


def left(desk: Desk, token: str) -> None:
    remove_member(desk, "Lea Martin")


@pytest.mark.parametrize("what_happened", [revoked, ended, left])
def test_a_token_that_is_revoked_or_too_old_or_whose_person_left_opens_nothing(
    desk: Desk, browser: Browser, what_happened: Callable[[Desk, str], None]
) -> None:
    token = token_for(desk, Scope.REPORT)
    what_happened(desk, token)

    refused = browser().get("/", headers=bearer(token))

    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert refused.json()["detail"].startswith("the token is unknown, too old or revoked")


def test_a_token_that_does_not_hold_is_refused_though_a_good_cookie_comes_with_it(signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)

    assert page.get("/").status_code == 200
    assert page.get("/", headers=bearer("tocsin_guessed")).status_code == 401
    assert page.get("/", headers=bearer("")).status_code == 401


def test_no_form_token_is_asked_of_a_program_but_a_browser_cannot_go_without_by_naming_another_scheme(
    desk: Desk, browser: Browser, signed_in_as: SignInAs
) -> None:
    page, form = signed_in_as("Lea Martin", PersonRole.LEGAL), {"language": "zh"}

    assert page.post("/language", data=form, headers={"authorization": "Basic eDp5"}).status_code == 403
    assert browser().post("/language", data=form, headers=bearer(token_for(desk, Scope.READ))).status_code == 303


def test_a_token_stands_nowhere_in_the_database(desk: Desk) -> None:
    token = token_for(desk, Scope.READ)

    with reading(desk.engine) as session:
        assert token not in str(session.exec(select(ApiToken)).one().model_dump())
    assert token.startswith("tocsin_")


def test_a_token_is_refused_that_nobody_could_judge_or_that_never_ends(desk: Desk) -> None:
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])

    with pytest.raises(BadInputError, match="a purpose and at least one scope"):
        make_token(desk, "Lea Martin", purpose=" ", scopes=[Scope.READ], by="Ada")
    with pytest.raises(BadInputError, match="a purpose and at least one scope"):
        make_token(desk, "Lea Martin", purpose="The SIEM", scopes=[], by="Ada")
    for lasts in (timedelta(0), timedelta(days=367)):
        with pytest.raises(BadInputError, match="from 1 to 366 days"):
            make_token(desk, "Lea Martin", purpose="The SIEM", scopes=[Scope.READ], by="Ada", lasts=lasts)
    with pytest.raises(NotAllowedError, match="not in the team"):
        make_token(desk, "Ghost", purpose="The SIEM", scopes=[Scope.READ], by="Ada")


def test_nobody_revokes_by_number_what_is_another_persons(desk: Desk) -> None:
    token = token_for(desk, Scope.READ)

    with pytest.raises(BadInputError, match="no token has the number"):
        revoke_token(desk, tokens(desk)[0].number, by="Noor Haddad", name="Noor Haddad")
    assert person_of(desk, token) is not None


def test_a_person_without_an_account_has_no_language_to_remember(desk: Desk, browser: Browser) -> None:
    answer = browser().post("/language", data={"language": "zh"}, headers=bearer(token_for(desk, Scope.READ)))

    assert answer.status_code == 422
