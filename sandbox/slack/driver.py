"""A person without a browser: the same /ui doors as the page, for tests."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.slack.control import Control
from sandbox.slack.door import Door
from sandbox.slack.world import Json

__all__ = ["Control", "Delivered", "Message", "Person", "Shown"]

T = TypeVar("T")
POLL_SECONDS = 2.0
NO_OPTION = "no such option"


@dataclass(frozen=True)
class Delivered:
    """How the app took it: HTTP status, milliseconds, and the error a person would see (None: fine)."""

    status: int | None
    ms: int
    error: str | None


@dataclass(frozen=True)
class Message:
    """One message as this person sees it."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json]
    ephemeral: bool
    edited: bool
    thread_ts: str | None
    broadcast: bool = False

    @property
    def words(self) -> str:
        """Everything there is to read: the text and all texts in the blocks, a line each."""
        return "\n".join([self.text, *_texts(self.blocks)])

    @property
    def buttons(self) -> list[Json]:
        return [e for _, e in _elements(self.blocks) if e["type"] == "button"]


@dataclass(frozen=True)
class Shown:
    """A modal or Home tab as this person sees it."""

    id: str
    title: str
    submit: str | None
    blocks: list[Json]
    body: Json

    @property
    def words(self) -> str:
        return "\n".join(_texts(self.blocks))


def _id(where: Message | Shown) -> str:
    return where.id if isinstance(where, Shown) else where.ts


def _elements(blocks: list[Json]) -> list[tuple[str, Json]]:
    found = []
    for block in blocks:
        held = [block[key] for key in ("accessory", "element") if key in block] + block.get("elements", [])
        found += [(block["block_id"], element) for element in held if "action_id" in element]
    return found


def _texts(part: Any) -> list[str]:
    if isinstance(part, list):
        return [text for item in part for text in _texts(item)]
    if not isinstance(part, dict):
        return []
    own = [part["text"]] if isinstance(part.get("text"), str) else []
    return own + [
        text for value in part.values() if isinstance(value, (dict, list)) for text in _texts(value)
    ]


def _label(element: Json) -> str:
    text: str = element.get("text", {}).get("text", "")
    return text


def _find(blocks: list[Json], action_id: str | None, value: str | None, text: str | None) -> tuple[str, Json]:
    """The first element that fits all that is given. Raises LookupError with what there is."""
    for block_id, element in _elements(blocks):
        is_button = element["type"] == "button"
        fits = [
            action_id in (None, element["action_id"]),
            value is None or not is_button or element.get("value") == value,
            text is None or not is_button or text in (_label(element), element.get("accessibility_label")),
            is_button or action_id is not None,
        ]
        if all(fits):
            return block_id, element
    have = [(element["action_id"], _label(element)) for _, element in _elements(blocks)]
    raise LookupError(f"no element {action_id=} {value=} {text=}; there are {have}")


def _delivered(body: Json) -> Delivered:
    return Delivered(body["status"], body["ms"], body["error"])


