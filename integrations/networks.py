"""Which network addresses may be connected to: by a target that a user set, and by one that the operator set.

Sources: the IANA registries of special-purpose addresses (RFC 6890, RFC 8190); RFC 6052 (NAT64), RFC 3056 (6to4).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from models.errors import BadInputError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Link-local, where machines in a cloud are told their credentials, and the clouds' addresses for the same elsewhere.
NEVER: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "169.254.0.0/16",
            "fe80::/10",
            "100.100.100.200/32",
            "168.63.129.16/32",
            "192.0.0.192/32",
            "fd00:ec2::254/128",
            "fd20:ce::254/128",
        ),
    )
)
NOT_PUBLIC: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "3fff::/20",
        ),
    )
)
GLOBAL_UNICAST = IPv6Network("2000::/3")  # of IPv6, all else has a special purpose
CARRIES_IPV4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))


@dataclass(frozen=True)
class Allowed:
    """What may be connected to although it is not public: hosts by name, and networks."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    everything: bool = False  # of an address that the operator set: whatever is not refused to everybody

    def refusal(self, host: str, addresses: Iterable[str]) -> str | None:
        """Why a host with these addresses is not connected to, or None; one that may not be spoils the others."""
        for address in addresses:
            why = self._refusal(plain_host(host), ip_address(address))
            if why is not None:
                return f"{address} is {why}" if address != host else f"it is {why}"
        return None

    def _refusal(self, host: str, address: Address) -> str | None:
        readings = list(_readings(address))
        if any(_within(reading, NEVER) for reading in readings):
            return "link-local or tells a cloud machine its credentials"
        if self.everything or host in self.hosts or any(_within(reading, self.networks) for reading in readings):
            return None
        return None if _is_public(readings[-1]) else "no public address"


OPERATORS = Allowed(everything=True)


def allowed_targets(names: Iterable[str]) -> Allowed:
    """The hosts and networks that a setting lists, such as `jira.corp.example` and `10.2.0.0/16`; raises `BadInputError`."""
    hosts, networks = set(), []
    for name in names:
        try:
            networks.append(ip_network(name))
        except ValueError as error:
            if "/" in name or ":" in name or not name.strip("."):
                raise BadInputError(
                    f"{name!r} is neither a host nor a network such as 10.2.0.0/16 ({error})"
                ) from error
            hosts.add(plain_host(name))
    return Allowed(frozenset(hosts), tuple(networks))


def plain_host(host: str) -> str:
    """A host in the one spelling that is compared."""
    return host.lower().rstrip(".")


def _readings(address: Address) -> Iterator[Address]:
    """The address, and the IPv4 address that it stands for, by whichever way."""
    yield address
    if isinstance(address, IPv6Address):
        if address.sixtofour is not None:
            yield address.sixtofour
            yield address  # refused as such, whatever it stands for
        elif any(address in network for network in CARRIES_IPV4):
            yield IPv4Address(int(address) & 0xFFFFFFFF)


def _is_public(address: Address) -> bool:
    outside = isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST
    return not outside and not _within(address, NOT_PUBLIC)


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
