"""The rest of a Slack workspace: who its members are, what opens before them, and conversations of their own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata

from integrations.slack import EVENT, Slack, key_of
from integrations.slack_blocks import Block
from models.errors import RefusedDeliveryError

View = Mapping[str, object]
MOST_PAGES = 20  # of a thousand conversations each


@dataclass(frozen=True)
class Profile:
    """A member of the workspace; `email` only where Slack has confirmed it, and never of a bot, guest or stranger."""

    id: str
    email: str | None


@dataclass(frozen=True)
class Workspace:
    """The workspace behind one bot's token. Every call raises `DeliveryError`s, which say whether to try again."""

    slack: Slack

    def profile(self, user: str) -> Profile:
        """Who a member is."""
        with self._asked():
            return _profile(self.slack.client().users_info(user=user).get("user") or {})

    def open_view(self, trigger: str, view: View) -> str:
        """Open a view before whoever pressed something within the last three seconds; gives its ID."""
        with self._asked():
            answer = self.slack.client().views_open(trigger_id=trigger, view=dict(view))
        return str((answer.get("view") or {}).get("id"))

    def update_view(self, view_id: str, view: View) -> None:
        """Put another view in the place of one that is open."""
        with self._asked():
            self.slack.client().views_update(view_id=view_id, view=dict(view))

    def member_by_email(self, email: str) -> str | None:
        """The ID of the member with this address, or None."""
        with self._asked("users_not_found"):
            return str(self.slack.client().users_lookupByEmail(email=email)["user"]["id"])
        return None

    def room(self, name: str) -> str:
        """The ID of the private conversation called `name`, made if there is none."""
        with self._asked("name_taken"):
            return str(self.slack.client().conversations_create(name=name, is_private=True)["channel"]["id"])
        found = self._room_called(name)
        if found is None:
            raise RefusedDeliveryError(f"a conversation #{name} is there, but the bot is not in it; invite it")
        return found

    def invite(self, channel: str, user: str) -> None:
        """Bring a member into a conversation; doing so twice does nothing."""
        with self._asked("already_in_channel", "cant_invite_self"):
            self.slack.client().conversations_invite(channel=channel, users=user)

    def remove(self, channel: str, user: str) -> None:
        """Take a member out of a conversation; doing so twice does nothing."""
        with self._asked("not_in_channel", "user_not_found"):
            self.slack.client().conversations_kick(channel=channel, user=user)

    def post(self, channel: str, text: str, blocks: Sequence[Block], key: str) -> str:
        """Post a message that can be edited; gives its ID. `key` is how `found` knows it again."""
        with self._asked():
            answer = self.slack.client().chat_postMessage(
                channel=channel,
                text=text,
                blocks=[dict(block) for block in blocks],
                metadata=Metadata(EVENT, {"key": key}),
                unfurl_links=False,
                unfurl_media=False,
            )
        return str(answer["ts"])

    def found(self, channel: str, key: str) -> str | None:
        """The ID of the message that was posted under `key`, among the latest thousand; None where there is none."""
        with self._asked():
            for posted in self.slack.posted_in(channel):
                if key_of(posted) == key:
                    return str(posted["ts"])
        return None

    def whisper(self, channel: str, thread: str, user: str, text: str, blocks: Sequence[Block]) -> None:
        """Show one member something in a thread that nobody else sees."""
        with self._asked():
            self.slack.client().chat_postEphemeral(
                channel=channel, user=user, thread_ts=thread, text=text, blocks=[dict(block) for block in blocks]
            )

    def reply(self, channel: str, thread: str, message: str, user: str) -> str:
        """The words of one reply in a thread as they stand now; raises `RefusedDeliveryError` if it is not that member's."""
        with self._asked():
            page = self.slack.client().conversations_replies(
                channel=channel, ts=thread, oldest=message, latest=message, inclusive=True, limit=10
            )
            for one in page.get("messages") or ():
                if one.get("ts") == message and one.get("user") == user:
                    return _as_typed(str(one.get("text", "")))
        raise RefusedDeliveryError("that reply is gone, or is somebody else's; answer in the thread once more")

    def edit(self, channel: str, message: str, text: str, blocks: Sequence[Block], key: str) -> bool:
        """Put other words in a message's place; False where somebody deleted it."""
        with self._asked("message_not_found"):
            self.slack.client().chat_update(
                channel=channel,
                ts=message,
                text=text,
                blocks=[dict(block) for block in blocks],
                metadata=Metadata(EVENT, {"key": key}),
            )
            return True
        return False

    def pin(self, channel: str, message: str) -> None:
        """Pin a message; doing so twice does nothing."""
        with self._asked("already_pinned"):
            self.slack.client().pins_add(channel=channel, timestamp=message)

    def _room_called(self, name: str) -> str | None:
        with self._asked():
            client, cursor = self.slack.client(), ""
            for _ in range(MOST_PAGES):
                page = client.conversations_list(types="private_channel", limit=1_000, cursor=cursor or None)
                for room in page.get("channels") or ():
                    if room.get("name") == name:
                        return str(room["id"])
                cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
                if not cursor:
                    break
        return None

    @contextmanager
    def _asked(self, *fine: str) -> Iterator[None]:
        """Turn what Slack refuses into `DeliveryError`s; a reason that is `fine` ends the block and goes on after it."""
        try:
            yield
        except SlackApiError as error:
            if error.response.get("error") not in fine:
                self.slack.not_taken(error)


def _profile(user: Mapping[str, Any]) -> Profile:  # Any: Slack's own JSON
    outside = any(
        user.get(name) for name in ("is_bot", "deleted", "is_restricted", "is_ultra_restricted", "is_stranger")
    )
    confirmed = user.get("is_email_confirmed", False) and not outside
    return Profile(str(user.get("id", "")), (user.get("profile") or {}).get("email") if confirmed else None)


def _as_typed(text: str) -> str:
    """A message's text without Slack's own marks: links as people see them, escapes as the signs that were typed."""
    return unescape(re.sub(r"<([^<>|]+)(?:\|([^<>]*))?>", lambda found: found[2] or found[1], text))
