from dataclasses import fields

from pydantic import SecretStr

from flows.channels import Channels, channels_from
from flows.organisation import OrganisationFile
from flows.settings import WAYS_OUT, Settings
from models.clock import system_clock

SECRET = SecretStr("a secret of thirty-two characters")
NO_WAY_OUT = ("outbox", "addresses", "chat_channel")  # a folder, and words


def everything_set() -> Settings:
    """Settings in which every way out is set."""
    return Settings(
        smtp_host="mail.example",
        smtp_sender="breach@example.org",
        slack_token=SECRET,
        slack_app_token=SECRET,
        slack_channel="C1",
        teams_url=SecretStr("https://teams.example/1"),
        mattermost_url=SecretStr("https://mattermost.example/1"),
        webhook_url="https://hooks.example",
        webhook_secret=SECRET,
        pager="pagerduty",
        pager_key=SECRET,
        tickets="jira",
        tickets_url="https://jira.example",
        tickets_token=SECRET,
        jira_project="OPS",
        statuspage_page="p1",
        statuspage_key=SECRET,
        syslog="udp://siem.example:514",
        heartbeat_url="https://monitor.example",
    )


def ways(settings: Settings) -> dict[str, bool]:
    """Which ways out there are."""
    channels = channels_from(settings, OrganisationFile(), system_clock)
    return {
        field.name: bool(getattr(channels, field.name)) for field in fields(Channels) if field.name not in NO_WAY_OUT
    }


def test_a_rehearsal_has_no_way_out_whatever_is_set() -> None:
    live = everything_set()
    assert all(ways(live).values()), "a new way out is set here too"
    assert all(getattr(live, name) is not None for name in WAYS_OUT)

    rehearsal = live.without_ways_out()

    assert not any(ways(rehearsal).values())
    assert all(getattr(rehearsal, name) is None for name in WAYS_OUT)
