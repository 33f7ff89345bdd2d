"""Modals and Home tabs: triggers, stacks, hashes, and the four answers to a submission."""

import pytest

from tests.sandbox.counterpart import actions, bench, button, modal, option, plain, text_input


def trigger(slack):
    slack.rita.command("C0NUMBERS", "/number x")
    return slack.app.last["trigger_id"]


def opened(slack, view=None):
    told = slack.call("views.open", trigger_id=trigger(slack), view=view or modal(text_input()))
    assert told["ok"], told
    return told["view"]


def pressed_in_modal(slack):
    """A fresh trigger that was earned by a press inside of the open modal."""
    slack.rita.click(slack.rita.modal(), "more")
    return slack.app.last["trigger_id"]


def test_a_modal_opens_for_the_person_whose_trigger_it_is(slack):
    view = opened(slack)
    assert slack.rita.modal().id == view["id"]
    assert slack.rita.modal().title == "A form"
    assert slack.ana.modal() is None


def test_a_trigger_is_good_once(slack):
    spent = trigger(slack)
    assert slack.call("views.open", trigger_id=spent, view=modal(text_input()))["ok"]
    again = slack.call("views.open", trigger_id=spent, view=modal(text_input()))
    assert again["error"] == "exchanged_trigger_id"


def test_a_trigger_expires():
    with bench(trigger_seconds=0) as slack:
        told = slack.call("views.open", trigger_id=trigger(slack), view=modal(text_input()))
        assert told["error"] == "expired_trigger_id"


def test_an_invented_trigger_opens_nothing(slack):
    assert slack.call("views.open", trigger_id="1.2.3", view=modal())["error"] == "invalid_trigger_id"


def test_a_refused_view_does_not_spend_the_trigger(slack):
    fresh = trigger(slack)
    refused = slack.call("views.open", trigger_id=fresh, view=modal(title="x" * 25))
    assert refused["error"] == "invalid_arguments"
    assert slack.call("views.open", trigger_id=fresh, view=modal(text_input()))["ok"]


def test_a_submission_carries_every_input_and_null_for_the_empty(slack):
    select = {"type": "static_select", "action_id": "s", "options": [option("One", "1")]}
    chosen = {
        "type": "input",
        "block_id": "pick",
        "label": plain("Pick"),
        "optional": True,
        "element": select,
    }
    view = modal(
        text_input(), text_input("note", optional=True), chosen, private_metadata="kept", callback_id="c"
    )
    opened(slack, view)
    slack.rita.fill("why", "because")
    assert slack.rita.submit() is None
    payload = slack.app.last
    assert payload["type"] == "view_submission"
    assert payload["view"]["state"]["values"] == {
        "why": {"v": {"type": "plain_text_input", "value": "because"}},
        "note": {"v": {"type": "plain_text_input", "value": None}},
        "pick": {"s": {"type": "static_select", "selected_option": None}},
    }
    assert (payload["view"]["private_metadata"], payload["view"]["callback_id"]) == ("kept", "c")
    assert slack.rita.modal() is None


def test_initial_values_count_as_entered(slack):
    block = text_input()
    block["element"]["initial_value"] = "from before"
    opened(slack, modal(block))
    assert slack.rita.submit() is None
    assert slack.app.last["view"]["state"]["values"]["why"]["v"]["value"] == "from before"


def test_a_required_field_is_asked_for_before_anything_is_sent(slack):
    opened(slack)
    asked = len(slack.app.received)
    assert slack.rita.submit() == {"why": "Please complete this required field."}
    assert len(slack.app.received) == asked


def test_errors_keep_the_modal_open(slack):
    opened(slack)
    slack.app.answer = lambda _: {"response_action": "errors", "errors": {"why": "Say more"}}
    slack.rita.fill("why", "x")
    assert slack.rita.submit() == {"why": "Say more"}
    assert slack.rita.modal() is not None


def test_errors_may_name_input_blocks_only(slack):
    opened(slack)
    slack.app.answer = lambda _: {"response_action": "errors", "errors": {"elsewhere": "x"}}
    slack.rita.fill("why", "x")
    assert "elsewhere" in slack.rita.submit()[""]


def test_an_update_replaces_the_view_in_place(slack):
    first = opened(slack)
    slack.app.answer = lambda _: {"response_action": "update", "view": modal(title="Next")}
    slack.rita.fill("why", "x")
    assert slack.rita.submit() is None
    assert (slack.rita.modal().id, slack.rita.modal().title) == (first["id"], "Next")


