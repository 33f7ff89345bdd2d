"""HTTP as money needs it: a write leaves once at most, and whether it did is known."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn

import requests
from requests.auth import HTTPBasicAuth

from bot.model.errors import NotSent, ProviderError, Unclear
from bot.plivo.connection import CURRENT, Call, WatchedAdapter
from bot.plivo.pace import Pace
from bot.plivo.retry_after import retry_after

MOST_BYTES = 5_000_000
"""The provider's largest page is some 20 kB; more than this is not its answer."""

_CHUNK = 65_536
_CONNECTIONS = 64  # as many as ask at once; idle ones cost a file descriptor
_CONNECT_TRIES = 3  # a name may have several addresses, each of which is given the connect time-out
_BACK_OFF = (0.2, 0.8)  # seconds before the second and the third try
_MOST_PAUSE = 5.0  # seconds; who waits for a search does not wait longer for its next try
_WORTH_ANOTHER_TRY = frozenset({429, 500, 502, 503, 504})
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Numberdesk"}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def document(self) -> dict[str, Any] | None:
        """The JSON object in the body, with its decimals exact; None if it holds none."""
        try:
            found = json.loads(self.body, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, ArithmeticError, RecursionError):  # 1e99999999999999999999 is no Decimal
            return None
        return found if isinstance(found, dict) else None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. Reading counts in total, from the moment the request left to the last byte."""

    connect: float = 5
    read: float = 30


class Http:
    """Requests to one address with one account's credentials. Safe for threads.

    Reads share one session: it keeps no cookies, follows no redirects and reads no environment, so
    nothing in it changes but urllib3's pool of connections, which is made for threads. Each write has
    a connection of its own: on one that was kept open, a server's farewell looks like a lost answer.
    """

    def __init__(
        self,
        base: str,
        auth: HTTPBasicAuth,
        timeouts: Timeouts,
        pace: Pace,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._base = base
        self._auth = auth
        self._timeouts = timeouts
        self._pace = pace
        self._clock = clock
        self._wait = wait
        self._now = now
        self._reads = _session(auth, connections=_CONNECTIONS)

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._reads.close()

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """Reads; what fails for the moment is tried again, twice at most and within bounded time.

        In total it takes no more than twice the read time-out. Raises NotSent, RateLimited, Unclear.
        """
        end = self._clock() + 2 * self._timeouts.read
        for pause in _BACK_OFF:
            try:
                answer = self._read(path, params, end)
            except (NotSent, Unclear) as problem:
                delay = pause
                if problem.http_status or self._clock() + delay >= end:
                    raise
            else:
                delay = max(pause, retry_after(answer.headers, self._now()) or 0)
                if answer.status not in _WORTH_ANOTHER_TRY or delay > min(_MOST_PAUSE, end - self._clock()):
                    return answer
            self._wait(delay)
        return self._read(path, params, end)

    def write(
        self, method: str, path: str, body: Mapping[str, str] | None = None, *, timeout: float | None = None
    ) -> Answer:
        """Sends once, on a fresh connection. Raises RateLimited or NotSent if nothing left, else Unclear.

        `timeout`: seconds for the whole answer; the read time-out if left out.
        """
        self._pace.take()
        with closing(_session(self._auth, connections=1)) as session:
            session.headers["Connection"] = "close"
            call = self._call(self._timeouts.read if timeout is None else timeout)
            return self._exchange(session, call, method, path, json=body)

    def _read(self, path: str, params: Mapping[str, str], end: float) -> Answer:
        self._pace.take()
        left = max(end - self._clock(), 0.001)
        call = self._call(min(self._timeouts.read, left))
        return self._exchange(self._reads, call, "GET", path, params=params)

    def _call(self, answer_within: float) -> Call:
        connect = self._timeouts.connect * _CONNECT_TRIES
        return Call(self._clock, send_within=connect, answer_within=answer_within)

    def _exchange(
        self, session: requests.Session, call: Call, method: str, path: str, **content: Any
    ) -> Answer:
        current = CURRENT.set(call)
        try:
            with session.request(
                method,
                self._base + path,
                timeout=(self._timeouts.connect, call.left()),
                allow_redirects=False,
                stream=True,
                **content,
            ) as response:
                return Answer(response.status_code, response.headers, _body(response))
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001 - ssl, sockets, urllib3: what counts is whether a byte left
            raise _what_it_means(error, call) from None
        finally:
            CURRENT.reset(current)


def _session(auth: HTTPBasicAuth, *, connections: int) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy, no .netrc: the credentials go where the settings say
    session.auth = auth
    session.headers.update(_HEADERS)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for adapter in session.adapters.values():
        adapter.close()
    session.adapters.clear()
    adapter = WatchedAdapter(connections=connections)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _body(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise Unclear("The provider's answer is far too long.", http_status=response.status_code)
    return bytes(body)


def _what_it_means(error: Exception, call: Call) -> ProviderError:
    """Our own words, never the error's: those of urllib3 hold addresses and whole answers."""
    if not call.sent:
        return NotSent(f"The provider could not be reached ({_kind(error)}); nothing was sent.")
    if call.timed_out:
        return Unclear("The provider did not answer in time.")
    return Unclear(f"The connection to the provider broke before it answered ({_kind(error)}).")


def _kind(error: BaseException) -> str:
    """The name of the innermost cause: NameResolutionError says more than ConnectionError."""
    reason = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    return _kind(reason) if isinstance(reason, BaseException) else type(error).__name__
