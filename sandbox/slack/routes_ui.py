"""The doors for people: what the page (and the driver of the tests) reads and does."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox.slack.errors import ApiError
from sandbox.slack.guard import json_body, same_origin
from sandbox.slack.interactions import Interactions, Source
from sandbox.slack.parts import parts_of
from sandbox.slack.views import View, view_body
from sandbox.slack.workspace import Message, Workspace
from sandbox.slack.world import (
    BOT_NAME,
    COMMAND,
    GROUP_HANDLES,
    Channel,
    Json,
    Member,
)

LONGEST_POLL = 30.0
SOURCE_KEYS = ("channel", "ts", "view_id", "block_id", "action_id")
NOT_A_MEMBER = "user_not_found"


def _message(workspace: Workspace, message: Message) -> Json:
    member = workspace.residents.members.get(message.user)
    return {
        "ts": message.ts,
        "rev": message.rev,
        "channel": message.channel,
        "user": message.user,
        "name": member.real_name if member else "Workbench",
        "bot": member.is_bot if member else True,
        "text": message.text,
        "blocks": message.blocks,
        "ephemeral": message.only_for is not None,
        "edited": message.edited is not None,
        "thread_ts": message.thread_ts,
        "broadcast": message.broadcast,
    }


def _channel(workspace: Workspace, user: str, channel: Channel) -> Json:
    seen = workspace.seen_by(user, channel.id)
    name = BOT_NAME if channel.is_direct else channel.name
    newest = seen[-1].ts if seen else ""
    pinged = max((message.ts for message in seen if user in message.pings), default="")
    return {
        "id": channel.id,
        "name": name,
        "direct": channel.is_direct,
        "newest": newest,
        "pinged": pinged,
        "archived": workspace.channels.of(channel.id).archived,
    }


def _person(workspace: Workspace, member: Member) -> Json:
    """As the page's pickers name them; `note` is what makes somebody other than a member."""
    standing = workspace.people.of(member.id)
    notes = (
        ("deactivated", standing.deleted),
        ("guest", standing.guest != ""),
        ("another workspace", standing.is_external),
    )
    return {
        "id": member.id,
        "name": member.name,
        "real_name": member.real_name,
        "about": member.about,
        "deleted": standing.deleted,
        "note": ", ".join(note for note, holds in notes if holds),
    }


def _view(view: View | None) -> Json | None:
    return {**view_body(view), "entered": view.values} if view else None


@dataclass(frozen=True, slots=True)
class _Page:
    """What a page shows now: whose it is, the channel that is open, and how many messages at most."""

    workspace: Workspace
    user: str
    channel: str
    newest: int | None

    @property
    def channels(self) -> list[Json]:
        there = self.workspace.residents
        mine = (each for each in there.channels.values() if self.user in there.members_of(each))
        return [_channel(self.workspace, self.user, each) for each in mine]

    @property
    def messages(self) -> list[Json]:
        seen = self.workspace.seen_by(self.user, self.channel) if self.channel else []
        return [_message(self.workspace, message) for message in seen[-(self.newest or len(seen)) :]]

    @property
    def stack(self) -> list[View]:
        return self.workspace.views.stacks.get(self.user, [])


_PARTS: Mapping[str, Callable[[_Page], Any]] = {
    "revision": lambda page: page.workspace.revision,
    "user": lambda page: page.user,
    "command": lambda _: COMMAND,
    "people": lambda page: [_person(page.workspace, each) for each in page.workspace.residents.people],
    "members": lambda page: {each.id: each.name for each in page.workspace.residents.members.values()},
    "groups": lambda _: GROUP_HANDLES,
    "channels": lambda page: page.channels,
    "messages": lambda page: page.messages,
    "modal": lambda page: _view(page.stack[-1] if page.stack else None),
    "depth": lambda page: len(page.stack),
    "home": lambda page: _view(page.workspace.views.homes.get(page.user)),
}


