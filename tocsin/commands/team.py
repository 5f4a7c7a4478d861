import sys
from datetime import timedelta
from getpass import getpass
from typing import Annotated

import typer

from flows.acts import accounts, membership, second_factor, tokens
from flows.acts.slack_person import link_slack
from flows.acts.team import Member, add_member, members, remove_member
from flows.desk import open_desk
from models.clock import rfc3339
from models.vocabulary import PersonRole
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, local, print_json, table

app = typer.Typer(add_completion=False)
Name = Annotated[str, typer.Argument(help="The person's name, as it stands on the ledger.")]


def _json(member: Member) -> dict[str, object]:
    return {
        "name": member.name,
        "email": member.email,
        "roles": [role.value for role in member.roles],
        "active": member.active,
    }


@app.callback()
def about() -> None:
    """Who may act, and in which role.

    Example: tocsin team list
    """


@app.command("list")
def list_(json: Json = False) -> None:
    """Everybody who may act, with their roles.

    Example: tocsin team list
    """
    desk = open_desk()
    if json:
        print_json([_json(member) for member in members(desk)])
    else:
        table(
            ("name", "roles", "email", ""),
            ((m.name, ", ".join(m.roles), m.email, "" if m.active else "left") for m in members(desk)),
        )


@app.command()
def add(
    name: Name,
    role: Annotated[list[PersonRole], typer.Option("--role", help="A role; repeat for several.")],
    email: Annotated[str | None, typer.Option("--email")] = None,
    json: Json = False,
) -> None:
    """Add a person, or more roles to one who is there.

    Example: tocsin team add "Lea Martin" --role legal --role commander --email lea@example.org
    """
    member = add_member(open_desk(), name, role, email=email)
    print_json(_json(member)) if json else line(f"{member.name}: {', '.join(member.roles)}")


@app.command()
def remove(name: Name, json: Json = False) -> None:
    """Take a person's right to act; what they decided before stays decided.

    Example: tocsin team remove "Lea Martin"
    """
    member = remove_member(open_desk(), name)
    print_json(_json(member)) if json else line(f"{member.name} may not act any more")


@app.command()
def invite(name: Name, by: By = None, json: Json = False) -> None:
    """Print a link by which the person sets a password for the console, the first or a new one; it works once, for a day.

    Example: tocsin team invite "Lea Martin"
    """
    desk = open_desk()
    token = accounts.invite(desk, name, by=actor(by, desk.settings))
    link = f"{desk.settings.console()}/welcome/{token}"
    print_json({"name": name, "link": link}) if json else line(link)


