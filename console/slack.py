"""Slack's requests, whichever way they come: `/tocsin`, what is pressed, what is submitted, under the person's own name."""

import json
import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from console.rights import Right, rights_of
from flows.acts.accounts import Viewer
from flows.acts.acknowledge import acknowledge
from flows.acts.slack_gate import answer_from_slack, gate_again, gate_view, seen_by, waits_of
from flows.acts.slack_person import person_in_slack
from flows.acts.slack_report import open_from_slack, report_from
from flows.acts.slack_seen import first_time
from flows.acts.slack_thread import question_at, record_reply, reply_again, reply_view
from flows.desk import Desk
from integrations.slack_views import (
    ANSWER,
    FACTS,
    GATE,
    REPLY,
    REPORT,
    SEEN,
    WAITS,
    View,
    answer_button,
    report_view,
    said_view,
    typed,
)
from integrations.slack_workspace import Workspace
from models.errors import BadInputError, NotAllowedError, TocsinError
from models.vocabulary import Category, Kind

Body = dict[str, Any]  # Any: Slack's own JSON
Ack = Callable[..., object]

USAGE = "`/tocsin` reports an incident. `/tocsin waits [NUMBER]` shows what waits for an answer."
WORKING = said_view("Tocsin", "One moment ...")

# What Bolt writes to its log can hold what people typed; errors are noted by ours, without it.
_QUIET = logging.getLogger("console.slack.bolt")
_QUIET.setLevel(logging.CRITICAL + 1)
_LOG = logging.getLogger("console.slack")


def slack_app(desk: Desk) -> App:
    """Bolt's application over one desk. Signatures are checked before it, by whoever takes the request."""
    workspace = workspace_of(desk)
    token = workspace.slack.token

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    app = App(
        name="tocsin",
        logger=_QUIET,
        client=WebClient(None, workspace.slack.base_url, logger=_QUIET),
        authorize=authorize,
        request_verification_enabled=False,
    )
    handlers = Handlers(desk, workspace)
    app.command("/tocsin")(handlers.command)
    app.view(REPORT)(handlers.reported)
    app.action(GATE)(handlers.pressed)
    app.action(WAITS)(handlers.asked_what_waits)
    app.view(ANSWER)(handlers.answered)
    app.action(SEEN)(handlers.acknowledged)
    app.event("message")(handlers.said)
    app.action(REPLY)(handlers.replied)
    app.view(FACTS)(handlers.recorded)
    app.action("open")(_only_a_link)
    app.error(_noted)
    return app


def workspace_of(desk: Desk) -> Workspace:
    """The workspace that the settings name; raises `BadInputError` without one."""
    if desk.channels.workspace is None:
        raise BadInputError("Slack is not set up; set TOCSIN_SLACK_TOKEN and TOCSIN_SLACK_CHANNEL")
    return desk.channels.workspace


def _only_a_link(ack: Ack) -> None:
    ack()


def _noted(error: Exception) -> None:
    _LOG.error("a request of Slack's failed: %s", type(error).__name__, exc_info=error)


