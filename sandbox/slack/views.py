"""Modals and Home tabs: one stack of at most three views a person, and one Home."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.slack.errors import ApiError
from sandbox.slack.world import APP, BOT_ID, TEAM, Json

DEEPEST = 3


@dataclass
class View:
    """A view as the app gave it, with what Slack adds; `hash` changes with every version."""

    id: str
    user: str
    given: Json
    root: str
    previous: str | None = None
    hash: str = ""
    values: Json = field(default_factory=dict)  # what the person entered, as last sent by their page

    def renew(self) -> None:
        self.hash = f"{int(time.time())}.{secrets.token_urlsafe(6)}"

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.given.get("blocks", [])
        return blocks

    @property
    def external_id(self) -> str:
        return str(self.given.get("external_id") or "")


class Views:
    """Who has which views open. `changed` is called with them after every change."""

    def __init__(self, changed: Callable[[str], int]) -> None:
        self._changed = changed
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def clear(self) -> None:
        self.stacks.clear()
        self.homes.clear()

    def top(self, user: str) -> View | None:
        stack = self.stacks.get(user)
        return stack[-1] if stack else None

    def find(self, view_id: str) -> View | None:
        return next((view for view in self._all() if view.id == view_id), None)

    def find_external(self, external_id: str) -> View | None:
        return next((view for view in self._all() if view.external_id == external_id), None)

    def _all(self) -> list[View]:
        return [view for stack in self.stacks.values() for view in stack] + list(self.homes.values())

    def open(self, user: str, given: Json) -> View:
        """Start a new stack; what was open is gone."""
        self._refuse_twin(given, None)
        self.stacks[user] = []
        return self._add(user, given)

    def push(self, user: str, given: Json) -> View:
        """Put a view on top. Raises ApiError push_limit_reached above three."""
        if len(self.stacks.get(user, [])) >= DEEPEST:
            raise ApiError("push_limit_reached")
        self._refuse_twin(given, None)
        return self._add(user, given)

    def _add(self, user: str, given: Json) -> View:
        stack = self.stacks.setdefault(user, [])
        view = View(_new_id(), user, given, root="")
        view.root = stack[0].id if stack else view.id
        view.previous = stack[-1].id if stack else None
        view.renew()
        stack.append(view)
        self._changed(user)
        return view

    def update(self, view: View, given: Json, expected_hash: str | None) -> View:
        """A new version in place. Raises ApiError hash_conflict if somebody was faster."""
        if expected_hash and expected_hash != view.hash:
            raise ApiError("hash_conflict")
        self._refuse_twin(given, view)
        view.given = given
        view.renew()
        self._changed(view.user)
        return view

    def publish(self, user: str, given: Json, expected_hash: str | None) -> View:
        """The person's Home tab."""
        known = self.homes.get(user)
        if known is not None:
            return self.update(known, given, expected_hash)
        self._refuse_twin(given, None)
        view = View(_new_id(), user, given, root="")
        view.root = view.id
        view.renew()
        self.homes[user] = view
        self._changed(user)
        return view

    def close(self, view: View) -> None:
        """Take the view off its stack, with everything above it."""
        stack = self.stacks.get(view.user, [])
        if view in stack:
            del stack[stack.index(view) :]
            self._changed(view.user)

    def close_all(self, user: str) -> None:
        self.stacks.pop(user, None)
        self._changed(user)

    def _refuse_twin(self, given: Json, own: View | None) -> None:
        external_id = str(given.get("external_id") or "")
        twin = self.find_external(external_id) if external_id else None
        if twin is not None and twin is not own:
            raise ApiError("duplicate_external_id")


def _new_id() -> str:
    return f"V0{secrets.token_hex(5).upper()}"


def view_body(view: View, values: Json | None = None) -> Json:
    """The view as the Web API and the payloads show it."""
    given = view.given
    return {
        "id": view.id,
        "team_id": TEAM,
        "type": given["type"],
        "blocks": view.blocks,
        "private_metadata": given.get("private_metadata", ""),
        "callback_id": given.get("callback_id", ""),
        "state": {"values": values or {}},
        "hash": view.hash,
        "title": given.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": bool(given.get("clear_on_close")),
        "notify_on_close": bool(given.get("notify_on_close")),
        "close": given.get("close"),
        "submit": given.get("submit"),
        "previous_view_id": view.previous,
        "root_view_id": view.root,
        "app_id": APP,
        "external_id": view.external_id,
        "app_installed_team_id": TEAM,
        "bot_id": BOT_ID,
    }
