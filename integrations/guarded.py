"""HTTP clients that connect only where they may.

A host is looked up once, all its addresses are checked, and one of exactly those is connected to: no second look-up can
give another one. The name stays what the certificate is checked against. No redirect is followed.
"""

import socket
import ssl
from collections.abc import Callable, Sequence
from functools import cache
from urllib.request import getproxies

import httpx

from integrations.exchange import require_https
from integrations.networks import OPERATORS, Allowed, plain_host
from models.errors import BadInputError, RefusedDeliveryError

MEND = "set a public address, or have the operator allow it in TOCSIN_PRIVATE_TARGETS"
Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host; raises `OSError` where it has none."""


def looked_up(host: str, port: int) -> Sequence[str]:
    """What the system's own look-up gives, in its order; odd spellings of an address are read as it reads them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class TargetRefusedError(RefusedDeliveryError):
    """The target may not be reached by us; nothing was sent."""


class GuardedTransport(httpx.BaseTransport):
    """Checks every request's host before it connects; each request has a connection of its own."""

    def __init__(self, allowed: Allowed, resolve: Resolve = looked_up, verify: ssl.SSLContext | None = None) -> None:
        self.allowed, self.resolve = allowed, resolve
        self.inner = httpx.HTTPTransport(verify=verify or _trusted(), limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it; raises `TargetRefusedError` for a host that it may not reach."""
        host = _host(request.url)
        addresses = self._addresses(request, host)
        why = self.allowed.refusal(host, addresses)
        if why is not None:
            raise TargetRefusedError(f"{host} is not connected to: {why}; {_mend(self.allowed)}")
        for address in addresses[:-1]:
            try:
                return self.inner.handle_request(_to(request, host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return self.inner.handle_request(_to(request, host, addresses[-1]))

    def close(self) -> None:
        """End what is open."""
        self.inner.close()

    def _addresses(self, request: httpx.Request, host: str) -> Sequence[str]:
        try:
            return self.resolve(host, _port(request.url))
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"its name is not known: {error}", request=request) from error


def guarded_client(
    allowed: Allowed, resolve: Resolve = looked_up, verify: ssl.SSLContext | None = None
) -> httpx.Client:
    """A client for targets that users set: public ones, and what is allowed besides. It goes through no proxy."""
    return httpx.Client(transport=GuardedTransport(allowed, resolve, verify), trust_env=False)


def operators_client(resolve: Resolve = looked_up) -> httpx.Client:
    """A client for targets that the operator set, which may be private; through the operator's proxy where one is set."""
    proxied = {"http", "https", "all"} & getproxies().keys()
    return httpx.Client() if proxied else httpx.Client(transport=GuardedTransport(OPERATORS, resolve))


def require_reachable(url: str, allowed: Allowed, resolve: Resolve = looked_up) -> None:
    """Refuse a target as soon as a user sets it; raises `BadInputError`. What its name means later is checked each time."""
    require_https(url)
    parsed = httpx.URL(url)
    if parsed.userinfo:
        raise BadInputError("the address holds a name or password; leave them out")
    host = _host(parsed)
    try:
        why = allowed.refusal(host, resolve(host, _port(parsed)))
    except (OSError, UnicodeError) as error:
        raise BadInputError(f"{host} is not known ({error}); check the name") from error
    if why is not None:
        raise BadInputError(f"{host} is refused: {why}; {_mend(allowed)}")


@cache
def _trusted() -> ssl.SSLContext:
    """Whom certificates are trusted of; reading them costs more than a request."""
    return httpx.create_ssl_context()


def _mend(allowed: Allowed) -> str:
    return "set another address" if allowed.everything else MEND


def _host(url: httpx.URL) -> str:
    """As it stands on the wire: an international name in ASCII, an IPv6 address without its brackets."""
    return plain_host(url.raw_host.decode("ascii"))


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _to(request: httpx.Request, host: str, address: str) -> httpx.Request:
    """The same request to one address; its Host header and the name on the certificate stay."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
