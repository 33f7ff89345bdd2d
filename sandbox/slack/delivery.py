"""Bring a payload to the app, by signed HTTP or over a socket, and say how it was acknowledged."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from sandbox.slack.journal import Journal
from sandbox.slack.loopback import NO_TLS
from sandbox.slack.socket_mode import Sockets
from sandbox.slack.world import Json

ACK_SECONDS = 3.0
WORK_SECONDS = 10.0  # the connection is kept that long: the app's late work is not cut off


@dataclass(frozen=True)
class Ack:
    """How a delivery ended; `error` is what a person would be shown, None if all went well."""

    status: int | None
    ms: int
    body: Any = ""
    error: str | None = None


@dataclass(frozen=True)
class Parcel:
    """One payload on its way: `kind` is slash_commands, interactive or events_api."""

    kind: str
    payload: Json
    retry: int = 0
    retry_reason: str = ""

    def encoded(self) -> tuple[str, str]:
        """Body and content type as Slack's HTTP deliveries have them."""
        if self.kind == "events_api":
            return json.dumps(self.payload), "application/json"
        if self.kind == "slash_commands":
            return urlencode(self.payload), "application/x-www-form-urlencoded"
        return urlencode({"payload": json.dumps(self.payload)}), "application/x-www-form-urlencoded"


def signature_headers(secret: str, body: str, now: int) -> dict[str, str]:
    """Slack's signature over "v0:time:body" (docs.slack.dev, verifying requests)."""
    base = f"v0:{now}:{body}".encode()
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(now), "X-Slack-Signature": f"v0={digest}"}


class Delivery:
    """Delivers to a socket if one is connected, else to `request_url`. Seconds: ack_seconds."""

    def __init__(
        self,
        *,
        request_url: str | None,
        signing_secret: str,
        sockets: Sockets,
        journal: Journal,
        ack_seconds: float = ACK_SECONDS,
    ) -> None:
        self.request_url = request_url
        self._secret = signing_secret
        self._sockets = sockets
        self._journal = journal
        self._ack_seconds = ack_seconds
        self._late: set[asyncio.Task[httpx.Response]] = set()
        self.last: Parcel | None = None
        # trust_env: a developer's HTTP_PROXY must not catch posts to this machine
        self._client = httpx.AsyncClient(
            trust_env=False,
            verify=NO_TLS,
            timeout=WORK_SECONDS,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def close(self) -> None:
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        await self._client.aclose()

    async def send(self, parcel: Parcel) -> Ack:
        """Deliver once; never raises. An event that fails is delivered once more, as Slack does."""
        ack = await self._send_once(parcel)
        if ack.error and parcel.kind == "events_api" and parcel.retry == 0:
            reason = "http_timeout" if ack.error == "operation_timeout" else "http_error"
            return await self._send_once(Parcel(parcel.kind, parcel.payload, 1, reason))
        return ack

    async def again(self) -> Ack | None:
        """Deliver the newest payload once more, unchanged; None if there was none."""
        return await self._send_once(self.last) if self.last else None

    async def _send_once(self, parcel: Parcel) -> Ack:
        self.last = parcel
        entry = self._journal.add("delivery", what=parcel.kind, payload=parcel.payload, retry=parcel.retry)
        started = time.monotonic()
        if self._sockets.connected:
            entry["via"] = "socket"
            ack = await self._over_socket(parcel, started)
        else:
            entry["via"] = "http"
            ack = await self._over_http(parcel, started, entry)
        entry.update(status=ack.status, ms=ack.ms, answer=ack.body, error=ack.error)
        return ack

    async def _over_socket(self, parcel: Parcel, started: float) -> Ack:
        try:
            body = await self._sockets.deliver(
                parcel.kind, parcel.payload, self._ack_seconds, parcel.retry, parcel.retry_reason
            )
        except TimeoutError:
            return Ack(None, _ms(started), error="operation_timeout")
        return Ack(200, _ms(started), body)

    async def _over_http(self, parcel: Parcel, started: float, entry: Json) -> Ack:
        if not self.request_url:
            return Ack(None, _ms(started), error="dispatch_failed")
        task = asyncio.create_task(self._post(self.request_url, parcel))
        done, _ = await asyncio.wait({task}, timeout=self._ack_seconds)
        if not done:
            self._watch(task, started, entry)
            return Ack(None, _ms(started), error="operation_timeout")
        return _acknowledged(task, started)

    async def _post(self, url: str, parcel: Parcel) -> httpx.Response:
        body, content_type = parcel.encoded()
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Workbench 1.0 (a local stand-in of Slack)",
            **signature_headers(self._secret, body, int(time.time())),
        }
        if parcel.retry:
            headers["X-Slack-Retry-Num"] = str(parcel.retry)
            headers["X-Slack-Retry-Reason"] = parcel.retry_reason
        return await self._client.post(url, content=body, headers=headers)

    def _watch(self, task: asyncio.Task[httpx.Response], started: float, entry: Json) -> None:
        """The person has seen a failure; the app's answer is still waited for, and noted."""

        def note(late: asyncio.Task[httpx.Response]) -> None:
            self._late.discard(late)
            if not late.cancelled():
                entry.update(late_ms=_ms(started))
                entry.update(late_status=None if late.exception() else late.result().status_code)

        self._late.add(task)
        task.add_done_callback(note)


def _ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _acknowledged(task: asyncio.Task[httpx.Response], started: float) -> Ack:
    if task.exception() is not None:
        return Ack(None, _ms(started), error="dispatch_failed")
    answer = task.result()
    if answer.status_code != httpx.codes.OK:
        error = "http_401" if answer.status_code == httpx.codes.UNAUTHORIZED else "dispatch_failed"
        return Ack(answer.status_code, _ms(started), answer.text, error)
    return Ack(answer.status_code, _ms(started), _body(answer))


def _body(answer: httpx.Response) -> Any:
    """The ack's body: an object if it says that it is JSON and is, else text."""
    if "json" in answer.headers.get("content-type", "") and answer.content:
        try:
            return answer.json()
        except ValueError:
            return answer.text
    return answer.text
