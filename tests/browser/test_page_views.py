"""Modals on modals and the Home tab, as people meet them on the page of the stand-in of Slack."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.sandbox.counterpart import actions, button, modal, option, plain, text_input


@pytest.fixture
def rita(slack, page: Page):
    page.goto(f"{slack.url}/?user=U0RITA")
    expect(page.get_by_label("Message #phone-numbers")).to_be_focused()
    return page


@pytest.fixture
def at_home(slack, page: Page):
    with page.expect_response("**/ui/open_app"):
        page.goto(f"{slack.url}/?user=U0RITA&channel=D0RITA&tab=home")
    return page


def opened(slack, view):
    slack.rita.command("C0NUMBERS", "/number x")
    told = slack.call("views.open", trigger_id=slack.app.last["trigger_id"], view=view)
    assert told["ok"], told
    return told["view"]


def pressed(page, button):
    with page.expect_response("**/ui/press"):
        button.click()


def push(slack, page, view):
    """Press the button of the view on top, and answer with another view; returns Slack's answer."""
    pressed(page, page.get_by_role("dialog").get_by_role("button", name="More"))
    return slack.call("views.push", trigger_id=slack.app.last["trigger_id"], view=view)


def more(title):
    return modal(text_input(), actions(button("more", "More")), title=title)


def home(*blocks):
    return {"type": "home", "blocks": list(blocks)}


def publish(slack, *blocks, **more):
    told = slack.call("views.publish", user_id="U0RITA", view=home(*blocks), **more)
    assert told["ok"], told
    return told["view"]


def headline(text):
    return {"type": "header", "block_id": "head", "text": plain(text)}


def test_a_button_pushes_up_to_three_and_the_arrow_leads_back(slack, rita):
    opened(slack, more("One"))
    rita.get_by_role("dialog", name="One").get_by_label("Why").fill("kept below")
    expect(rita.get_by_role("button", name="Back")).to_have_count(0)
    assert push(slack, rita, more("Two"))["ok"]
    expect(rita.get_by_role("dialog", name="Two").get_by_label("Why")).to_have_value("")
    assert push(slack, rita, more("Three"))["ok"]
    expect(rita.get_by_role("dialog", name="Three")).to_be_visible()
    assert push(slack, rita, more("Four"))["error"] == "push_limit_reached"
    rita.get_by_role("button", name="Back").click()
    expect(rita.get_by_role("dialog", name="Two")).to_be_visible()
    rita.get_by_role("button", name="Back").click()
    expect(rita.get_by_role("dialog", name="One").get_by_label("Why")).to_have_value("kept below")


def test_clear_closes_every_view(slack, rita):
    opened(slack, more("One"))
    push(slack, rita, more("Two"))
    dialog = rita.get_by_role("dialog", name="Two")
    dialog.get_by_label("Why").fill("done")
    slack.app.answer = lambda _: {"response_action": "clear"}
    dialog.get_by_role("button", name="Send").click()
    expect(rita.get_by_role("dialog")).to_have_count(0)


def test_an_update_while_a_person_types_keeps_equal_ids_and_is_refused_when_stale(slack, rita):
    view = opened(slack, modal(text_input(), text_input("note", label=plain("Note"))))
    rita.get_by_label("Note").fill("lost")
    rita.get_by_label("Why").press_sequentially("half a sen")
    other = text_input("note", label=plain("Note"))
    other["element"]["action_id"] = "another"
    place = {"view_id": view["id"], "hash": view["hash"]}
    assert slack.call("views.update", **place, view=modal(text_input(), other, title="Changed"))["ok"]
    dialog = rita.get_by_role("dialog", name="Changed")
    expect(dialog.get_by_label("Why")).to_be_focused()
    rita.keyboard.type("tence")
    expect(dialog.get_by_label("Why")).to_have_value("half a sentence")
    expect(dialog.get_by_label("Note")).to_have_value("")
    assert slack.call("views.update", **place, view=modal(title="Late"))["error"] == "hash_conflict"
    expect(dialog).to_be_visible()


def test_the_home_tab_is_drawn_anew_while_it_is_looked_at(slack, at_home):
    publish(slack, headline("Two wait"), actions(button("a", "Approve"), button("b", "Decline")))
    pressed(at_home, at_home.get_by_role("button", name="Decline"))
    sent = slack.app.last
    assert (sent["actions"][0]["action_id"], sent["container"]["type"]) == ("b", "view")
    publish(slack, headline("One waits"), actions(button("a", "Approve"), button("b", "Decline")))
    expect(at_home.get_by_role("heading", name="One waits")).to_be_visible()
    expect(at_home.get_by_role("heading", name="Two wait")).to_have_count(0)
    expect(at_home.get_by_role("button", name="Decline")).to_be_focused()


def test_a_menu_on_the_home_tab_can_be_used_twice_and_a_select_keeps_its_choice(slack, at_home):
    menu = {"type": "overflow", "action_id": "m", "options": [option("Audit", "a"), option("Help", "h")]}
    select = {
        "type": "static_select", "action_id": "s", "placeholder": plain("Which"),
        "options": [option("One", "1"), option("Two", "2")],
    }  # fmt: skip
    publish(slack, headline("Numbers"), actions(menu, select))
    for _ in range(2):
        with at_home.expect_response("**/ui/press"):
            at_home.get_by_label("More").select_option("Help")
        assert slack.app.last["actions"][0]["selected_option"]["value"] == "h"
        expect(at_home.get_by_label("More")).to_have_value("")
    with at_home.expect_response("**/ui/press"):
        at_home.get_by_label("Which").select_option("Two")
    assert slack.app.last["actions"][0]["selected_option"]["value"] == "2"
    publish(slack, headline("Changed"), actions(menu, select))
    expect(at_home.get_by_role("heading", name="Changed")).to_be_visible()
    expect(at_home.get_by_label("Which")).to_have_value("2")


def test_a_modal_opens_over_the_home_tab(slack, at_home):
    publish(slack, actions(button("buy", "Buy a number")))
    pressed(at_home, at_home.get_by_role("button", name="Buy a number"))
    slack.call("views.open", trigger_id=slack.app.last["trigger_id"], view=modal(text_input()))
    expect(at_home.get_by_role("dialog", name="A form")).to_be_visible()
    expect(at_home).to_have_url(re.compile("tab=home"))