@app.command()
def slack(
    name: Name,
    member: Annotated[str, typer.Argument(help="Their member ID in Slack, from their profile there.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Say which member of the Slack workspace a person is, where the e-mail addresses do not.

    Example: tocsin team slack "Lea Martin" U024BE7LH
    """
    desk = open_desk()
    link_slack(desk, name, member, by=actor(by, desk.settings))
    print_json({"name": name, "slack": member}) if json else line(f"{name} is {member} in Slack")


@app.command()
def password(
    name: Name,
    login: Annotated[str, typer.Option("--login", help="The name to sign in with.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Set a person's password for the console, asked for or read from standard input: for machines without a browser.

    Example: tocsin team password "Lea Martin" --login lea
    """
    desk = open_desk()
    given = getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    token = accounts.invite(desk, name, by=actor(by, desk.settings))
    accounts.accept(desk, token, login=login, password=given)
    print_json({"name": name, "login": login}) if json else line(f"{name} can sign in as {login}")


@app.command()
def reset(name: Name, by: By = None, json: Json = False) -> None:
    """Take the second factor off of somebody who has lost it, and forget who they are to single sign-on.

    Example: tocsin team reset "Lea Martin"
    """
    desk = open_desk()
    second_factor.reset(desk, name, by=actor(by, desk.settings))
    print_json({"name": name}) if json else line(
        f"{name}: the second factor is off until a new one is set up; single sign-on is bound anew"
    )


@app.command("members")
def members_(number: Number, json: Json = False) -> None:
    """Who sees an incident.

    Example: tocsin team members INC-2026-0001
    """
    found = membership.memberships(open_desk(), number)
    if json:
        print_json(
            [
                {
                    "name": one.name,
                    "roles": [role.value for role in one.roles],
                    "added_by": one.added_by,
                    "ends_at": rfc3339(one.ends_at) if one.ends_at else None,
                    "reason": one.reason,
                }
                for one in found
            ]
        )
    else:
        table(
            ("name", "roles", "added by", "until"),
            ((one.name, ", ".join(one.roles), one.added_by, local(one.ends_at, "UTC")) for one in found),
        )


@app.command()
def admit(number: Number, name: Name, by: By = None, json: Json = False) -> None:
    """Let a person of the team see an incident.

    Example: tocsin team admit INC-2026-0001 "Noor Haddad"
    """
    desk = open_desk()
    membership.add_to_incident(desk, number, name, by=actor(by, desk.settings))
    print_json({"number": number, "name": name}) if json else line(f"{name} sees {number}")


@app.command()
def exclude(number: Number, name: Name, by: By = None, json: Json = False) -> None:
    """Take an incident out of a person's sight.

    Example: tocsin team exclude INC-2026-0001 "Noor Haddad"
    """
    desk = open_desk()
    membership.remove_from_incident(desk, number, name, by=actor(by, desk.settings))
    print_json({"number": number, "name": name}) if json else line(f"{name} no longer sees {number}")


token_app = typer.Typer()
app.add_typer(token_app, name="token")


def _token_json(token: tokens.TokenShown) -> dict[str, object]:
    return {
        "number": token.number,
        "name": token.name,
        "purpose": token.purpose,
        "scopes": list(token.scopes),
        "made_by": token.made_by,
        "made_at": rfc3339(token.made_at),
        "ends_at": rfc3339(token.ends_at),
        "used_at": rfc3339(token.used_at) if token.used_at else None,
        "revoked_at": rfc3339(token.revoked_at) if token.revoked_at else None,
    }


@token_app.callback()
def about_tokens() -> None:
    """Tokens by which programs act as a person of the team.

    Example: tocsin team token list
    """


@token_app.command("make")
def make_token(
    name: Name,
    scope: Annotated[list[tokens.Scope], typer.Option("--scope", help="What it is for; repeat for several.")],
    purpose: Annotated[str, typer.Option("--for", help="Which program uses it, for whoever judges it later.")],
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Days until it ends.")] = tokens.USUAL_LIFE.days,
    by: By = None,
    json: Json = False,
) -> None:
    """Print a new token, this once; it gives no right that the person does not have.

    Example: tocsin team token make "Lea Martin" --scope read --for "The SIEM"
    """
    desk = open_desk()
    made = tokens.make_token(
        desk, name, purpose=purpose, scopes=scope, by=actor(by, desk.settings), lasts=timedelta(days=days)
    )
    print_json({"name": name, "token": made}) if json else line(made)


@token_app.command("list")
def list_tokens(
    name: Annotated[str | None, typer.Argument(help="One person's only.")] = None, json: Json = False
) -> None:
    """Every token, without the token: whose, what for, until when, last used.

    Example: tocsin team token list "Lea Martin"
    """
    found = tokens.tokens(open_desk(), name)
    if json:
        print_json([_token_json(token) for token in found])
    else:
        table(
            ("no", "person", "for", "scopes", "ends", "last used", ""),
            (
                (
                    t.number,
                    t.name,
                    t.purpose,
                    ", ".join(t.scopes),
                    local(t.ends_at, "UTC"),
                    local(t.used_at, "UTC"),
                    "revoked" if t.revoked_at else "",
                )
                for t in found
            ),
        )


@token_app.command("revoke")
def revoke_token(
    number: Annotated[int, typer.Argument(help="Its number in the list.")], by: By = None, json: Json = False
) -> None:
    """End a token now.

    Example: tocsin team token revoke 3
    """
    desk = open_desk()
    token = tokens.revoke_token(desk, number, by=actor(by, desk.settings))
    print_json(_token_json(token)) if json else line(f"token {number} of {token.name} ({token.purpose}) is revoked")
