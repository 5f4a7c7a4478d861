from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx
import pytest

from integrations.guarded import guarded_client, looked_up, operators_client, require_reachable
from integrations.networks import OPERATORS, Allowed, allowed_targets
from integrations.webhook import Webhook
from models.errors import BadInputError, RefusedDeliveryError, TemporaryDeliveryError
from tests.integrations.sinks import HttpSink, Tls, clock, free_port

NOBODY = Allowed()
METADATA = ["169.254.169.254", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "::ffff:169.254.169.254", "100.100.100.200"]
INSIDE = [
    "10.0.0.1",
    "127.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "::10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::808:808",
    "2002:a00:1::1",
    "2002:808:808::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]
PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]


@dataclass
class Names:
    """A resolver that gives other addresses each time it is asked."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize("address", METADATA + INSIDE)
def test_an_address_inside_is_no_target_for_users(address: str) -> None:
    assert NOBODY.refusal("hooks.example.org", [address])
    assert NOBODY.refusal("hooks.example.org", [*PUBLIC, address])


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_a_target_also_where_it_is_written_another_way(address: str) -> None:
    assert NOBODY.refusal("hooks.example.org", [address]) is None


@pytest.mark.parametrize("address", METADATA)
def test_where_a_machine_is_told_its_credentials_nobody_connects(address: str) -> None:
    allowed = allowed_targets(["metadata.example", "169.254.0.0/16", "fe80::/10", "fd00::/8", "100.64.0.0/10"])

    assert allowed.refusal("metadata.example", [address])
    assert OPERATORS.refusal("metadata.example", [address])


def test_what_is_allowed_by_name_or_network_is_a_target_and_its_neighbour_is_not() -> None:
    allowed = allowed_targets(["Jira.Corp.Example.", "10.2.0.0/16", "fd12::/32"])

    assert allowed.refusal("jira.corp.example", ["192.168.7.7"]) is None
    assert allowed.refusal("other.example", ["10.2.9.9"]) is None
    assert allowed.refusal("other.example", ["::ffff:10.2.9.9"]) is None
    assert allowed.refusal("other.example", ["fd12::9"]) is None
    assert allowed.refusal("other.example", ["10.3.0.1"])
    assert allowed.refusal("evil-jira.corp.example", ["192.168.7.7"])


@pytest.mark.parametrize("name", ["10.2.0.1/16", "10.2.0.0/99", "fd12::zz", "https://jira.corp.example", "."])
def test_a_setting_that_is_neither_host_nor_network_says_so(name: str) -> None:
    with pytest.raises(BadInputError, match="neither a host nor a network"):
        allowed_targets([name])


@pytest.mark.parametrize(
    "url",
    [
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://LOCALHOST./",
        "https://[::ffff:10.0.0.1]/",
        "https://[::ffff:a00:1]/",
        "https://１２７.0.0.1/",
        "https://127。0。0。1/",
        "http://127.0.0.1/",
        "http://[::1]:8080/",
        "https://0/",
    ],
)
def test_no_spelling_of_an_address_inside_is_a_target(url: str) -> None:
    with pytest.raises(BadInputError):
        require_reachable(url, NOBODY)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://hooks.example.org:443@127.0.0.1/", "name or password"),
        ("https://me:secret@hooks.example.org/", "name or password"),
        ("http://hooks.example.org/", "use https"),
        ("gopher://hooks.example.org/", "https"),
        ("file:///etc/passwd", "https"),
    ],
)
def test_an_address_that_hides_where_it_goes_or_how_is_refused(url: str, why: str) -> None:
    with pytest.raises(BadInputError, match=why) as refused:
        require_reachable(url, NOBODY, Names([["93.184.215.14"]]))
    assert "secret" not in str(refused.value)


def test_an_international_name_is_looked_up_as_it_stands_on_the_wire() -> None:
    names = Names([["93.184.215.14"]])

    require_reachable("https://Bücher.example./x", NOBODY, names)

    assert names.asked == ["xn--bcher-kva.example"]


def test_a_name_that_nobody_knows_is_bad_input() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(BadInputError, match=r"nowhere\.example is not known"):
        require_reachable("https://nowhere.example/", NOBODY, unknown)


def test_a_target_that_turned_private_after_it_was_set_is_reached_no_more(sink: HttpSink) -> None:
    names, url = (
        Names([["93.184.215.14"], ["127.0.0.1"]]),
        sink.url.replace("http://127.0.0.1", "https://turns.example"),
    )
    require_reachable(url, NOBODY, names)

    with guarded_client(NOBODY, names) as http, pytest.raises(RefusedDeliveryError, match="no public address"):
        Webhook(http, url, clock, b"secret").post("k", {})

    assert sink.received == []


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(sink: HttpSink, tls: Tls) -> None:
    sink.server.socket = tls.server.wrap_socket(sink.server.socket, server_side=True)
    names = Names([["127.0.0.1"], ["192.0.2.1"]])
    url = f"https://hooks.example.org:{sink.server.server_port}/x"

    with guarded_client(allowed_targets(["hooks.example.org"]), names, tls.client) as http:
        Webhook(http, url, clock, b"secret").post("k", {})

    [request] = sink.received
    assert names.asked == ["hooks.example.org"]
    assert request.headers["Host"] == f"hooks.example.org:{sink.server.server_port}"


def test_the_certificate_is_checked_against_the_name(sink: HttpSink, tls: Tls) -> None:
    sink.server.socket = tls.server.wrap_socket(sink.server.socket, server_side=True)
    url = f"https://other.example:{sink.server.server_port}/"

    with (
        guarded_client(allowed_targets(["other.example"]), Names([["127.0.0.1"]]), tls.client) as http,
        pytest.raises(TemporaryDeliveryError, match="certificate"),
    ):
        Webhook(http, url, clock, b"secret").post("k", {})

    assert sink.received == []


def test_of_several_addresses_the_next_is_tried_where_one_does_not_answer(sink: HttpSink) -> None:
    names = Names([["127.0.0.2", "127.0.0.1"]])

    with guarded_client(allowed_targets(["127.0.0.0/8"]), names) as http:
        taken = Webhook(http, f"http://localhost:{sink.server.server_port}/", clock, b"secret").post("k", {})

    assert (taken.reference, len(sink.received)) == ("k", 1)


def test_an_operators_target_may_be_on_this_machine_but_not_link_local(sink: HttpSink) -> None:
    with operators_client() as http:
        Webhook(http, sink.url, clock, b"secret").post("k", {})
        with pytest.raises(RefusedDeliveryError, match="credentials; set another address"):
            Webhook(http, "https://169.254.169.254/latest/meta-data", clock, b"secret").post("k", {})

    assert len(sink.received) == 1


def test_a_host_that_is_not_known_just_now_delays_the_message() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    with guarded_client(NOBODY, unknown) as http, pytest.raises(TemporaryDeliveryError, match="not known"):
        Webhook(http, "https://nowhere.example/", clock, b"secret").post("k", {})


def test_no_proxy_of_the_environment_stands_between_us_and_the_address_that_was_checked(
    sink: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")

    with guarded_client(allowed_targets(["127.0.0.1"])) as http:
        assert http.post(sink.url).status_code == 200
    assert looked_up("127.0.0.1", 80) == ["127.0.0.1"]


def test_a_redirect_to_an_address_inside_is_followed_by_no_client_of_ours(sink: HttpSink) -> None:
    sink.replies[0].status, sink.replies[0].headers = 302, {"Location": "https://169.254.169.254/"}

    with guarded_client(allowed_targets(["127.0.0.1"])) as http:
        assert isinstance(answer := http.get(sink.url), httpx.Response)
        assert answer.status_code == 302
