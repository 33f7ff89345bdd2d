"""Connections that know two things urllib3 does not tell: whether a byte left, and when time is up.

The classes of errors that requests raises say neither for sure: a TLS error may come before or after
the request was sent, and a read time-out counts from the last byte, so that a server which drips a
byte now and then holds the caller for ever. Both are decided here, at the socket.
"""

import io
import socket
from collections.abc import Callable
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.retry import Retry


class Call:
    """One request from its beginning to the last byte of its answer. Times are seconds of `clock`."""

    def __init__(self, clock: Callable[[], float], *, send_within: float, answer_within: float) -> None:
        self._clock = clock
        self._send_by = clock() + send_within
        self._answer_within = answer_within
        self._answer_by: float | None = None
        self.sent = False  #: whether a byte of the request may have left
        self.timed_out = False  #: whether the answer, as a whole, took too long

    def leaving(self) -> None:
        """Notes that the request leaves now. Raises TimeoutError, before it does, if it is too late.

        Too late is a request whose connection took so long (a slow look-up of the name, a process that
        was stopped) that whoever made it may have given it up by now.
        """
        if self._answer_by is None:
            now = self._clock()
            if now > self._send_by:
                raise TimeoutError("It took too long to connect; nothing was sent.")
            self._answer_by = now + self._answer_within
            self.sent = True

    def left(self) -> float:
        """Seconds that are left for the answer, more than 0. Raises TimeoutError if there are none."""
        left = self._answer_within if self._answer_by is None else self._answer_by - self._clock()
        if left <= 0:
            self.timed_out = True
            raise TimeoutError("The answer took too long.")
        return left


CURRENT: ContextVar[Call] = ContextVar("the call that this thread is making")


class _TimedSocket(io.RawIOBase):
    """Reads from a socket until the call's time is up, however often a byte arrives."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, call: Call) -> None:
        self._raw = raw
        self._sock = sock
        self._call = call

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._call.left())
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            self._call.timed_out = True
            raise

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw: Any = self.fp.detach()
        self.fp = io.BufferedReader(_TimedSocket(raw, sock, CURRENT.get()))


class _Connection(HTTPConnection):
    response_class = _TimedResponse

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        CURRENT.get().leaving()
        super().send(data)


class _TlsConnection(HTTPSConnection):
    response_class = _TimedResponse

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        CURRENT.get().leaving()
        super().send(data)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class WatchedAdapter(HTTPAdapter):
    """Requests over connections that serve the current `Call`; it never tries anything a second time."""

    def __init__(self, *, connections: int) -> None:
        super().__init__(
            pool_connections=1,
            pool_maxsize=connections,
            max_retries=Retry(total=0, read=False, redirect=False),
        )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
