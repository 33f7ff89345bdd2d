"""A provider that misbehaves exactly as told, over a real socket, and counts what reached it."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Script = Callable[[socket.socket], object]
"""What happens after a request was read. True keeps the connection open for the next one."""


def answer(status: str, body: bytes = b"", *headers: str) -> Script:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    return raw("\r\n".join([*lines, "", ""]).encode() + body, stay=True)


def told(status: str, /, **body: Any) -> Script:
    """An answer of the provider's own: a JSON object with an api_id."""
    return answer(status, json.dumps({"api_id": "a-1", **body}).encode())


def raw(sent: bytes, *, stay: bool = False) -> Script:
    def script(peer: socket.socket) -> bool:
        peer.sendall(sent)
        return stay

    return script


def close(_peer: socket.socket) -> None:
    """Says nothing and hangs up."""


def reset(peer: socket.socket) -> None:
    """Hangs up as a machine does whose power failed."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Provider:
    """Plays its scripts one a request, the last one for ever.

    With `reads=False` it plays one as soon as somebody connects, and reads nothing.
    """

    def __init__(self, *scripts: Script, reads: bool = True) -> None:
        self._scripts = list(scripts)
        self._reads = reads
        self._lock = threading.Lock()
        self._peers: list[socket.socket] = []
        self.over = threading.Event()
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._run, daemon=True)]

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

    def drip_body(self, peer: socket.socket) -> None:
        """The same, after a head that promises much."""
        peer.sendall(b"HTTP/1.1 201 CREATED\r\nContent-Length: 100000\r\n\r\n")
        self.drip(peer)

    def play(self, *scripts: Script) -> None:
        with self._lock:
            self._scripts = list(scripts)

    def start(self) -> None:
        self._threads[0].start()

    def stop(self) -> None:
        """Ends every connection and every thread."""
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(5)
        self._listener.close()
        for peer in self._peers:
            _hang_up(peer)
        for thread in self._threads[1:]:
            thread.join(5)

    def _run(self) -> None:
        while not self.over.is_set():
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._peers.append(peer)
            self._threads.append(threading.Thread(target=self._serve, args=(peer,), daemon=True))
            self._threads[-1].start()

    def _serve(self, peer: socket.socket) -> None:
        with peer:
            try:
                while self._once(peer):
                    pass
            except OSError:  # the client hung up first, which it may
                return

    def _once(self, peer: socket.socket) -> bool:
        if self._reads and not self._read(peer):
            return False
        with self._lock:
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        return script(peer) is True

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
            chunk = peer.recv(65536)
            if not chunk:
                return False
            body += chunk
        self.requests.append(head + b"\r\n\r\n" + body)
        return True


def _hang_up(peer: socket.socket) -> None:
    try:
        peer.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed already
        return


@contextmanager
def provider(*scripts: Script, reads: bool = True) -> Iterator[Provider]:
    made = Provider(*scripts, reads=reads)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def nobody() -> str:
    """An address of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
