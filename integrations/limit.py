"""A limit for a whole exchange: a server that sends a byte now and then keeps every single wait short, and us for ever."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Limit:
    """Ends the connections that are put under it, once the time is over; whoever reads from them is told that they ended."""

    def __init__(self) -> None:
        self.passed = False
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()

    def hold(self, connection: socket.socket) -> None:
        """Put a connection under the limit; what is laid over it, such as TLS, is ended with it."""
        with self._lock:
            self._connections.append(connection.dup())
        if self.passed:
            self.end()

    def end(self) -> None:
        """End every connection."""
        self.passed = True
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):  # it ended by itself
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of them."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()


@contextmanager
def limited(seconds: float) -> Iterator[Limit]:
    """A limit for as long as the block runs."""
    limit = Limit()
    timer = threading.Timer(seconds, limit.end)
    timer.daemon = True
    timer.start()
    try:
        yield limit
    finally:
        timer.cancel()
        limit.close()
