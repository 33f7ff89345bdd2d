"""Block Kit's pieces as small functions; limits of Slack are kept here."""

from collections.abc import Iterable
from typing import Any

Block = dict[str, Any]
BUTTON_TEXT = 75


def plain(text: str, limit: int = 3000) -> Block:
    return {"type": "plain_text", "text": text[:limit], "emoji": False}


def mrkdwn(text: str) -> Block:
    # verbatim: Slack makes no links, mentions or channels of its own from what stands there
    return {"type": "mrkdwn", "text": text[:3000], "verbatim": True}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return block | {"accessory": accessory} if accessory else block


def words(text: str) -> Block:
    """Foreign text of several lines: plain, so that nothing in it acts."""
    return {"type": "section", "text": plain(text)}


def facts(pairs: Iterable[tuple[str, str]]) -> Block:
    """Names and values in two columns; at most ten."""
    fields = [mrkdwn(f"*{name}*\n{value}"[:2000]) for name, value in pairs]
    return {"type": "section", "fields": fields[:10]}


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def divider() -> Block:
    return {"type": "divider"}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def button(
    text: str, action_id: str, value: str, *, label: str | None = None, style: str | None = None,
    confirm: Block | None = None,
) -> Block:  # fmt: skip
    """A button; `label` is what a screen reader says where several have the same text."""
    block: Block = {
        "type": "button",
        "text": plain(text, BUTTON_TEXT),
        "action_id": action_id,
        "value": value,
    }
    if label:
        block["accessibility_label"] = label[:BUTTON_TEXT]
    if confirm:
        block["confirm"] = confirm
    return block | {"style": style} if style else block


def confirm_dialog(title: str, text: str, *, yes: str, no: str) -> Block:
    """Slack's own question before a click is sent; it is no safeguard, since Slack alone asks it."""
    return {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
    }


def text_input(
    block_id: str, label: str, *, hint: str | None = None, optional: bool = False,
    multiline: bool = False, limit: int = 500, least: int = 1, placeholder: str | None = None,
    initial: str | None = None,
) -> Block:  # fmt: skip
    element: Block = {
        "type": "plain_text_input",
        "action_id": "value",
        "multiline": multiline,
        "max_length": limit,
    }
    if not optional:
        element["min_length"] = least
    if placeholder:
        element["placeholder"] = plain(placeholder, 150)
    if initial:
        element["initial_value"] = initial[:limit]
    return _input(block_id, label, element, hint=hint, optional=optional)


def choice_input(
    block_id: str, label: str, placeholder: str, *, optional: bool = True, hint: str | None = None
) -> Block:
    """A select whose options are asked of us while the person types."""
    element = {
        "type": "external_select",
        "action_id": block_id,
        "min_query_length": 0,
        "placeholder": plain(placeholder, 150),
    }
    return _input(block_id, label, element, hint=hint, optional=optional)


def select_input(block_id: str, label: str, choices: Iterable[tuple[str, str]], placeholder: str) -> Block:
    """A select with fixed options: what is shown, and the value."""
    element = {
        "type": "static_select",
        "action_id": "value",
        "placeholder": plain(placeholder, 150),
        "options": [option(text, value) for text, value in choices],
    }
    return _input(block_id, label, element, hint=None, optional=True)


def person_input(block_id: str, label: str, placeholder: str, *, hint: str) -> Block:
    """A select of the workspace's people; we are told at once whom somebody chose."""
    element = {"type": "users_select", "action_id": block_id, "placeholder": plain(placeholder, 150)}
    return _input(block_id, label, element, hint=hint, optional=True) | {"dispatch_action": True}


def option(text: str, value: str) -> Block:
    return {"text": plain(text, 75), "value": value[:150]}


def _input(block_id: str, label: str, element: Block, *, hint: str | None, optional: bool) -> Block:
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, 2000),
        "element": element,
        "optional": optional,
    }
    return block | {"hint": plain(hint, 2000)} if hint else block


def modal(
    title: str, blocks: list[Block], *, callback_id: str, submit: str | None = None,
    close: str = "Cancel", metadata: str = "",
) -> Block:  # fmt: skip
    """A modal; titles and its buttons hold at most 24 characters."""
    view: Block = {
        "type": "modal",
        "title": plain(title, 24),
        "close": plain(close, 24),
        "callback_id": callback_id,
        "private_metadata": metadata,
        "blocks": blocks,
    }
    return view | {"submit": plain(submit, 24)} if submit else view


def notice(title: str, text: str) -> Block:
    """A modal that only says something."""
    return modal(title, [section(text)], callback_id="notice", close="Close")


def message(text: str, blocks: list[Block]) -> Block:
    """A message: `text` is what a screen reader and a notification say."""
    return {"text": text, "blocks": blocks[:50], "unfurl_links": False, "unfurl_media": False}
