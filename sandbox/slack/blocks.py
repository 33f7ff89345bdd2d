"""Blocks as Slack keeps them: every block has an id, every element a place where it is found."""

import copy
import secrets
from collections.abc import Iterator
from typing import Any

from sandbox.slack.world import Json

# What an element's state is called, and what it starts with.
STATE_KEYS = {
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "overflow": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "datepicker": ("selected_date", "initial_date"),
    "users_select": ("selected_user", "initial_user"),
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
}


def kept(blocks: list[Json] | None) -> list[Json]:
    """A copy in which every block has a block_id and every pressable or enterable element an action_id."""
    copied = copy.deepcopy(blocks or [])
    for block in copied:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements(block):
            if element.get("type") in {*STATE_KEYS, "button"}:
                element.setdefault("action_id", secrets.token_urlsafe(4))
    return copied


def elements(block: Json) -> Iterator[Json]:
    """The elements of a block: accessory, input element, or the row of an actions block."""
    for key in ("accessory", "element"):
        if key in block:
            yield block[key]
    yield from block.get("elements", [])


def find_element(blocks: list[Json], block_id: str, action_id: str) -> Json | None:
    for block in blocks:
        if block["block_id"] == block_id:
            return next((e for e in elements(block) if e.get("action_id") == action_id), None)
    return None


def state_values(blocks: list[Json], entered: Json) -> Json:
    """state.values: every input is there, null or [] when empty; what was entered beats what was given."""
    values: Json = {}
    for block in blocks:
        for element in elements(block):
            kind = element.get("type")
            if kind not in STATE_KEYS or kind == "overflow":
                continue
            own = entered.get(block["block_id"], {}).get(element["action_id"])
            values.setdefault(block["block_id"], {})[element["action_id"]] = _state(element, own)
    return values


def _state(element: Json, entered: Json | None) -> Json:
    kind = element["type"]
    key, initial = STATE_KEYS[kind]
    empty: Any = [] if key == "selected_options" else None
    value = entered[key] if entered is not None and key in entered else element.get(initial)
    return {"type": kind, key: value or empty}


def missing(blocks: list[Json], values: Json) -> dict[str, str]:
    """What Slack's own client says before it sends a modal: block_id -> complaint."""
    complaints: dict[str, str] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        state = values[block["block_id"]][element["action_id"]]
        value = state[STATE_KEYS[element["type"]][0]]
        if complaint := _complaint(block, element, value):
            complaints[block["block_id"]] = complaint
    return complaints


def _complaint(block: Json, element: Json, value: Any) -> str | None:
    if not value:
        return None if block.get("optional") else "Please complete this required field."
    if not isinstance(value, str) or element["type"] != "plain_text_input":
        return None
    if len(value) > element.get("max_length", 3000):
        return f"At most {element.get('max_length', 3000)} characters, please."
    if len(value) < element.get("min_length", 0):
        return f"At least {element['min_length']} characters, please."
    return None