def test_a_push_lies_on_top_and_closing_it_shows_the_one_below(slack):
    first = opened(slack)
    slack.app.answer = lambda _: {"response_action": "push", "view": modal(title="On top")}
    slack.rita.fill("why", "x")
    slack.rita.submit()
    top = slack.rita.modal()
    assert (top.title, top.body["previous_view_id"], top.body["root_view_id"]) == (
        "On top",
        first["id"],
        first["id"],
    )
    slack.rita.close_modal()
    assert slack.rita.modal().id == first["id"]


def test_clear_closes_the_whole_stack(slack):
    opened(slack, modal(text_input(), actions(button("more"))))
    slack.call("views.push", trigger_id=pressed_in_modal(slack), view=modal(title="Two"))
    slack.app.answer = lambda _: {"response_action": "clear"}
    assert slack.rita.submit() is None
    assert slack.rita.modal() is None


@pytest.mark.parametrize("answer", [500, "just text", {"response_action": "dance"}])
def test_a_submission_that_is_answered_badly_leaves_the_modal_open(slack, answer):
    opened(slack)
    slack.rita.fill("why", "x")
    slack.app.answer = lambda _: answer
    assert "We had some trouble connecting. Try again?" in slack.rita.submit()[""]
    assert slack.rita.modal() is not None


def test_an_answer_with_a_wrong_view_says_where(slack):
    opened(slack)
    slack.rita.fill("why", "x")
    slack.app.answer = lambda _: {"response_action": "update", "view": modal(title="x" * 25)}
    assert "/view/title/text" in slack.rita.submit()[""]


def test_a_fourth_modal_is_refused(slack):
    view = modal(actions(button("more")))
    opened(slack, view)
    for _ in range(2):
        assert slack.call("views.push", trigger_id=pressed_in_modal(slack), view=view)["ok"]
    told = slack.call("views.push", trigger_id=pressed_in_modal(slack), view=view)
    assert told["error"] == "push_limit_reached"


def test_a_push_needs_a_trigger_from_a_modal(slack):
    assert slack.call("views.push", trigger_id=trigger(slack), view=modal())["error"] == "not_found"


def test_a_press_in_a_modal_carries_what_was_entered(slack):
    opened(slack, modal(text_input(), actions(button("more"))))
    slack.rita.fill("why", "half done")
    slack.rita.click(slack.rita.modal(), "more")
    payload = slack.app.last
    assert payload["container"] == {"type": "view", "view_id": slack.rita.modal().id}
    assert payload["view"]["state"]["values"]["why"]["v"]["value"] == "half done"
    assert not {"message", "channel", "response_url"} & set(payload)


def test_a_stale_hash_is_a_conflict(slack):
    view = opened(slack)
    assert slack.call("views.update", view_id=view["id"], hash=view["hash"], view=modal())["ok"]
    late = slack.call("views.update", view_id=view["id"], hash=view["hash"], view=modal())
    assert late["error"] == "hash_conflict"


def test_a_view_is_updated_by_its_external_id_and_no_two_share_one(slack):
    opened(slack, modal(external_id="mine"))
    assert slack.call("views.update", external_id="mine", view=modal(title="New", external_id="mine"))["ok"]
    assert slack.rita.modal().title == "New"
    told = slack.call(
        "views.publish", user_id="U0ANA", view={"type": "home", "blocks": [], "external_id": "mine"}
    )
    assert told["error"] == "duplicate_external_id"


def test_a_view_that_is_gone_is_not_updated(slack):
    assert slack.call("views.update", view_id="V0GONE", view=modal())["error"] == "not_found"
    assert slack.call("views.update", view=modal())["error"] == "invalid_arguments"


def test_an_external_select_asks_the_app(slack):
    select = {"type": "external_select", "action_id": "app", "min_query_length": 0}
    opened(slack, modal({"type": "input", "block_id": "pick", "label": plain("App"), "element": select}))
    slack.app.answer = lambda _: {"options": [option("Support line", "1"), option("Sales line", "2")]}
    slack.rita.choose("pick", "Sales line", typed="li")
    asked = slack.app.last
    assert (asked["type"], asked["action_id"], asked["block_id"], asked["value"]) == (
        "block_suggestion", "app", "pick", "li",
    )  # fmt: skip
    slack.app.answer = lambda _: None
    assert slack.rita.submit() is None
    assert slack.app.last["view"]["state"]["values"]["pick"]["app"]["selected_option"]["value"] == "2"


