"""Slack, through its official client: one message into one conversation, found again by its key."""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.request import Request

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata

from integrations.channel import Settlement
from integrations.exchange import OVERLOADED, post, require_https
from integrations.retry_after import retry_after
from integrations.slack_blocks import MOST_TEXT, blocks_text, mrkdwn
from models.clock import Clock
from models.errors import BadInputError, RefusedDeliveryError, TemporaryDeliveryError, UncertainDeliveryError
from models.message import Message, Taken

EVENT = "tocsin_message"
SLACK = "https://slack.com/api/"
MAY_SUCCEED_LATER = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
    }
)
# Slack says of both that "some aspect of the operation" may have succeeded before the error was raised.
MAY_HAVE_HAPPENED = frozenset({"internal_error", "fatal_error"})

# The client writes whole message bodies to its log whenever that log's own level is unset; this one stays shut.
_LOG = logging.getLogger("integrations.slack.client")
_LOG.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True)
class Slack:
    """One workspace, into whose conversations the bot behind `token` may write.

    `Message.to` is a conversation's ID: only by its ID can a conversation be looked through, which needs one of the
    scopes channels:history or groups:history. `timeout` is in seconds, for connecting and for each wait for the answer.
    `pages_looked_through` bounds how far back a message is looked for, at 200 messages a page.
    """

    http: httpx.Client = field(repr=False)
    token: str = field(repr=False)
    clock: Clock
    base_url: str = SLACK
    timeout: float = 15.0
    pages_looked_through: int = 5
    name: str = "slack"
    settles: Settlement = "lookup"
    attaches: bool = False

    def __post_init__(self) -> None:
        """Check the settings, or raise `BadInputError`."""
        require_https(self.base_url)
        if not self.token:
            raise BadInputError("Slack needs the bot's token; set it, or turn the channel off")

    def send(self, message: Message) -> Taken:
        """Post the message's blocks, or its text where it has none, and return where it stands.

        Raises `TemporaryDeliveryError`, `RefusedDeliveryError` or `UncertainDeliveryError`.
        """
        try:
            answer = self.client().chat_postMessage(
                channel=message.to,
                text=mrkdwn(f"{message.subject}\n{message.text}", MOST_TEXT),
                blocks=[dict(block) for block in message.blocks or blocks_text(message.subject, message.text)],
                metadata=Metadata(EVENT, {**message.about, "number": message.number, "key": message.key}),
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            self.not_taken(error)
        return Taken(f"{answer.get('channel')}:{answer.get('ts')}", f"posted to {answer.get('channel')}")

    def was_taken(self, message: Message) -> bool | None:
        """Whether the conversation holds a message with this key; None where it may not be read, or not far enough.

        Raises `TemporaryDeliveryError` while Slack cannot be asked.
        """
        try:
            return self._found(message)
        except UncertainDeliveryError as error:
            raise TemporaryDeliveryError(f"Slack could not be asked for the message: {error}") from error
        except RefusedDeliveryError:
            return None  # Slack lets this bot write there, but not read

    def _found(self, message: Message) -> bool | None:
        try:
            for page in self._pages(message.to):
                if any(key_of(posted) == message.key for posted in page.get("messages", ())):
                    return True
                if not page.get("has_more"):
                    return False
        except SlackApiError as error:
            self.not_taken(error)
        return None

    def _pages(self, conversation: str) -> Iterator[Mapping[str, Any]]:  # Slack's own JSON
        client, cursor = self.client(), ""
        for _ in range(self.pages_looked_through):
            page = client.conversations_history(
                channel=conversation, cursor=cursor or None, include_all_metadata=True, limit=200
            )
            data: dict[str, Any] = page.data if isinstance(page.data, dict) else {}
            yield data
            cursor = (data.get("response_metadata") or {}).get("next_cursor", "")

    def posted_in(self, conversation: str) -> Iterator[Mapping[str, Any]]:  # Slack's own JSON
        """The latest messages of a conversation, newest first, as far back as we look; raises Slack's own errors."""
        for page in self._pages(conversation):
            yield from page.get("messages", ())
            if not page.get("has_more"):
                return

    def client(self) -> WebClient:
        """Slack's own client over our exchange, for one thread."""
        return _Client(self)

    def not_taken(self, error: SlackApiError) -> NoReturn:
        """Raise what Slack's refusal means: `TemporaryDeliveryError`, `UncertainDeliveryError` or `RefusedDeliveryError`."""
        status, reason = error.response.status_code, str(error.response.get("error") or "no reason")
        if status in OVERLOADED or reason in MAY_SUCCEED_LATER:
            wish = retry_after(error.response.headers.get("retry-after"), self.clock())
            raise TemporaryDeliveryError(f"Slack answered {status} ({reason}); the message waits", wish) from error
        if status >= 500 or reason in MAY_HAVE_HAPPENED:
            raise UncertainDeliveryError(
                f"Slack answered {status} ({reason}); it may have posted the message"
            ) from error
        raise RefusedDeliveryError(f"Slack refused the message: {reason}; {_advice(reason)}") from error


class _Client(WebClient):
    """Slack's client over our own exchange: no retry of its own, which could post twice, and no redirect followed."""

    def __init__(self, slack: Slack) -> None:
        super().__init__(slack.token, slack.base_url, logger=_LOG, retry_handlers=[])
        self.slack = slack

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:  # the client's own types
        content = req.data if isinstance(req.data, bytes) else b""
        answer = post(self.slack.http, url, content, dict(req.header_items()), self.slack.timeout)
        if answer.status == 200 and not _is_object(answer.body):
            raise RefusedDeliveryError(f"{answer.host} answered with something that is not Slack's; check the address")
        return {
            "status": answer.status,
            "headers": answer.headers,
            "body": answer.text if _is_object(answer.body) else "{}",
        }


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def key_of(posted: Mapping[str, Any]) -> object:  # Slack's own JSON
    """Under which key we posted a message; None for somebody else's."""
    metadata = posted.get("metadata") or {}
    return metadata.get("event_payload", {}).get("key") if metadata.get("event_type") == EVENT else None


def _advice(reason: str) -> str:
    if reason in ("channel_not_found", "is_archived", "not_in_channel"):
        return "give the ID of a conversation that the bot is a member of"
    if reason in ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope"):
        return "renew the bot's token or its scopes"
    return "correct it and send again"
