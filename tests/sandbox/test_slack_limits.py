"""What real Slack refuses is refused with a pointer at the place."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.slack.checks import check_blocks, check_view
from tests.sandbox.counterpart import actions, bench, button, modal, option, plain, text_input


def section(text: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "options": [option("One", "1")], **more}


def boxes(**more: Any) -> dict[str, Any]:
    return {"type": "checkboxes", "options": [option("One", "1"), option("Two", "2")], **more}


def person(**more: Any) -> dict[str, Any]:
    return {"type": "users_select", "action_id": "p", **more}


CONFIRM = {"title": plain("T"), "text": plain("X"), "confirm": plain("Y"), "deny": plain("N")}


def confirmed(**texts: str) -> dict[str, Any]:
    return button("a", confirm=CONFIRM | {key: plain(text) for key, text in texts.items()})


FINE = [
    section("x" * 3000),
    section(fields=[{"type": "mrkdwn", "text": "y" * 2000}] * 10, accessory=button("a")),
    {"type": "header", "text": plain("h" * 150)},
    {"type": "divider"},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "c"}] * 10},
    actions(*[button(f"b{n}", "t" * 75, "v" * 2000) for n in range(25)]),
    actions(button("b", style="danger", confirm=CONFIRM, accessibility_label="l" * 75), block_id="other"),
    actions(select(options=[option("t" * 75, f"{n:0150}") for n in range(100)]), block_id="third"),
    {"type": "image", "image_url": "https://example.test/x.png", "alt_text": "x"},
    actions(
        boxes(options=[option("x", str(n)) for n in range(10)], initial_options=[option("x", "9")]),
        person(placeholder=plain("p" * 150), initial_user="U0ANA", confirm=CONFIRM),
        {"type": "overflow", "options": [option("x", str(n)) for n in range(5)]},
        block_id="fourth",
    ),
    section(accessory={"type": "overflow", "options": [option("x", "1") | {"url": "https://example.test"}]}),
]

WRONG = [
    ([section("x" * 3001)], "/blocks/0/text/text"),
    ([section("")], "/blocks/0/text/text"),
    ([{"type": "section"}], "/blocks/0"),
    ([section(fields=[plain("x")] * 11)], "/blocks/0/fields"),
    ([section(fields=[plain("x" * 2001)])], "/blocks/0/fields/0/text"),
    ([section(colour="red")], "/blocks/0"),
    ([section(text=plain("x"), accessory=text_input()["element"])], "/blocks/0"),
    ([{"type": "sections"}], "/blocks/0/type"),
    (["text"], "/blocks/0/type"),
    ([{"type": "header", "text": plain("h" * 151)}], "/blocks/0/text/text"),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "h"}}], "/blocks/0/text"),
    ([{"type": "context", "elements": [plain("x")] * 11}], "/blocks/0/elements"),
    ([{"type": "context", "elements": [button("x")]}], "/blocks/0"),
    ([actions()], "/blocks/0/elements"),
    ([actions(*[button(f"b{n}") for n in range(26)])], "/blocks/0/elements"),
    ([actions(button("a"), button("a"))], "/blocks/0/elements"),
    ([actions(button("a")), actions(button("a"))], "/blocks"),
    ([actions(button("a", "t" * 76))], "/blocks/0/elements/0/text/text"),
    ([actions(button("a", value="v" * 2001))], "/blocks/0/elements/0/value"),
    ([actions(button("a" * 256))], "/blocks/0/elements/0/action_id"),
    ([actions(button("a", style="green"))], "/blocks/0/elements/0/style"),
    ([actions(button("a", accessibility_label="l" * 76))], "/blocks/0/elements/0/accessibility_label"),
    ([actions(button("a"), block_id="i" * 256)], "/blocks/0/block_id"),
    ([actions(confirmed(title="t" * 101))], "/blocks/0/elements/0/confirm/title/text"),
    ([actions(confirmed(text="t" * 301))], "/blocks/0/elements/0/confirm/text/text"),
    ([actions(confirmed(deny="t" * 31))], "/blocks/0/elements/0/confirm/deny/text"),
    ([actions(select(options=[option("x", str(n)) for n in range(101)]))], "/blocks/0/elements/0/options"),
    ([actions(select(options=[option("t" * 76, "1")]))], "/blocks/0/elements/0/options/0/text/text"),
    ([actions(select(options=[option("t", "v" * 151)]))], "/blocks/0/elements/0/options/0/value"),
    ([actions(select(options=[]))], "/blocks/0/elements/0"),
    ([actions(select(placeholder=plain("p" * 151)))], "/blocks/0/elements/0/placeholder/text"),
    ([actions({"type": "radio_buttons", "options": [option("x", str(n)) for n in range(11)]})],
     "/blocks/0/elements/0/options"),
    ([actions({"type": "overflow", "options": [option("x", str(n)) for n in range(6)]})],
     "/blocks/0/elements/0/options"),
    ([actions({"type": "overflow", "options": []})], "/blocks/0/elements/0/options"),
    ([actions({"type": "overflow", "options": [option("x", "1") | {"url": "u" * 3001}]})],
     "/blocks/0/elements/0/options/0/url"),
    ([actions(boxes(options=[option("x", str(n)) for n in range(11)]))], "/blocks/0/elements/0/options"),
    ([actions(boxes(options=[]))], "/blocks/0/elements/0/options"),
    ([actions({"type": "checkboxes"})], "/blocks/0/elements/0"),
    ([actions(boxes(initial_options=[]))], "/blocks/0/elements/0/initial_options"),
    ([actions(boxes(initial_options=[option("Three", "3")]))], "/blocks/0/elements/0/initial_options/0"),
    ([actions(boxes(initial_option=option("One", "1")))], "/blocks/0/elements/0"),
    ([actions(select(initial_option=option("One", "2")))], "/blocks/0/elements/0/initial_option"),
    ([actions(select(options=[{"text": {"type": "mrkdwn", "text": "x"}, "value": "1"}]))],
     "/blocks/0/elements/0/options/0/text"),
    ([actions(select(options=[option("x", "1") | {"url": "https://example.test"}]))],
     "/blocks/0/elements/0/options/0"),
    ([actions(person(placeholder=plain("p" * 151)))], "/blocks/0/elements/0/placeholder/text"),
    ([actions(person(placeholder={"type": "mrkdwn", "text": "p"}))], "/blocks/0/elements/0/placeholder"),
    ([actions(person(initial_user=["U0ANA"]))], "/blocks/0/elements/0/initial_user"),
    ([actions(person(options=[option("x", "1")]))], "/blocks/0/elements/0"),
    ([actions(person(confirm={"title": plain("T")}))], "/blocks/0/elements/0/confirm"),
    ([actions(button("a", confirm=CONFIRM | {"style": "red"}))], "/blocks/0/elements/0/confirm/style"),
    ([actions(button("a", confirm=CONFIRM | {"colour": "red"}))], "/blocks/0/elements/0/confirm"),
    ([actions(button("a", confirm=CONFIRM | {"title": {"type": "mrkdwn", "text": "T"}}))],
     "/blocks/0/elements/0/confirm/title"),
    ([actions(confirmed(confirm=""))], "/blocks/0/elements/0/confirm/confirm/text"),
    ([actions({"type": "slider"})], "/blocks/0/elements/0/type"),
    ([{"type": "image", "image_url": "https://example.test/x.png"}], "/blocks/0"),
    ([{"type": "divider"}] * 51, "/blocks"),
    ("text", "/blocks"),
]  # fmt: skip


def test_what_is_at_the_limit_is_fine():
    assert check_blocks(FINE) == []


@pytest.mark.parametrize(("blocks", "pointer"), WRONG)
def test_what_is_over_a_limit_is_refused_with_a_pointer(blocks, pointer):
    problems = check_blocks(blocks)
    assert any(problem.endswith(f"[json-pointer:{pointer}]") for problem in problems), problems


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": plain("t" * 25)}, "/view/title/text"),
        ({"submit": plain("t" * 25)}, "/view/submit/text"),
        ({"close": plain("t" * 25)}, "/view/close/text"),
        ({"private_metadata": "m" * 3001}, "/view/private_metadata"),
        ({"callback_id": "c" * 256}, "/view/callback_id"),
        ({"blocks": [{"type": "divider"}] * 101}, "/view/blocks"),
        ({"blocks": None}, "/view/blocks"),
        ({"submit": None}, "/view"),
        ({"colour": "red"}, "/view"),
        ({"type": "window"}, "/view"),
    ],
)
def test_a_view_over_a_limit_is_refused_with_a_pointer(change, pointer):
    view = modal(text_input(), private_metadata="m" * 3000) | change
    assert any(problem.endswith(f"[json-pointer:{pointer}]") for problem in check_view(view))


@pytest.mark.parametrize("key", ["title", "submit", "close", "notify_on_close"])
def test_a_home_tab_has_no_frame(key):
    given = True if key == "notify_on_close" else plain("x")
    assert "invalid additional property" in check_view({"type": "home", "blocks": [], key: given}, "home")[0]


def test_a_home_tab_takes_a_hundred_blocks():
    full = [{"type": "divider"}] * 100
    assert check_view({"type": "home", "blocks": full}, "home") == []
    assert "/view/blocks" in check_view({"type": "home", "blocks": [*full, {"type": "divider"}]}, "home")[0]


def test_a_view_without_a_title_is_refused():
    view = modal(text_input())
    del view["title"]
    assert "title" in check_view(view)[0]


def test_a_heavy_view_is_refused():
    heavy = [section("x" * 2999) for _ in range(90)]
    assert any("250 KB" in problem for problem in check_view(modal(*heavy)))


def test_a_view_at_the_limits_is_fine():
    blocks = [{"type": "divider"} for _ in range(99)]
    assert check_view(modal(text_input(), *blocks, title="t" * 24, private_metadata="m" * 3000)) == []
    assert check_view({"type": "home", "blocks": copy.deepcopy(FINE)}, "home") == []


def test_the_answer_points_at_every_problem_twice_as_slack_does():
    with bench() as slack:
        told = slack.call("chat.postMessage", channel="C0NUMBERS", blocks=[section("x" * 3001)])
    assert told["error"] == "invalid_blocks"
    assert told["errors"] == ["must be less than 3001 characters [json-pointer:/blocks/0/text/text]"]
    assert told["response_metadata"]["messages"] == [f"[ERROR] {told['errors'][0]}"]


WORDS = st.sampled_from(
    ["type", "section", "actions", "elements", "text", "button", "options", "input", "element", "accessory",
     "plain_text", "static_select", "fields", "confirm", "block_id", "x"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_nothing_makes_the_checks_fall_over(anything):
    for surface in ("message", "modal", "home"):
        assert all("json-pointer" in problem for problem in check_blocks(anything, surface))
    assert check_view(anything) or isinstance(anything, dict)


KINDS = ["section", "actions", "context", "header", "input", "image", "divider"]
INSIDES = ["text", "fields", "accessory", "elements", "element", "label", "block_id"]


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(INSIDES), JSON))
def test_nothing_inside_of_a_block_makes_the_checks_fall_over(kind, inside):
    assert all("json-pointer:/blocks" in problem for problem in check_blocks([{**inside, "type": kind}]))
