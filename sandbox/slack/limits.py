"""Slack's limits of blocks, elements and views, as tables.

Source: the block reference of docs.slack.dev and the models of slack_sdk, where the two agree.
"""

from dataclasses import dataclass, field

PLAIN = ("plain_text",)
ANY = ("plain_text", "mrkdwn")


@dataclass(frozen=True)
class Text:
    """A text object: at most `limit` characters, of one of these kinds."""

    limit: int
    kinds: tuple[str, ...] = PLAIN


@dataclass(frozen=True)
class Many:
    """A list of `least` to `most` items of one shape."""

    shape: str
    most: int
    least: int = 1


@dataclass(frozen=True)
class Shape:
    """What an object may hold. Strings: longest length. `other`: keys that are not looked into."""

    texts: dict[str, Text] = field(default_factory=dict)
    strings: dict[str, int] = field(default_factory=dict)
    lists: dict[str, Many] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    other: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    @property
    def keys(self) -> set[str]:
        return {"type", *self.texts, *self.strings, *self.lists, *self.parts, *self.other}


ID = {"action_id": 255}
HOLDER = {"placeholder": Text(150)}
CONFIRM = {"confirm": "confirm"}
FOCUS = ("focus_on_load",)

SHAPES: dict[str, Shape] = {
    "confirm": Shape(
        texts={"title": Text(100), "text": Text(300, ANY), "confirm": Text(30), "deny": Text(30)},
        strings={"style": 7},
        required=("title", "text"),
    ),
    "option": Shape(
        texts={"text": Text(75), "description": Text(75)}, strings={"value": 150}, required=("text", "value")
    ),
    # an overflow menu's options may lead somewhere, boxes and circles may have marked-up texts
    "menu_option": Shape(
        texts={"text": Text(75), "description": Text(75)},
        strings={"value": 150, "url": 3000},
        required=("text", "value"),
    ),
    "choice": Shape(
        texts={"text": Text(75, ANY), "description": Text(75, ANY)},
        strings={"value": 150},
        required=("text", "value"),
    ),
    "option_group": Shape(
        texts={"label": Text(75)}, lists={"options": Many("option", 100)}, required=("label", "options")
    ),
}

SELECT = Shape(
    texts=HOLDER,
    strings=ID,
    lists={"options": Many("option", 100), "option_groups": Many("option_group", 100)},
    parts={**CONFIRM, "initial_option": "option"},
    other=FOCUS,
)
CHECKBOXES = Shape(
    strings=ID,
    lists={"options": Many("choice", 10), "initial_options": Many("choice", 10)},
    parts=CONFIRM,
    other=FOCUS,
    required=("options",),
)
RADIO = Shape(
    strings=ID,
    lists={"options": Many("choice", 10)},
    parts={**CONFIRM, "initial_option": "choice"},
    other=FOCUS,
    required=("options",),
)
TYPED = Shape(
    texts=HOLDER,
    strings={**ID, "initial_value": 3000},
    other=(*FOCUS, "dispatch_action_config", "min_length", "max_length", "multiline"),
)

ELEMENTS: dict[str, Shape] = {
    "button": Shape(
        texts={"text": Text(75)},
        strings={**ID, "value": 2000, "url": 3000, "accessibility_label": 75, "style": 7},
        parts=CONFIRM,
        required=("text",),
    ),
    "static_select": SELECT,
    "external_select": Shape(
        texts=HOLDER,
        strings=ID,
        parts={**CONFIRM, "initial_option": "option"},
        other=(*FOCUS, "min_query_length"),
    ),
    "overflow": Shape(
        strings=ID, lists={"options": Many("menu_option", 5)}, parts=CONFIRM, required=("options",)
    ),
    "checkboxes": CHECKBOXES,
    "radio_buttons": RADIO,
    "plain_text_input": TYPED,
    "email_text_input": TYPED,
    "url_text_input": TYPED,
    "number_input": Shape(
        texts=HOLDER,
        strings={**ID, "initial_value": 3000},
        other=(*FOCUS, "dispatch_action_config", "is_decimal_allowed", "min_value", "max_value"),
    ),
    "datepicker": Shape(texts=HOLDER, strings={**ID, "initial_date": 10}, parts=CONFIRM, other=FOCUS),
    "users_select": Shape(texts=HOLDER, strings={**ID, "initial_user": 20}, parts=CONFIRM, other=FOCUS),
    "image": Shape(
        strings={"image_url": 3000, "alt_text": 2000}, other=("slack_file",), required=("alt_text",)
    ),
    # in a context block the text objects stand where elements stand
    "plain_text": Shape(strings={"text": 3000}, other=("emoji",), required=("text",)),
    "mrkdwn": Shape(strings={"text": 3000}, other=("verbatim",), required=("text",)),
}

PRESSED = {
    "button", "static_select", "external_select", "overflow", "checkboxes", "radio_buttons", "datepicker",
    "users_select",
}  # fmt: skip
ENTERED = set(ELEMENTS) - {"button", "overflow", "image", "plain_text", "mrkdwn"}
MAY_HOLD: dict[str, set[str]] = {
    "section": PRESSED | {"image"},
    "actions": PRESSED,
    "input": ENTERED,
    "context": {"image", "plain_text", "mrkdwn"},
}

BLOCK_ID = {"block_id": 255}
BLOCKS: dict[str, Shape] = {
    "section": Shape(
        texts={"text": Text(3000, ANY)},
        strings=BLOCK_ID,
        lists={"fields": Many("field", 10)},
        parts={"accessory": "element"},
        other=("expand",),
    ),
    "actions": Shape(strings=BLOCK_ID, lists={"elements": Many("element", 25)}, required=("elements",)),
    "context": Shape(strings=BLOCK_ID, lists={"elements": Many("element", 10)}, required=("elements",)),
    "divider": Shape(strings=BLOCK_ID),
    "header": Shape(texts={"text": Text(150)}, strings=BLOCK_ID, required=("text",)),
    "image": Shape(
        texts={"title": Text(2000)},
        strings={**BLOCK_ID, "image_url": 3000, "alt_text": 2000},
        other=("slack_file",),
        required=("alt_text",),
    ),
    "input": Shape(
        texts={"label": Text(2000), "hint": Text(2000)},
        strings=BLOCK_ID,
        parts={"element": "element"},
        other=("optional", "dispatch_action"),
        required=("label", "element"),
    ),
}
FIELD = Text(2000, ANY)

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MOST_BLOCK_TEXT = 11_000  # undocumented: real messages were refused from about 11,300 characters on

VIEW_STRINGS = {"private_metadata": 3000, "callback_id": 255, "external_id": 255}
VIEWS: dict[str, Shape] = {
    "modal": Shape(
        texts={"title": Text(24), "submit": Text(24), "close": Text(24)},
        strings=VIEW_STRINGS,
        other=("blocks", "clear_on_close", "notify_on_close", "submit_disabled"),
    ),
    "home": Shape(strings=VIEW_STRINGS, other=("blocks",)),
}
VIEW_BYTES = 250_000
