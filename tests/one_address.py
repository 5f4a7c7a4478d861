"""One address in front of several servers, or of a slow one: a plain pass-on of what each side says."""

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress


class OneAddress:
    """Passes each connection on to a server that takes it, as a load balancer does; each piece `delay` seconds late."""

    def __init__(self, ports: Sequence[int], delay: float = 0.0) -> None:
        self.ports = list(ports)
        self.delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        turn = 0
        with suppress(OSError):  # closed at the end
            while True:
                near, _ = self._listener.accept()
                turn += 1
                threading.Thread(target=self._pass_on, args=(near, turn), daemon=True).start()

    def _pass_on(self, near: socket.socket, turn: int) -> None:
        for step in range(len(self.ports)):
            with suppress(OSError):
                far = socket.create_connection(("127.0.0.1", self.ports[(turn + step) % len(self.ports)]), timeout=5)
                far.settimeout(None)
                threading.Thread(target=self._copy, args=(far, near), daemon=True).start()
                self._copy(near, far)
                return
        near.close()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                time.sleep(self.delay)
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()
