"""What is always at work with Slack: `python -m console.slack_socket` keeps the incidents' conversations up to date and, by
socket mode, asks Slack for its requests, so that nothing has to reach us.
"""

import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from urllib.error import URLError

from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from console.slack import slack_app, workspace_of
from flows.acts.slack_room import Rooms
from flows.acts.slack_seen import first_time
from flows.desk import Desk, open_desk
from models.errors import BadInputError, StoreUnavailableError, TocsinError

PAUSE_SECONDS = 5.0

_QUIET = logging.getLogger("console.slack.socket")
_QUIET.setLevel(logging.CRITICAL + 1)
_LOG = logging.getLogger("console.slack")


class _Once(SocketModeHandler):
    """Bolt's handler, for which each request of Slack's counts once."""

    desk: Desk

    def handle(self, client: BaseSocketModeClient, req: SocketModeRequest) -> None:
        try:
            new = first_time(self.desk, f"envelope:{req.envelope_id}")
        except StoreUnavailableError as error:
            _LOG.error("a request of Slack's waits: %s", error)  # not acknowledged, so that Slack sends it again
            return
        if new:
            super().handle(client, req)  # type: ignore[arg-type]  # the client is the one that it made
        else:
            client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))


@contextmanager
def listening(desk: Desk, ping_seconds: float = 10.0) -> Iterator[None]:
    """Take Slack's requests until the end; a connection that breaks is made again within `ping_seconds`, also after hours."""
    token = desk.settings.slack_app_token
    if token is None:
        raise BadInputError("TOCSIN_SLACK_APP_TOKEN is not set; without it Slack's requests come over HTTP alone")
    web = WebClient(None, workspace_of(desk).slack.base_url, logger=_QUIET)
    handler = _Once(
        slack_app(desk), token.get_secret_value(), logger=_QUIET, web_client=web, ping_interval=ping_seconds
    )
    handler.desk = desk
    try:
        _connect(handler)
        yield
    finally:
        with suppress(AttributeError):  # the client's own thread may have closed the socket at the same instant
            handler.client.close()


def _connect(handler: SocketModeHandler) -> None:
    """Connect for the first time, however long Slack is away; after that its own client sees to it."""
    said = ""
    while True:
        try:
            handler.client.connect()
            return
        except (SlackApiError, URLError, OSError) as error:
            words = str(error.response.get("error")) if isinstance(error, SlackApiError) else type(error).__name__
            if words != said:
                _LOG.error("Slack cannot be reached (%s); everything else goes on, and it is tried again", words)
            said = words
            time.sleep(PAUSE_SECONDS)


def serve() -> None:
    """Keep the conversations, and take Slack's requests where socket mode is set, until told to stop."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    desk = open_desk()
    desk.read_files()
    rooms = Rooms(desk, workspace_of(desk))
    with listening(desk) if desk.settings.slack_app_token else nullcontext():
        while True:
            _keep(rooms)
            time.sleep(PAUSE_SECONDS)


def _keep(rooms: Rooms) -> None:
    try:
        for failure in rooms.keep():
            _LOG.warning("%s; it is brought up later", failure)
    except StoreUnavailableError as error:
        _LOG.error("%s; Slack is brought up later", error)


if __name__ == "__main__":
    try:
        serve()
    except TocsinError as error:
        sys.exit(f"tocsin slack: {error}")
    except KeyboardInterrupt:
        pass
