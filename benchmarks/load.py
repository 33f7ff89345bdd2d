"""Load over keep-alive connections: the same signed bytes again and again, and how long each answer took."""

import hashlib
import hmac
import socket
import threading
import time
from urllib.parse import urlencode

from benchmarks.plain_app import SIGNING_SECRET

HOST = "127.0.0.1"


def signed(text: str, response_url: str = "") -> bytes:
    """A slash command as Slack sends it, good for five minutes."""
    fields = {
        "command": "/number", "text": text, "team_id": "T0DEMO", "user_id": "U0RITA",
        "channel_id": "C0NUMBERS", "trigger_id": "1.1.a", "api_app_id": "A0DESK",
        "response_url": response_url,
    }  # fmt: skip
    body = urlencode(fields).encode()
    at = str(int(time.time()))
    digest = hmac.new(SIGNING_SECRET.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    head = (
        "POST /slack/events HTTP/1.1", f"Host: {HOST}", "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}", f"X-Slack-Request-Timestamp: {at}",
        f"X-Slack-Signature: v0={digest}", "", "",
    )  # fmt: skip
    return "\r\n".join(head).encode() + body


class Connection:
    """One connection; raises ConnectionError unless the answer is 200."""

    def __init__(self, port: int) -> None:
        self.body = b""  #: of the newest answer
        self._socket = socket.create_connection((HOST, port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def send(self, request: bytes) -> float:
        """Seconds from the first byte sent to the last byte of the answer."""
        began = time.perf_counter()
        self._socket.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._more()
        head, _, body = answer.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.decode())
        length = next(
            int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")
        )
        while len(body) < length:
            body += self._more()
        took = time.perf_counter() - began
        self.body = body
        return took

    def _more(self) -> bytes:
        chunk = self._socket.recv(65536)
        if not chunk:
            raise ConnectionError("closed")
        return chunk


def rate(port: int, request: bytes, *, connections: int = 8, each: int = 60) -> float:
    """Requests per second over several connections at once."""
    opened = [Connection(port) for _ in range(connections)]
    failed: list[Exception] = []

    def run(connection: Connection) -> None:
        try:
            for _ in range(each):
                connection.send(request)
        except Exception as problem:  # noqa: BLE001 - told to the caller below
            failed.append(problem)

    threads = [threading.Thread(target=run, args=(one,)) for one in opened]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    for one in opened:
        one.close()
    if failed:
        raise failed[0]
    return connections * each / took
