from datetime import timedelta
from typing import Annotated

import typer

from flows.acts.people_cases import CaseLine, answer_case, cases, open_case, put_into_questions, topics, words_of
from flows.acts.people_substitute import Standing, draft_substitutes, substitute_standing
from flows.desk import open_desk
from models.clock import rfc3339
from models.errors import BadInputError
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, local, print_json, table


def case(
    number: Number,
    person: Annotated[str, typer.Argument(help="The person's id: what follows the / in the reference.")],
    topic: Annotated[str, typer.Option("--topic", help="What it is about, in one word, such as bank_account.")],
    words: Annotated[str, typer.Option("--words", help="What they said; kept sealed beside the roster.")],
    way: Annotated[str, typer.Option("--way", help="reply, call, letter or visit.")] = "call",
    days: Annotated[int | None, typer.Option("--days", min=1, help="Within how many days an answer is due.")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Record that somebody affected wrote or called, under their opaque id.

    Example: tocsin people case INC-2026-0001 4fc63bcc836c5290 --topic bank_account --words "Is my IBAN among it?"
    """
    desk = open_desk()
    within = timedelta(days=days) if days else None
    made = open_case(
        desk, number, person, by=actor(by, desk.settings), way=way, topic=topic, words=words, within=within
    )
    if json:
        print_json(_document(made))
        return
    line(f"{number}: case {made.case}, an answer is due by {local(made.due_at, made.zone)}")


def list_cases(
    number: Number,
    show: Annotated[int | None, typer.Option("--show", help="What was said in one case.")] = None,
    state: Annotated[str | None, typer.Option("--state", help="open or answered.")] = None,
    json: Json = False,
) -> None:
    """List the cases of people who wrote or called, most urgent first, and what they ask about.

    Example: tocsin people cases INC-2026-0001
    """
    desk = open_desk()
    if show is not None:
        said = words_of(desk, number, show)
        if json:
            print_json({"case": show, **said})
            return
        for part, words in said.items():
            line(f"{part}: {words}")
        return
    found, asked = cases(desk, number, state=state), topics(desk, number)
    if json:
        print_json({"number": number, "topics": asked, "cases": [_document(each) for each in found]})
        return
    table(
        ("case", "person", "way", "topic", "state", "answer due"),
        (
            (c.case, c.person, c.way, c.topic, "OVERDUE" if c.overdue else c.state, local(c.due_at, c.zone))
            for c in found
        ),
    )
    line("Asked about: " + (", ".join(f"{topic}: {count}" for topic, count in asked.items()) or "nothing yet"))


def answer(
    number: Number,
    case_id: Annotated[int, typer.Argument(metavar="CASE", help="The case's number.")],
    words: Annotated[str, typer.Option("--words", help="The answer.")],
    question: Annotated[
        str | None, typer.Option("--question", help="Put this question, with the answer, into the Q&A text.")
    ] = None,
    language: Annotated[str, typer.Option("--language", help="Of the Q&A text.")] = "en",
    topic: Annotated[
        str | None, typer.Option("--topic", help="What it was about, in one word; of a reply by mail.")
    ] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Record the answer to a case; with --question it also goes into the questions-and-answers text, to be signed.

    Example: tocsin people answer INC-2026-0001 3 --words "No bank details were copied." --question "Is my IBAN among it?"
    """
    desk = open_desk()
    who = actor(by, desk.settings)
    notice = put_into_questions(desk, number, question, words, language, by=who) if question else None
    done = answer_case(desk, number, case_id, by=who, words=words, topic=topic)
    if json:
        print_json({**_document(done), "notice": notice})
        return
    line(f"{number}: case {done.case} is answered")
    if notice is not None:
        line(f"The question stands in notice {notice}, which has to be signed: tocsin notices {number} show {notice}")


def substitute(
    number: Number,
    cost: Annotated[list[str] | None, typer.Option("--cost", help="CHANNEL=AMOUNT that one message costs.")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Draft the substitute texts, to be signed.")] = False,
    json: Json = False,
) -> None:
    """Show whom nothing reached, and whether the law lets a substitute notice stand; draft its texts.

    Example: tocsin people substitute INC-2026-0001 --cost post=1.10 --cost email=0.01 --draft
    """
    desk = open_desk()
    standing = substitute_standing(desk, number, _costs(cost or []))
    drafted = draft_substitutes(desk, number) if draft else []
    if json:
        print_json({**_standing(standing), "drafted": [each.notice for each in drafted]})
        return
    table(
        ("duty", "due", "told", "not reached", "substitute notice"),
        ((d["provision"], d["due"], d["told"], d["not_reached"], d["says"]) for d in _standing(standing)["duties"]),
    )
    if standing.without_address:
        line(f"{standing.without_address} people have no address for any channel")
    for each in drafted:
        line(f"Drafted: notice {each.notice}, {each.what}")


def _standing(standing: Standing) -> dict[str, list[dict[str, object]]]:
    return {"duties": [
        {
            "provision": each.duty.provision,
            "due": each.duty.due,
            "told": each.duty.told,
            "not_reached": each.duty.not_reached,
            "open": each.substitute.open if each.substitute else None,
            "citation": each.substitute.citation if each.substitute else None,
            "says": ("open: " + "; ".join(each.substitute.reasons) if each.substitute.open else "its figures are not reached")
            if each.substitute else "no figures in the law; counsel decides",
        }
        for each in standing.duties
    ]}  # fmt: skip


def _costs(given: list[str]) -> dict[str, float]:
    costs = {}
    for each in given:
        channel, _, amount = each.partition("=")
        if channel not in ("email", "post", "sms", "in_app") or not amount.replace(".", "", 1).isdigit():
            raise BadInputError(f"--cost {each}: write CHANNEL=AMOUNT, such as post=1.10")
        costs[channel] = float(amount)
    return costs


def _document(found: CaseLine) -> dict[str, object]:
    return {**vars(found), "opened_at": rfc3339(found.opened_at), "due_at": rfc3339(found.due_at)}