class Handlers:
    """What each request does. Slack is answered at once; what takes longer is then shown in the view that it opened."""

    def __init__(self, desk: Desk, workspace: Workspace) -> None:
        self.desk, self.workspace = desk, workspace

    def command(self, ack: Ack, body: Body) -> None:
        """`/tocsin [report | waits [NUMBER]]`."""
        word, _, rest = str(body.get("text") or "report").strip().partition(" ")
        number = rest.strip().upper() or None
        match word.lower():
            case "report":
                ack()
                self._open(body, Right.REPORT, lambda _: self._form())
            case "waits":
                ack()
                self._open(body, Right.SEE, lambda viewer: self._waits(viewer, number))
            case _:
                ack(text=USAGE)

    def pressed(self, ack: Ack, body: Body, action: Body) -> None:
        """Open what waits, before whoever pressed its button."""
        ack()
        number, _, key = str(action.get("value")).partition(" ")
        right = Right.SEE if key.startswith("step:") else Right.SEE_TEXTS
        self._open(body, right, lambda viewer: gate_view(self.desk, seen_by(self.desk, number, viewer), key))

    def asked_what_waits(self, ack: Ack, body: Body, action: Body) -> None:
        """List what waits in one incident."""
        ack()
        self._open(body, Right.SEE, lambda viewer: self._waits(viewer, str(action.get("value"))))

    def acknowledged(self, ack: Ack, body: Body, action: Body) -> None:
        """Say, as whoever pressed it, that the warnings of one provision were seen."""
        ack()
        number, _, provision = str(action.get("value")).partition(" ")

        def seen(viewer: Viewer) -> View:
            acknowledge(self.desk, seen_by(self.desk, number, viewer), provision, by=viewer.name)
            words = f"You have said that you saw the warnings of {provision}. The next one comes all the same."
            return said_view(number, words, self._link(number))

        self._open(body, Right.DO_STEPS, seen)

    def said(self, event: Body, body: Body) -> None:
        """Offer whoever replied to a question to have the reply recorded; any other message is passed over."""
        channel, thread, user = str(event.get("channel")), str(event.get("thread_ts")), str(event.get("user"))
        by_a_person = event.get("user") and not event.get("bot_id") and not event.get("subtype")
        if not by_a_person or question_at(self.desk, channel, thread) is None:
            return
        if first_time(self.desk, f"event:{body.get('event_id')}"):
            offer = answer_button(json.dumps([channel, thread, event["ts"]]), "Record my reply", REPLY)
            self.workspace.whisper(channel, thread, user, "Record this reply?", [offer])

    def replied(self, ack: Ack, body: Body, action: Body) -> None:
        """Show a reply once more to whoever wrote it, to be confirmed."""
        ack()
        channel, thread, message = json.loads(str(action.get("value")))

        def form(viewer: Viewer) -> View:
            words = self.workspace.reply(channel, thread, message, str(body["user"]["id"]))
            return reply_view(self.desk, viewer, channel, thread, words)

        self._open(body, Right.ADD_FACTS, form)

    def recorded(self, ack: Ack, body: Body, view: Body) -> None:
        """Keep what was confirmed."""
        ack(response_action="update", view=WORKING)
        values, reference = view["state"]["values"], str(view["private_metadata"])

        def kept(viewer: Viewer) -> View:
            language = typed(values, "language")
            words = str(typed(values, "words") or "")
            try:
                number, came = record_reply(self.desk, viewer, reference, words, str(language) if language else None)
            except BadInputError as error:
                return reply_again(self.desk, viewer, reference, words, str(error))
            return said_view(number, came, self._link(number))

        self._show(body, str(view["id"]), Right.ADD_FACTS, kept)

    def reported(self, ack: Ack, body: Body, view: Body) -> None:
        """Open an incident from the form, or say in the form what is wrong with it."""
        values = view["state"]["values"]
        fields = {name: typed(values, name) for name in ("title", "kind", "aware_at", "people", "data", "respond")}
        try:
            report = report_from(self.desk, fields)
        except BadInputError as error:
            ack(response_action="errors", errors={_at_fault(error): str(error)})
            return
        ack(response_action="update", view=WORKING)

        def opened(viewer: Viewer) -> View:
            number = open_from_slack(self.desk, report, by=viewer.name, respond=bool(fields["respond"]))
            return said_view(number, f"{number} is open, under your name.", self._link(number))

        self._show(body, str(view["id"]), Right.REPORT, opened)

    def answered(self, ack: Ack, body: Body, view: Body) -> None:
        """Take an answer under the name of whoever gave it, and say what came of it."""
        ack(response_action="update", view=WORKING)
        values, reference = view["state"]["values"], str(view["private_metadata"])
        reason = typed(values, "reason")

        def taken(viewer: Viewer) -> View:
            decision, why = str(typed(values, "decision")), str(reason) if reason else None
            try:
                number, key, came = answer_from_slack(self.desk, viewer, reference, decision, why)
            except (BadInputError, NotAllowedError) as error:
                return gate_again(self.desk, viewer, reference, error, why or "")
            return said_view(number, f"{key}: {came}, under your name.", self._link(number))

        self._show(body, str(view["id"]), Right.SEE, taken)

    def _form(self) -> View:
        return report_view([kind.value for kind in Kind], [one.value for one in Category], self.desk.clock())

    def _waits(self, viewer: Viewer, number: str | None) -> View:
        return waits_of(self.desk, viewer, number, texts=Right.SEE_TEXTS in rights_of(viewer.roles))

    def _open(self, body: Body, right: Right, shown: Callable[[Viewer], View]) -> None:
        """Open a view at once, since Slack allows three seconds for it, and put into it what takes longer to find.

        Where one is open already, it takes that one's place.
        """
        if "view" in body:
            view_id = str(body["view"]["id"])
            self.workspace.update_view(view_id, WORKING)
        else:
            view_id = self.workspace.open_view(str(body["trigger_id"]), WORKING)
        self._show(body, view_id, right, shown)

    def _show(self, body: Body, view_id: str, right: Right, shown: Callable[[Viewer], View]) -> None:
        try:
            viewer = self._viewer(body)
            if right not in rights_of(viewer.roles):
                raise NotAllowedError(f"this needs the right to {right.value.replace('_', ' ')}, which you do not have")
            found = shown(viewer)
        except TocsinError as error:
            found = said_view("Not done", str(error))
        self.workspace.update_view(view_id, found)

    def _viewer(self, body: Body) -> Viewer:
        user = str(body["user_id"] if "user_id" in body else body["user"]["id"])
        return person_in_slack(self.desk, user, self.workspace.profile(user).email)

    def _link(self, number: str) -> str:
        return f"{self.desk.settings.console()}/incidents/{number}"


def _at_fault(error: BadInputError) -> str:
    """Which field of the form an error is about."""
    said = str(error)
    return "title" if "title" in said else "people"