async def state(request: Request) -> Response:
    """All that a person's page shows; with `parts` only these, and of messages only the `newest` so many."""
    asked = request.query_params
    user = asked.get("user", "")
    if user not in parts_of(request).workspace.residents.members:
        return JSONResponse({"error": NOT_A_MEMBER}, 400)
    newest = asked.get("newest", "")
    page = _Page(
        parts_of(request).workspace,
        user,
        asked.get("channel", ""),
        int(newest) if newest.isdecimal() else None,
    )
    parts = asked["parts"].split(",") if "parts" in asked else _PARTS
    try:
        shown = {part: show(page) for part, show in _PARTS.items() if part in parts}
    except ApiError as refusal:
        return JSONResponse({"error": refusal.error}, 400)
    return JSONResponse(shown, headers={"Cache-Control": "no-store"})


async def changes(request: Request) -> Response:
    """A long poll: answers once the revision is above `since`, or after `timeout` seconds.

    With `user`, the revision of that person's page: what others see does not count.
    """
    since = int(request.query_params.get("since", "-1"))
    timeout = min(float(request.query_params.get("timeout", "10")), LONGEST_POLL)
    workspace, user = parts_of(request).workspace, request.query_params.get("user", "")
    return JSONResponse({"revision": await workspace.wait_beyond(since, timeout, user)})


async def live(socket: WebSocket) -> None:
    """Sends the revision whenever it changes, and nothing else: the page asks for the rest."""
    if not same_origin(socket):
        await socket.close(1008)
        return
    await socket.accept()
    telling = asyncio.create_task(_tell(socket, parts_of(socket).workspace))
    try:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass  # the page has nothing to say
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _tell(socket: WebSocket, workspace: Workspace) -> None:
    revision = -1
    while True:
        revision = await workspace.wait_beyond(revision, LONGEST_POLL)
        await socket.send_json({"revision": revision})


Deed = Callable[[Interactions, str, Json], Awaitable[Json]]


def _doing(deed: Deed) -> Callable[[Request], Awaitable[Response]]:
    """A route for one deed of a person: {"user": ..., ...} in, what came of it out."""

    async def route(request: Request) -> Response:
        try:
            body = await json_body(request)
            user = str(body.get("user", ""))
            if user not in parts_of(request).workspace.residents.members:
                raise ApiError(NOT_A_MEMBER)  # noqa: TRY301 - one way out for all refusals
            return JSONResponse(await deed(parts_of(request).interactions, user, body))
        except ApiError as refusal:
            return JSONResponse({"error": refusal.error}, 400)

    return route


def _source(body: Json) -> Source:
    return Source(*(str(body.get(key, "")) for key in SOURCE_KEYS))


def _text(body: Json, key: str) -> str:
    return str(body.get(key, ""))


def _object(body: Json, key: str) -> dict[str, Any]:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


async def _say(people: Interactions, user: str, body: Json) -> Json:
    return await people.say(user, _text(body, "channel"), _text(body, "text"), _text(body, "thread_ts"))


async def _press(people: Interactions, user: str, body: Json) -> Json:
    return await people.press(user, _source(body), _object(body, "chosen"), _object(body, "entered"))


async def _options(people: Interactions, user: str, body: Json) -> Json:
    return await people.options(user, _source(body), _text(body, "value"))


async def _submit(people: Interactions, user: str, body: Json) -> Json:
    return await people.submit(user, _text(body, "view_id"), _object(body, "entered"))


async def _close(people: Interactions, user: str, body: Json) -> Json:
    return await people.close(user, _text(body, "view_id"), everything=body.get("everything") is True)


async def _open_app(people: Interactions, user: str, body: Json) -> Json:
    return await people.open_app(user, _text(body, "tab") or "home")


DEEDS: dict[str, Deed] = {
    "say": _say,
    "press": _press,
    "options": _options,
    "submit": _submit,
    "close": _close,
    "open_app": _open_app,
}

ROUTES: list[BaseRoute] = [
    Route("/ui/state", state),
    Route("/ui/changes", changes),
    WebSocketRoute("/ui/live", live),
    *(Route(f"/ui/{name}", _doing(deed), methods=["POST"]) for name, deed in DEEDS.items()),
]
