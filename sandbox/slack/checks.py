"""What real Slack refuses is refused here, with a JSON pointer at the place."""

import json
from collections import Counter
from collections.abc import Container, Iterator
from typing import Any

from sandbox.slack.limits import (
    BLOCKS,
    ELEMENTS,
    FIELD,
    MAY_HOLD,
    MOST_BLOCK_TEXT,
    MOST_BLOCKS,
    SHAPES,
    VIEW_BYTES,
    VIEWS,
    Many,
    Shape,
    Text,
)
from sandbox.slack.world import Json

Problems = Iterator[str]


def check_blocks(blocks: Any, surface: str = "message", at: str = "/blocks") -> list[str]:
    """Everything that is wrong with these blocks on a "message", "modal" or "home"; [] if nothing is."""
    if not isinstance(blocks, list):
        return [_say("must be an array", at)]
    found = [*_count(blocks, Many("block", MOST_BLOCKS[surface], 0), at), *_twins(blocks, "block_id", at)]
    for place, block in enumerate(blocks):
        found += _block(block, f"{at}/{place}")
    return found


def check_view(view: Any, kind: str = "modal") -> list[str]:
    """Everything that is wrong with this view; `kind` is "modal" or "home"."""
    if not isinstance(view, dict) or view.get("type") != kind:
        return [_say(f"must be a view of type {kind}", "/view")]
    found = [*_shape(view, VIEWS[kind], "/view"), *check_blocks(view.get("blocks"), kind, "/view/blocks")]
    if kind == "modal" and "title" not in view:
        found.append(_say("missing required field: title", "/view"))
    if _has_input(view) and kind == "modal" and not view.get("submit"):
        found.append(_say("missing required field: submit (there is an input block)", "/view"))
    if len(json.dumps(view)) > VIEW_BYTES:
        found.append(_say("must be less than 250 KB", "/view"))
    return found


def check_users(blocks: list[Json], known: Container[str], at: str = "/blocks") -> list[str]:
    """Who is given as chosen already though nobody knows them; the blocks are otherwise in order."""
    return [
        _say("invalid user", f"{at}/{block}/{place}/initial_user")
        for block, each in enumerate(blocks)
        for place, element in _placed(each)
        if element.get("initial_user") is not None and element["initial_user"] not in known
    ]


def _placed(block: Json) -> Iterator[tuple[str, Json]]:
    yield from ((key, block[key]) for key in ("accessory", "element") if block.get(key))
    yield from ((f"elements/{n}", element) for n, element in enumerate(block.get("elements") or []))


def too_much_text(blocks: list[Json]) -> bool:
    """Whether the blocks' texts together are longer than one message may carry."""
    return _text_length(blocks) > MOST_BLOCK_TEXT


def _text_length(part: Any) -> int:
    if isinstance(part, list):
        return sum(_text_length(item) for item in part)
    if not isinstance(part, dict):
        return 0
    own = part.get("text")
    rest = sum(_text_length(value) for value in part.values() if isinstance(value, (dict, list)))
    return rest + (len(own) if isinstance(own, str) else 0)


def _say(what: str, at: str) -> str:
    return f"{what} [json-pointer:{at}]"


def _kind(thing: Any) -> str:
    """The type that it says it is, "" if it says none."""
    kind = thing.get("type") if isinstance(thing, dict) else None
    return kind if isinstance(kind, str) else ""


def _has_input(view: Json) -> bool:
    blocks = view.get("blocks")
    return isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)


