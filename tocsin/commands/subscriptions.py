from typing import Annotated

import typer

from flows.acts import subscriptions as acts
from flows.acts.event_kinds import EventKind
from flows.acts.tell_subscribers import send_test
from flows.desk import open_desk
from tocsin.acting import actor
from tocsin.output import By, Json, line, local, print_json, table

app = typer.Typer(add_completion=False)
Subscription = Annotated[int, typer.Argument(help="Its number in the list.")]


@app.callback()
def about() -> None:
    """Addresses outside that are told of events, signed: only that it happened, never what a text or a fact says.

    Example: tocsin subscriptions list
    """


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="The address, by https.")],
    kind: Annotated[
        list[EventKind] | None, typer.Option("--kind", help="A kind of event; repeat for several. Default: every kind.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Of private incidents too.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Tell an address of events from now on; prints the secret that requests are signed with, this once.

    Example: tocsin subscriptions add https://siem.example.org/hooks/tocsin --kind clock.missed --all
    """
    desk = open_desk()
    made = acts.subscribe(desk, url, kind or (), by=actor(by, desk.settings), everything=everything)
    if json:
        print_json(made)
        return
    line(f"Subscription {made.subscription} to {made.host}. Its secret, which is not shown again:")
    line(made.secret)
    if not everything:
        line("It hears nothing of private incidents; --all makes one that does.")


@app.command("list")
def list_(json: Json = False) -> None:
    """Who is told of what, without the addresses' secret parts.

    Example: tocsin subscriptions list
    """
    found = acts.subscriptions(open_desk())
    if json:
        print_json(found)
        return
    table(
        ("no", "host", "kinds", "of", "made by", "failures", "rests until"),
        (
            (
                one.subscription,
                one.host,
                ", ".join(one.kinds) or "every kind",
                "all incidents" if one.everything else "incidents that are not private",
                one.made_by,
                one.failures or "",
                local(one.rests_until, "UTC"),
            )
            for one in found
        ),
    )


@app.command()
def remove(subscription: Subscription, by: By = None, json: Json = False) -> None:
    """Tell it of nothing more, also not of what waits.

    Example: tocsin subscriptions remove 3
    """
    desk = open_desk()
    ended = acts.unsubscribe(desk, subscription, by=actor(by, desk.settings))
    print_json(ended) if json else line(f"Subscription {ended.subscription} to {ended.host} is told of nothing more.")


@app.command("test")
def send_a_test(subscription: Subscription, json: Json = False) -> None:
    """Send it an event of the kind "test" now; exit status 1 where it was not taken.

    Example: tocsin subscriptions test 3
    """
    sent = send_test(open_desk(), subscription)
    print_json(sent) if json else line(f"{sent.state.replace('_', ' ')}: {sent.answer}")
    if sent.state != "sent":
        raise typer.Exit(1)


@app.command()
def deliveries(
    subscription: Subscription,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, the latest first.")] = 50,
    json: Json = False,
) -> None:
    """What became of each event: how often it was tried, and the last answer.

    Example: tocsin subscriptions deliveries 3
    """
    found = acts.event_deliveries(open_desk(), subscription, limit=limit)
    if json:
        print_json(found)
        return
    table(
        ("no", "at", "incident", "event", "state", "tries", "next try", "last answer"),
        (
            (
                one.delivery,
                local(one.at, "UTC"),
                one.number,
                one.kind,
                one.state.replace("_", " "),
                one.attempts,
                local(one.next_try_at, "UTC"),
                one.answer,
            )
            for one in found
        ),
    )


@app.command()
def again(
    subscription: Subscription,
    delivery: Annotated[int, typer.Argument(help="Its number in the list of deliveries.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Put one event back in the queue; its key tells the receiver that it is the same.

    Example: tocsin subscriptions again 3 71
    """
    desk = open_desk()
    acts.tell_again(desk, subscription, delivery, by=actor(by, desk.settings))
    if json:
        print_json({"subscription": subscription, "delivery": delivery})
        return
    line(f"Delivery {delivery} is sent again with the watch's next pass.")
