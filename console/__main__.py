"""Serve the console: `python -m console`. `tocsin serve` starts it together with everything else."""

import ipaddress
import sys

import uvicorn

from console.app import create_app
from flows.acts.accounts import has_accounts
from flows.desk import Desk, open_desk
from models.errors import NotAllowedError, TocsinError


def serve() -> None:
    """Serve until told to stop; nothing but loopback hears it before somebody can sign in."""
    desk = open_desk()
    host, port = desk.settings.console_host, desk.settings.console_port
    _loopback_at_first(desk, host)
    desk.read_files()
    uvicorn.run(
        create_app(desk), host=host, port=port, log_level="warning", server_header=False, timeout_graceful_shutdown=10
    )


def _loopback_at_first(desk: Desk, host: str) -> None:
    if not ipaddress.ip_address(host).is_loopback and not has_accounts(desk):
        raise NotAllowedError(
            f"TOCSIN_CONSOLE_HOST is {host}, but nobody can sign in yet; start it on 127.0.0.1 once and set a password"
        )


if __name__ == "__main__":
    try:
        serve()
    except TocsinError as error:
        sys.exit(f"tocsin console: {error}")