class Person(Door):
    """One person at their page. What was filled in lives here until it is submitted, as in a browser."""

    def __init__(self, url: str, user_id: str, *, newest: int | None = None) -> None:
        """`newest`: only so many messages of a channel are looked at, as by somebody who does not scroll."""
        super().__init__(url)
        self.user = user_id
        self._newest = newest
        self._entered: dict[str, Json] = {}

    @property
    def direct(self) -> str:
        """The id of this person's direct message with the bot."""
        found = next((each for each in self._shown("channels") if each["direct"]), None)
        if found is None:
            raise LookupError(self.user)
        return str(found["id"])

    # -- reading -----------------------------------------------------------------------------

    def _shown(self, part: str, channel: str = "") -> Any:
        """One part of what this person's page shows."""
        asked = {"user": self.user, "channel": channel, "parts": part, "newest": self._newest or ""}
        return self.get("/ui/state", **asked)[part]

    def messages(self, channel: str) -> list[Message]:
        """What this person sees there, oldest first, their own ephemeral messages with it."""
        keys = Message.__dataclass_fields__
        return [Message(**{key: m[key] for key in keys}) for m in self._shown("messages", channel)]

    def last(self, channel: str) -> Message:
        """The newest message that this person sees there. Raises LookupError if there is none."""
        seen = self.messages(channel)
        if not seen:
            raise LookupError(f"no message in {channel}")
        return seen[-1]

    def modal(self) -> Shown | None:
        """The view on top, if a modal is open."""
        return _shown(self._shown("modal"))

    def home(self, tab: str = "home") -> Shown | None:
        """Open the app's Home tab (the event is sent first) and look at it."""
        self.post("/ui/open_app", {"user": self.user, "tab": tab})
        return self.published()

    def published(self) -> Shown | None:
        """The Home tab as it is, without opening it."""
        return _shown(self._shown("home"))

    def wait_for(self, predicate: Callable[["Person"], T], timeout: float = 10, *, own: bool = False) -> T:
        """Return the first truthy value of `predicate(self)`, looking again after every change.

        `own`: only after those of this person's page, which spares a crowd from looking whenever one of
        them does something. Raises TimeoutError after `timeout` seconds.
        """
        whose = {"user": self.user} if own else {}
        deadline = time.monotonic() + timeout
        revision = -1
        while True:
            revision = self.get("/ui/changes", since=revision, timeout=0, **whose)["revision"]
            if found := predicate(self):
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"not seen within {timeout} s")
            self.get("/ui/changes", since=revision, timeout=min(left, POLL_SECONDS), **whose)

    def wait_message(self, channel: str, words: str, timeout: float = 10) -> Message:
        """The newest message there that contains these words, as soon as there is one."""

        def newest(person: "Person") -> Message | None:
            return next((m for m in reversed(person.messages(channel)) if words in m.words), None)

        found = self.wait_for(newest, timeout)
        if found is None:
            raise LookupError(words)
        return found

    # -- doing -------------------------------------------------------------------------------

    def command(self, channel: str, text: str) -> Delivered:
        """Type into the composer; text without a slash becomes a message."""
        return _delivered(self.post("/ui/say", {"user": self.user, "channel": channel, "text": text}))

    def reply(self, to: Message, text: str) -> Delivered:
        """Type into the thread of a message. Slack knows no commands there."""
        body = {"user": self.user, "channel": to.channel, "text": text, "thread_ts": to.ts}
        return _delivered(self.post("/ui/say", body))

    def thread(self, parent: Message) -> list[Message]:
        """What was replied to a message, oldest first, as this person sees it."""
        return [m for m in self.messages(parent.channel) if m.thread_ts == parent.ts]

    def click(
        self,
        where: Message | Shown,
        action_id: str | None = None,
        *,
        value: str | None = None,
        text: str | None = None,
    ) -> Delivered:
        """Press a button, or choose in a select by text or value (a person: by id). Raises LookupError."""
        block_id, element = _find(where.blocks, action_id, value, text)
        if element["type"] == "button":
            return self._press(where, block_id, element["action_id"], {})
        chosen = self._choice(where, block_id, element, text, value)
        if element["type"] != "overflow":
            self._remember(where, block_id, element["action_id"], chosen)
        return self._press(where, block_id, element["action_id"], chosen)

    def _place(self, where: Message | Shown) -> Json:
        if isinstance(where, Shown):
            return {"user": self.user, "view_id": where.id}
        return {"user": self.user, "channel": where.channel, "ts": where.ts}

    def _remember(self, where: Message | Shown, block_id: str, action_id: str, state: Json) -> None:
        self._entered.setdefault(_id(where), {}).setdefault(block_id, {})[action_id] = state

    def _press(self, where: Message | Shown, block_id: str, action_id: str, chosen: Json) -> Delivered:
        what = {"block_id": block_id, "action_id": action_id, "chosen": chosen}
        entered = self._entered.get(_id(where), {})
        return _delivered(self.post("/ui/press", {**self._place(where), **what, "entered": entered}))

    def options(self, where: Message | Shown, action_id: str, typed: str) -> list[Json]:
        """What an external select offers for the typed text."""
        block_id, element = _find(where.blocks, action_id, None, None)
        what = {"block_id": block_id, "action_id": element["action_id"], "value": typed}
        offered: list[Json] = self.post("/ui/options", {**self._place(where), **what})["options"]
        return offered

    def _choice(
        self, where: Message | Shown, block_id: str, element: Json, text: str | None, value: str | None
    ) -> Json:
        if element["type"] == "users_select":
            return self._chosen_user(value)
        options = self._offered(where, block_id, element, text or value or "")
        fitting = [o for o in options if text in (None, _label(o)) and value in (None, o["value"])]
        if not fitting:
            raise LookupError(f"{NO_OPTION} {text or value}; there are {[_label(o) for o in options]}")
        many = element["type"] == "checkboxes"
        return {"selected_options": fitting} if many else {"selected_option": fitting[0]}

    def _chosen_user(self, user_id: str | None) -> Json:
        """Anybody whom Slack would offer; None is the emptied field. Raises LookupError."""
        offered = {person["id"] for person in self._shown("people") if not person["deleted"]}
        if user_id is not None and user_id not in offered:
            raise LookupError(f"{NO_OPTION} {user_id}; there are {sorted(offered)}")
        return {"selected_user": user_id}

    def _offered(self, where: Message | Shown, block_id: str, element: Json, typed: str) -> list[Json]:
        if element["type"] == "external_select":
            what = {"block_id": block_id, "action_id": element["action_id"], "value": typed}
            asked: list[Json] = self.post("/ui/options", {**self._place(where), **what})["options"]
            return asked
        grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
        return [*element.get("options", []), *grouped]

    # -- modals ------------------------------------------------------------------------------

    def _top(self) -> Shown:
        view = self.modal()
        if view is None:
            raise LookupError("no modal is open")
        return view

    def _enter(self, view: Shown, block_id: str, state: Json) -> Delivered | None:
        """Keep what was entered; tell the app at once where Slack would."""
        block = next(block for block in view.blocks if block["block_id"] == block_id)
        element = next(e for b, e in _elements(view.blocks) if b == block_id)
        self._remember(view, block_id, element["action_id"], state)
        if block["type"] != "input" or block.get("dispatch_action"):
            return self._press(view, block_id, element["action_id"], state)
        return None

    def fill(self, block_id: str, value: str) -> Delivered | None:
        """Type into a text input of the top view."""
        return self._enter(self._top(), block_id, {"value": value or None})

    def choose(self, block_id: str, *texts: str, typed: str | None = None) -> Delivered | None:
        """Choose options by their texts; an external select is asked for `typed` (left out: the text)."""
        view = self._top()
        element = next((e for b, e in _elements(view.blocks) if b == block_id), None)
        if element is None:
            raise LookupError(f"no input {block_id}; there are {[b for b, _ in _elements(view.blocks)]}")
        options = self._offered(view, block_id, element, typed if typed is not None else texts[0])
        chosen = [option for option in options if _label(option) in texts]
        if len(chosen) < len(texts):
            raise LookupError(f"{NO_OPTION} {texts}; there are {[_label(o) for o in options]}")
        many = element["type"] == "checkboxes"
        state = {"selected_options": chosen} if many else {"selected_option": chosen[0]}
        return self._enter(view, block_id, state)

    def choose_user(self, block_id: str, user_id: str | None) -> Delivered | None:
        """Choose a person in a users_select of the top view; None empties it."""
        view = self._top()
        kind = next((e["type"] for b, e in _elements(view.blocks) if b == block_id), None)
        if kind != "users_select":
            raise LookupError(f"{block_id} is no users_select but {kind}")
        return self._enter(view, block_id, self._chosen_user(user_id))

    def submit(self) -> dict[str, str] | None:
        """Press submit: None if the app took it, else errors by block_id ("" is the modal as a whole)."""
        view = self._top()
        body = {"user": self.user, "view_id": view.id, "entered": self._entered.get(view.id, {})}
        told = self.post("/ui/submit", body)
        if "trouble" in told:
            return {"": f"{told['trouble']} ({told.get('why') or told.get('error')})"}
        errors: dict[str, str] | None = told.get("errors")
        return errors

    def close_modal(self, *, everything: bool = False) -> None:
        """Press the close button, or with `everything` the X that closes the whole stack."""
        self.post("/ui/close", {"user": self.user, "view_id": self._top().id, "everything": everything})


def _shown(view: Json | None) -> Shown | None:
    if view is None:
        return None
    submit = (view["submit"] or {}).get("text")
    return Shown(view["id"], view["title"]["text"], submit, view["blocks"], view)
