"""Socket Mode: envelopes to exactly one of the app's connections, and their acks."""

import asyncio
import itertools
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.slack.world import APP, Json

MOST_CONNECTIONS = 10


@dataclass(eq=False)
class Connection:
    """One socket of the app, and the envelopes on it that are not acked yet."""

    socket: WebSocket
    pending: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    leaving: bool = False


class Sockets:
    """All sockets of the app; tickets are good once. `changed` is called when one comes or goes."""

    def __init__(self, changed: Callable[[], int]) -> None:
        self._changed = changed
        self._tickets: set[str] = set()
        self._connections: list[Connection] = []
        self._turn = itertools.count()

    def ticket(self) -> str:
        ticket = secrets.token_urlsafe(18)
        self._tickets.add(ticket)
        return ticket

    @property
    def connected(self) -> list[Connection]:
        """Connections that may be given an envelope."""
        return [connection for connection in self._connections if not connection.leaving]

    async def serve(self, socket: WebSocket) -> None:
        """One connection from hello to its end."""
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._tickets or len(self._connections) >= MOST_CONNECTIONS:
            await socket.close(1008)
            return
        self._tickets.discard(ticket)
        await socket.accept()
        connection = Connection(socket)
        self._connections.append(connection)
        self._changed()
        try:
            await self._talk(connection)
        except WebSocketDisconnect:
            pass
        finally:
            self._connections.remove(connection)
            self._changed()

    async def _talk(self, connection: Connection) -> None:
        await connection.socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self._connections),
                "debug_info": {"host": "applink-workbench", "approximate_connection_time": 18060},
                "connection_info": {"app_id": APP},
            }
        )
        while True:
            frame = json.loads(await connection.socket.receive_text())
            waiting = connection.pending.get(frame.get("envelope_id", ""))
            if waiting is not None and not waiting.done():
                waiting.set_result(frame.get("payload", ""))

    async def deliver(self, kind: str, payload: Json, seconds: float, retry: int, reason: str) -> Any:
        """Send one envelope; returns the ack's payload ("" if none). Raises TimeoutError after `seconds`."""
        choices = self.connected
        connection = choices[next(self._turn) % len(choices)]
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": reason}
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        connection.pending[envelope["envelope_id"]] = waiting
        try:
            await connection.socket.send_json(envelope)
            return await asyncio.wait_for(waiting, seconds)
        except (RuntimeError, WebSocketDisconnect) as broken:
            raise TimeoutError from broken
        finally:
            connection.pending.pop(envelope["envelope_id"], None)

    async def disconnect(self, reason: str, *, close: bool = False) -> int:
        """Ask every connection to leave ("refresh_requested", "warning"); returns how many were asked."""
        asked = self.connected
        for connection in asked:
            connection.leaving = reason != "warning"
            frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-workbench"}}
            await connection.socket.send_json(frame)
            if close:
                await connection.socket.close()
        return len(asked)
