"""What people choose in modals and messages: persons, boxes, circles, and the menu of three dots."""

import pytest

from tests.sandbox.counterpart import actions, button, modal, option, plain


def person_select(**more):
    return {"type": "users_select", "action_id": "p", **more}


def asked(element, **more):
    return {"type": "input", "block_id": "who", "label": plain("For whom"), "element": element, **more}


def beside(element):
    return {"type": "section", "block_id": "who", "text": plain("For whom"), "accessory": element}


def opened(slack, *blocks):
    slack.rita.command("C0NUMBERS", "/number x")
    told = slack.call("views.open", trigger_id=slack.app.last["trigger_id"], view=modal(*blocks))
    assert told["ok"], told
    return told["view"]


def submitted(slack):
    assert slack.rita.submit() is None
    return slack.app.last["view"]["state"]["values"]["who"]["p"]


def test_a_person_is_chosen_in_an_input(slack):
    opened(slack, asked(person_select()))
    assert slack.rita.choose_user("who", "U0OTTO") is None
    assert submitted(slack) == {"type": "users_select", "selected_user": "U0OTTO"}


def test_nobody_chosen_is_null(slack):
    opened(slack, asked(person_select(), optional=True))
    assert submitted(slack) == {"type": "users_select", "selected_user": None}


def test_a_person_who_is_taken_out_again_is_null(slack):
    opened(slack, asked(person_select(initial_user="U0ANA"), optional=True))
    slack.rita.choose_user("who", None)
    assert submitted(slack)["selected_user"] is None


def test_a_required_person_is_asked_for(slack):
    opened(slack, asked(person_select()))
    assert slack.rita.submit() == {"who": "Please complete this required field."}


def test_a_person_given_at_the_start_counts_as_chosen(slack):
    opened(slack, asked(person_select(initial_user="U0ANA")))
    assert submitted(slack)["selected_user"] == "U0ANA"


def test_a_person_beside_a_text_is_told_to_the_app_at_once(slack):
    opened(slack, beside(person_select(placeholder=plain("Who?"))))
    assert slack.rita.choose_user("who", "U0CARA").status == 200
    action = slack.app.last["actions"][0]
    assert (action["type"], action["selected_user"]) == ("users_select", "U0CARA")
    assert slack.app.last["view"]["state"]["values"]["who"]["p"]["selected_user"] == "U0CARA"


def test_a_person_is_chosen_in_a_message(slack):
    message = slack.post("x", [actions(person_select())])
    slack.rita.click(message, "p", value="U0ANA")
    assert slack.app.last["actions"][0]["selected_user"] == "U0ANA"
    assert slack.app.last["state"]["values"]["row"]["p"]["selected_user"] == "U0ANA"


@pytest.mark.parametrize("user", ["U0OTTO", "U0NOBODY"])
def test_only_who_is_there_can_be_chosen(slack, user):
    slack.control.person("U0OTTO", deleted=True)
    opened(slack, asked(person_select()), actions(button("go")))
    with pytest.raises(LookupError, match=user):
        slack.rita.choose_user("who", user)
    with pytest.raises(LookupError, match="no users_select"):
        slack.rita.choose_user("row", "U0ANA")


@pytest.mark.parametrize(
    ("blocks", "pointer"),
    [
        ([asked(person_select(initial_user="U0NOBODY"))], "/view/blocks/0/element/initial_user"),
        ([beside(person_select(initial_user="U0NOBODY"))], "/view/blocks/0/accessory/initial_user"),
        ([actions(person_select(initial_user="ana"))], "/view/blocks/0/elements/0/initial_user"),
    ],
)
def test_a_person_whom_nobody_knows_is_not_given_at_the_start(slack, blocks, pointer):
    slack.rita.command("C0NUMBERS", "/number x")
    told = slack.call("views.open", trigger_id=slack.app.last["trigger_id"], view=modal(*blocks))
    assert told["error"] == "invalid_arguments"
    assert pointer in str(told["response_metadata"]["messages"])


def test_messages_are_held_to_the_same(slack):
    blocks = [beside(person_select(initial_user="U0NOBODY"))]
    assert slack.call("chat.postMessage", channel="C0NUMBERS", blocks=blocks)["error"] == "invalid_blocks"
    place = {"channel": "C0NUMBERS", "ts": slack.post("x").ts}
    assert slack.call("chat.update", **place, text="x", blocks=blocks)["error"] == "invalid_blocks"


def test_boxes_and_circles_outside_of_a_form_are_told_at_once(slack):
    boxes = {"type": "checkboxes", "action_id": "b", "options": [option("SMS", "s"), option("Voice", "v")]}
    radio = {"type": "radio_buttons", "action_id": "r", "options": [option("Yes", "y"), option("No", "n")]}
    message = slack.post("x", [actions(boxes, radio)])
    slack.rita.click(message, "b", text="Voice")
    assert [o["value"] for o in slack.app.last["actions"][0]["selected_options"]] == ["v"]
    slack.rita.click(message, "r", value="n")
    assert slack.app.last["actions"][0]["selected_option"]["value"] == "n"


def test_the_menu_of_three_dots_is_told_and_has_no_state(slack):
    menu = {"type": "overflow", "action_id": "m", "options": [option("Audit", "a"), option("Help", "h")]}
    message = slack.post("x", [actions(menu)])
    for _ in range(2):
        slack.rita.click(message, "m", text="Help")
        assert slack.app.last["actions"][0]["selected_option"]["value"] == "h"
    assert slack.app.last["state"]["values"] == {}
