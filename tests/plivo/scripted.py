"""A provider that misbehaves exactly as told, over a real socket, and counts what reached it."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Script = Callable[[socket.socket], None]


def answer(status: str, body: bytes = b"", *headers: str) -> Script:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    return lambda peer: peer.sendall("\r\n".join([*lines, "", ""]).encode() + body)


def close(_peer: socket.socket) -> None:
    """Says nothing and hangs up."""


def reset(peer: socket.socket) -> None:
    """Hangs up as a machine does whose power failed."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Provider:
    """Plays its scripts one a connection, the last one for ever."""

    def __init__(self, *scripts: Script, reads: bool = True) -> None:
        self._scripts = list(scripts)
        self._reads = reads
        self.over = threading.Event()
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)

    def silent(self, _peer: socket.socket) -> None:
        """Says nothing until the test is over."""
        self.over.wait(10)

    def drip(self, peer: socket.socket) -> None:
        """A byte now and then, for ever: each read succeeds, and the answer never ends."""
        while not self.over.wait(0.05):
            try:
                peer.sendall(b"X")
            except OSError:
                return

    def play(self, *scripts: Script) -> None:
        self._scripts = list(scripts)

    def _run(self) -> None:
        while not self.over.is_set():
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        with peer:
            if self._reads and not self._read(peer):
                return
            script(peer)

    def _read(self, peer: socket.socket) -> bool:
        got = b""
        while b"\r\n\r\n" not in got:
            chunk = peer.recv(65536)
            if not chunk:
                return False
            got += chunk
        head, _, body = got.partition(b"\r\n\r\n")
        lengths = [h for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")]
        length = int(lengths[0].split(b":")[1]) if lengths else 0
        while len(body) < length:
            body += peer.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return True


@contextmanager
def provider(*scripts: Script, reads: bool = True) -> Iterator[Provider]:
    made = Provider(*scripts, reads=reads)
    made._thread.start()
    try:
        yield made
    finally:
        made.over.set()
        made._listener.shutdown(socket.SHUT_RDWR)
        made._listener.close()
        made._thread.join(5)
