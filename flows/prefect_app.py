"""Prefect's own server, with two things added at its door.

On SQLite, two writers that meet make Prefect answer 503 at once, and its client then waits two seconds: a run of a dozen
tasks took ten. Here such a request, which changed nothing, is put to the server again a moment later.

And no page may load anything from, or send anything to, another host.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from prefect.server.api.server import create_app

Message = MutableMapping[str, Any]  # ASGI's own type
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

MOST_TRIES = 60
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.005, 0.1

OWN_HOST_ONLY = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; font-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; "
    "frame-ancestors 'none'"
)


class OwnHostOnly:
    """Every response tells the browser to load from, and talk to, this host alone."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on, with the header added."""

        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", OWN_HOST_ONLY.encode())
                message["headers"] = [*message.get("headers", ()), policy, (b"referrer-policy", b"no-referrer")]
            await send(message)

        await self._app(scope, receive, with_header)


class AskAgain:
    """A request that the server answers with 503 is put to it again, so that the client need not wait."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on; hold an answer of 503 back and ask again, a little later each time."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        body = await _whole_body(receive)
        wait = FIRST_WAIT_SECONDS
        for turn in range(1, MOST_TRIES + 1):
            if await self._tried(scope, body, receive, send, last=turn == MOST_TRIES):
                return
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)

    async def _tried(self, scope: Message, body: bytes, receive: Receive, send: Send, *, last: bool) -> bool:
        held_back = False
        told = False

        async def once() -> Message:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def unless_busy(message: Message) -> None:
            nonlocal held_back
            if message["type"] == "http.response.start" and message["status"] == 503 and not last:
                held_back = True
            if not held_back:
                await send(message)

        try:
            await self._app(dict(scope), once, unless_busy)
        except Exception:
            # Starlette raises again what it has answered with 503, for a log that wants it; what it did not answer goes on.
            if not held_back:
                raise
        return not held_back


async def _whole_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


def main() -> None:
    """Serve Prefect's API and UI until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4200)
    given = parser.parse_args()
    app: Any = create_app(final=True)  # Any: ASGI applications have no common type
    uvicorn.run(
        OwnHostOnly(AskAgain(app)), host=given.host, port=given.port, log_level="warning", timeout_keep_alive=30
    )


if __name__ == "__main__":
    main()
