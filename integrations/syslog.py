"""Records for a SIEM by syslog (RFC 5424) over UDP (RFC 5426): one datagram each, which nobody acknowledges."""

import os
import socket
from datetime import datetime
from urllib.parse import urlsplit

from models.clock import rfc3339
from models.errors import BadInputError

FACILITY_AUTHPRIV, SEVERITY_NOTICE = 10, 5
LONGEST_DATAGRAM = 8_000  # bytes; more is often cut off on the way


def syslog_address(url: str) -> tuple[str, int]:
    """Host and port of `udp://host:port`; raises `BadInputError` for anything else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 514
    except ValueError as error:
        raise BadInputError(f"TOCSIN_SYSLOG {url!r} cannot be read ({error}); write udp://host:port") from error
    if parts.scheme != "udp" or not host:
        raise BadInputError(f"TOCSIN_SYSLOG {url!r} is no syslog address; write udp://host:port")
    return host, port


def datagram(kind: str, at: datetime, text: str) -> bytes:
    """One message in the syntax of RFC 5424; `kind` is its message id."""
    priority = FACILITY_AUTHPRIV * 8 + SEVERITY_NOTICE
    host = socket.gethostname().replace(" ", "-")[:255] or "-"
    head = f"<{priority}>1 {rfc3339(at)} {host} tocsin {os.getpid()} {kind[:32]} - "
    return (head + text).encode()[:LONGEST_DATAGRAM]


def send(url: str, kind: str, at: datetime, text: str) -> bool:
    """Send one record; False where this machine could not send it. Whether it arrived nobody says."""
    host, port = syslog_address(url)
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(datagram(kind, at, text), (host, port))
    except OSError:
        return False
    return True