def test_too_many_options_are_refused(slack):
    select = {"type": "external_select", "action_id": "app"}
    message = slack.post("x", [actions(select)])
    slack.app.answer = lambda _: {"options": [option(str(n), str(n)) for n in range(101)]}
    assert slack.rita.options(message, "app", "x") == []
    assert "no more than 100" in str(slack.control.log("refused"))


def test_checkboxes_and_radio_buttons_are_entered_by_their_texts(slack):
    boxes = {
        "type": "checkboxes",
        "action_id": "b",
        "options": [option("SMS", "sms"), option("Voice", "voice")],
    }
    radio = {"type": "radio_buttons", "action_id": "r", "options": [option("Yes", "y"), option("No", "n")]}
    blocks = [
        {"type": "input", "block_id": name, "label": plain(name), "element": element}
        for name, element in (("boxes", boxes), ("radio", radio))
    ]
    opened(slack, modal(*blocks))
    slack.rita.choose("boxes", "SMS", "Voice")
    slack.rita.choose("radio", "No")
    assert slack.rita.submit() is None
    values = slack.app.last["view"]["state"]["values"]
    assert [o["value"] for o in values["boxes"]["b"]["selected_options"]] == ["sms", "voice"]
    assert values["radio"]["r"]["selected_option"]["value"] == "n"


def test_an_input_that_dispatches_is_sent_when_it_changes(slack):
    select = {"type": "static_select", "action_id": "s", "options": [option("One", "1")]}
    block = {
        "type": "input",
        "block_id": "pick",
        "label": plain("Pick"),
        "element": select,
        "dispatch_action": True,
    }
    opened(slack, modal(block))
    assert slack.rita.choose("pick", "One").status == 200
    assert slack.app.last["type"] == "block_actions"


@pytest.mark.parametrize("everything", [False, True])
def test_closing_is_told_if_the_view_asked_for_it(slack, everything):
    opened(slack, modal(notify_on_close=True))
    slack.rita.close_modal(everything=everything)
    assert slack.app.last["type"] == "view_closed"
    assert slack.app.last["is_cleared"] is everything


def pushed(slack, view):
    told = slack.call("views.push", trigger_id=pressed_in_modal(slack), view=view)
    assert told["ok"], told
    return told["view"]


def test_a_button_pushes_views_that_know_their_root_and_their_parent(slack):
    more = modal(text_input(), actions(button("more")))
    first = opened(slack, more)
    second = pushed(slack, more)
    third = pushed(slack, modal(title="Three"))
    assert (first["root_view_id"], first["previous_view_id"]) == (first["id"], None)
    assert (second["root_view_id"], second["previous_view_id"]) == (first["id"], first["id"])
    assert (third["root_view_id"], third["previous_view_id"]) == (first["id"], second["id"])
    slack.rita.close_modal()
    assert slack.rita.modal().id == second["id"]


def test_what_was_entered_below_is_there_when_the_view_above_is_closed(slack):
    opened(slack, modal(text_input(), actions(button("more"))))
    slack.rita.fill("why", "from below")
    pushed(slack, modal(text_input(), title="On top"))
    slack.rita.fill("why", "from above")
    slack.rita.close_modal()
    assert slack.rita.submit() is None
    assert slack.app.last["view"]["state"]["values"]["why"]["v"]["value"] == "from below"


def test_a_view_below_is_updated_while_another_lies_on_it(slack):
    first = opened(slack, modal(text_input(), actions(button("more"))))
    pushed(slack, modal(title="On top"))
    told = slack.call("views.update", view_id=first["id"], hash=first["hash"], view=modal(title="Below"))
    assert (told["view"]["id"], slack.rita.modal().title) == (first["id"], "On top")
    slack.rita.close_modal()
    assert slack.rita.modal().title == "Below"


def test_an_update_keeps_what_was_entered_under_equal_ids_and_nothing_else(slack):
    view = opened(slack, modal(text_input(), text_input("note")))
    slack.rita.fill("why", "kept")
    slack.rita.fill("note", "lost")
    other = text_input("note")
    other["element"]["action_id"] = "another"
    changed = modal(text_input(), {**other, "optional": True}, text_input("new", optional=True))
    assert slack.call("views.update", view_id=view["id"], hash=view["hash"], view=changed)["ok"]
    assert slack.rita.submit() is None
    assert slack.app.last["view"]["state"]["values"] == {
        "why": {"v": {"type": "plain_text_input", "value": "kept"}},
        "note": {"another": {"type": "plain_text_input", "value": None}},
        "new": {"v": {"type": "plain_text_input", "value": None}},
    }
