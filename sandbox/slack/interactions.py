"""What people do: type, press, choose, submit, close, open the Home tab."""

from dataclasses import asdict, dataclass

from sandbox.slack import answers, payloads
from sandbox.slack.blocks import STATE_KEYS, find_element, missing, state_values
from sandbox.slack.checks import check_blocks
from sandbox.slack.delivery import Ack, Delivery, Parcel
from sandbox.slack.errors import ApiError
from sandbox.slack.views import View
from sandbox.slack.workspace import Message, Workspace
from sandbox.slack.world import BOT_NAME, COMMAND, SYSTEM, Json

SELECT_KEYS = ("placeholder", "confirm", "initial_option", "initial_options", "initial_user", "initial_date")


@dataclass(frozen=True)
class Source:
    """Where something is: a message (channel and ts) or a view (view_id), and perhaps an element in it."""

    channel: str = ""
    ts: str = ""
    view_id: str = ""
    block_id: str = ""
    action_id: str = ""


class Interactions:
    """Every method is one person's one action, and returns what their page is told (JSON)."""

    def __init__(self, workspace: Workspace, delivery: Delivery) -> None:
        self._workspace = workspace
        self._delivery = delivery

    async def say(self, user: str, channel_id: str, typed: str, thread: str = "") -> Json:
        """The composer: a slash command goes to the app, all else is a message, perhaps in a thread."""
        channel = self._workspace.channel(channel_id)
        if user not in self._workspace.residents.members_of(channel):
            raise ApiError("channel_not_found")
        if self._workspace.channels.of(channel_id).archived:
            raise ApiError("is_archived")
        word, _, text = typed.strip().partition(" ")
        within = self._workspace.thread_ts(channel_id, thread)
        if word == COMMAND and not within:
            return await self._command(user, channel_id, typed.strip(), text)
        if word.startswith("/"):
            line = f'"{word}" is not a command of {BOT_NAME}. Try {COMMAND} help.'
            if within:
                line = f"{word} is not supported in threads. Sorry!"
            self._workspace.post(channel.id, SYSTEM, line, [], only_for=user, thread_ts=within)
        else:
            self._workspace.post(
                channel.id, user, payloads.escaped(self._workspace.residents, typed), [], thread_ts=within
            )
        return {"status": None, "ms": 0, "error": None}

    async def _command(self, user: str, channel_id: str, typed: str, text: str) -> Json:
        channel = self._workspace.channel(channel_id)
        form = payloads.slash_command(self._workspace, user, channel, text)
        ack = await self._delivery.send(Parcel("slash_commands", form))
        error = ack.error
        if error is None:
            try:
                answers.to_command(self._workspace, user, channel.id, typed, ack.body)
            except ApiError as refusal:
                error = refusal.error
                self._workspace.journal.add("refused", what="ack of a command", answer=refusal.body())
        if error is not None:
            answers.failure(self._workspace, user, channel.id, COMMAND, error)
        return _told(ack, error=error)

    def _found(self, user: str, source: Source) -> Message | View:
        """The message or view, if this person sees it. Raises ApiError."""
        if source.view_id:
            view = self._workspace.views.find(source.view_id)
            if view is None or view.user != user:
                raise ApiError("view_not_found")
            return view
        message = self._workspace.find(source.channel, source.ts)
        if message is None or not self._workspace.is_seen_by(user, message):
            raise ApiError("message_not_found")
        return message

    async def press(self, user: str, source: Source, chosen: Json, entered: Json) -> Json:
        """A button, or a choice outside of a form; `chosen` is the element's new state."""
        found = self._found(user, source)
        element = find_element(found.blocks, source.block_id, source.action_id)
        if element is None:
            raise ApiError("element_not_found")
        action = _action(element, source.block_id, self._workspace.next_ts(), chosen)
        entered = _with_choice(entered, element, source, chosen)
        if isinstance(found, View):
            found.values = entered
            payload = payloads.view_action(self._workspace, user, found, action)
        else:
            payload = payloads.message_action(self._workspace, user, found, action, entered)
        return _told(await self._delivery.send(Parcel("interactive", payload)))

    async def options(self, user: str, source: Source, value: str) -> Json:
        """What an external select offers for the typed text."""
        found = self._found(user, source)
        if find_element(found.blocks, source.block_id, source.action_id) is None:
            raise ApiError("element_not_found")
        asked = {"block_id": source.block_id, "action_id": source.action_id, "value": value}
        payload = payloads.suggestion(self._workspace, user, found, asked)
        ack = await self._delivery.send(Parcel("interactive", payload))
        if ack.error or not isinstance(ack.body, dict):
            return {"options": [], **_told(ack, error=ack.error or "no_options")}
        return self._offered(ack)

    def _offered(self, ack: Ack) -> Json:
        """The app's options, if a static select with them would be in order."""
        groups, options = ack.body.get("option_groups"), ack.body.get("options") or []
        if not groups and not options:
            return {"options": [], **_told(ack)}
        key, given = ("option_groups", groups) if groups else ("options", options)
        select = {"type": "static_select", key: given}
        if problems := check_blocks([{"type": "actions", "elements": [select]}]):
            self._workspace.journal.add("refused", what="options", answer=problems)
            return {"options": [], **_told(ack, error="; ".join(problems))}
        flat = [option for group in groups for option in group["options"]] if groups else options
        return {"options": flat, "option_groups": groups or [], **_told(ack)}

    async def submit(self, user: str, view_id: str, entered: Json) -> Json:
        """The modal's submit button: {"errors": ...} or {"trouble": ...} keep it open."""
        view = self._found(user, Source(view_id=view_id))
        if not isinstance(view, View):
            raise ApiError("view_not_found")
        view.values = entered
        values = state_values(view.blocks, entered)
        if complaints := missing(view.blocks, values):
            return {"errors": complaints, "status": None, "ms": 0, "error": None}
        payload = payloads.view_submission(self._workspace, user, view)
        ack = await self._delivery.send(Parcel("interactive", payload))
        if ack.error:
            return {"trouble": answers.TROUBLE, **_told(ack)}
        outcome = answers.to_submission(self._workspace, view, ack.body)
        if "why" in outcome:
            self._workspace.journal.add("refused", what="ack of a submission", answer=outcome["why"])
        return {**outcome, **_told(ack)}

    async def close(self, user: str, view_id: str, *, everything: bool) -> Json:
        """The modal's close button, or the X that clears the whole stack."""
        view = self._found(user, Source(view_id=view_id))
        if not isinstance(view, View):
            raise ApiError("view_not_found")
        closed = list(reversed(self._workspace.views.stacks.get(user, []))) if everything else [view]
        if everything:
            self._workspace.views.close_all(user)
        else:
            self._workspace.views.close(view)
        ack = Ack(None, 0)
        for each in closed:
            if each.given.get("notify_on_close"):
                payload = payloads.view_closed(self._workspace, user, each, cleared=everything)
                ack = await self._delivery.send(Parcel("interactive", payload))
        return _told(ack)

    async def open_app(self, user: str, tab: str) -> Json:
        """Opening the app's Home or Messages tab."""
        home = self._workspace.views.homes.get(user)
        event = payloads.home_opened(self._workspace, user, tab, home if tab == "home" else None)
        return _told(await self._delivery.send(Parcel("events_api", event)))


def _told(ack: Ack, **instead: str | None) -> Json:
    told = asdict(ack) | instead
    del told["body"]
    return told


def _with_choice(entered: Json, element: Json, source: Source, chosen: Json) -> Json:
    """What was entered, the newest choice with it; buttons and overflow menus keep nothing."""
    if element["type"] in {"button", "overflow"}:
        return entered
    block = {**entered.get(source.block_id, {}), source.action_id: chosen}
    return {**entered, source.block_id: block}


def _action(element: Json, block_id: str, action_ts: str, chosen: Json) -> Json:
    """The element of `actions`: what it is, what was chosen, when."""
    kind = element["type"]
    action = {"type": kind, "action_id": element["action_id"], "block_id": block_id, "action_ts": action_ts}
    same = ("text", "value", "style", "confirm") if kind == "button" else SELECT_KEYS
    action |= {key: element[key] for key in same if key in element}
    if kind in STATE_KEYS:
        key = STATE_KEYS[kind][0]
        action[key] = chosen.get(key)
    return action
