"""The rest of a Slack workspace: who its members are, what opens before them, and conversations of their own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError

from integrations.slack import Slack

View = Mapping[str, object]


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

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except SlackApiError as error:
            self.slack.not_taken(error)


def _profile(user: Mapping[str, Any]) -> Profile:  # Any: Slack's own JSON
    outside = any(
        user.get(name) for name in ("is_bot", "deleted", "is_restricted", "is_ultra_restricted", "is_stranger")
    )
    confirmed = user.get("is_email_confirmed", False) and not outside
    return Profile(str(user.get("id", "")), (user.get("profile") or {}).get("email") if confirmed else None)