def _block(block: Any, at: str) -> Problems:
    kind = _kind(block)
    if kind not in BLOCKS:
        yield _say(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from _shape(block, BLOCKS[kind], at)
    if kind == "section" and not (block.get("text") or block.get("fields")):
        yield _say("missing required field: text or fields", at)
    held = block.get("elements") or [block.get("accessory") or block.get("element")]
    if isinstance(held, list):
        yield from _held(held, kind, at)


def _held(held: list[Any], kind: str, at: str) -> Problems:
    """Whether these elements may stand in this kind of block."""
    for element in held:
        own = _kind(element)
        if own in ELEMENTS and own not in MAY_HOLD.get(kind, set()):
            yield _say(f"unsupported element of {kind}: {own}", at)
    yield from _twins(held, "action_id", f"{at}/elements")


def _shape(thing: Any, shape: Shape, at: str) -> Problems:
    if not isinstance(thing, dict):
        yield _say("must be an object", at)
        return
    for key in sorted(set(thing) - shape.keys):
        yield _say(f"invalid additional property: {key}", at)
    for key in shape.required:
        if thing.get(key) is None:
            yield _say(f"missing required field: {key}", at)
    present = {key: value for key, value in thing.items() if value is not None}
    yield from _texts(present, shape, at)
    yield from _parts(present, shape, at)


def _texts(thing: Json, shape: Shape, at: str) -> Problems:
    for key in shape.texts.keys() & thing.keys():
        yield from _text(thing[key], shape.texts[key], f"{at}/{key}")
    for key in shape.strings.keys() & thing.keys():
        least = 0 if key in {"private_metadata", "callback_id", "external_id", "initial_value"} else 1
        yield from _string(thing[key], shape.strings[key], f"{at}/{key}", least)
    if "style" in shape.strings and thing.get("style", "primary") not in ("primary", "danger"):
        yield _say("must be one of: primary, danger", f"{at}/style")


def _parts(thing: Json, shape: Shape, at: str) -> Problems:
    for key in shape.lists.keys() & thing.keys():
        yield from _list(thing[key], shape.lists[key], f"{at}/{key}")
    for key in shape.parts.keys() & thing.keys():
        yield from _part(thing[key], shape.parts[key], f"{at}/{key}")


def _list(items: Any, many: Many, at: str) -> Problems:
    if not isinstance(items, list):
        yield _say("must be an array", at)
        return
    yield from _count(items, many, at)
    for place, item in enumerate(items):
        yield from _part(item, many.shape, f"{at}/{place}")


def _part(part: Any, name: str, at: str) -> Problems:
    if name == "field":
        yield from _text(part, FIELD, at)
    elif name == "element":
        yield from _element(part, at)
    else:
        yield from _shape(part, SHAPES[name], at)


def _element(element: Any, at: str) -> Problems:
    kind = _kind(element)
    if kind not in ELEMENTS:
        yield _say(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from _shape(element, ELEMENTS[kind], at)
    if kind == "static_select" and bool(element.get("options")) == bool(element.get("option_groups")):
        yield _say("must have options or option_groups, and not both", at)
    yield from _initials(element, at)


def _initials(element: Json, at: str) -> Problems:
    """What is chosen at the start is one of the options, as it stands there."""
    options, groups = element.get("options"), element.get("option_groups")
    held = (
        [group.get("options") for group in groups if isinstance(group, dict)]
        if isinstance(groups, list)
        else []
    )
    offered = [option for each in (options, *held) if isinstance(each, list) for option in each]
    if not offered:
        return
    if element.get("initial_option") is not None and element["initial_option"] not in offered:
        yield _say("must be one of the options", f"{at}/initial_option")
    initial = element.get("initial_options")
    for place, option in enumerate(initial if isinstance(initial, list) else []):
        if option not in offered:
            yield _say("must be one of the options", f"{at}/initial_options/{place}")


def _text(text: Any, rule: Text, at: str) -> Problems:
    kind = _kind(text)
    if kind not in rule.kinds:
        yield _say(f"must be a text object of type {' or '.join(rule.kinds)}", at)
        return
    allowed = {"type", "text", "emoji" if kind == "plain_text" else "verbatim"}
    for key in sorted(set(text) - allowed):
        yield _say(f"invalid additional property: {key}", at)
    yield from _string(text.get("text"), rule.limit, f"{at}/text", 1)


def _string(value: Any, limit: int, at: str, least: int) -> Problems:
    if not isinstance(value, str):
        yield _say("must be a string", at)
    elif len(value) > limit:
        yield _say(f"must be less than {limit + 1} characters", at)
    elif len(value) < least:
        yield _say("must be more than 0 characters", at)


def _count(items: list[Any], many: Many, at: str) -> Problems:
    if len(items) > many.most:
        yield _say(f"no more than {many.most} items allowed", at)
    if len(items) < many.least:
        yield _say(f"no fewer than {many.least} items allowed", at)


def _twins(items: list[Any], key: str, at: str) -> Problems:
    names = Counter(item[key] for item in items if isinstance(item, dict) and isinstance(item.get(key), str))
    for name, times in names.items():
        if times > 1:
            yield _say(f"{key} `{name}` is used {times} times", at)
