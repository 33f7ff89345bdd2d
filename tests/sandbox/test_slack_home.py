"""The Home tab: published, opened, pressed, and drawn anew."""

import pytest

from tests.sandbox.counterpart import actions, button, modal, option

MENU = {"type": "overflow", "action_id": "m", "options": [option("Audit", "a"), option("Help", "h")]}
SELECT = {"type": "static_select", "action_id": "s", "options": [option("One", "1"), option("Two", "2")]}


def home(*blocks, **more):
    return {"type": "home", "blocks": list(blocks), **more}


def published(slack, view, **more):
    return slack.call("views.publish", user_id="U0RITA", view=view, **more)


def test_what_is_pressed_on_the_home_tab_has_a_view_and_no_response_url(slack):
    published(slack, home(actions(button("go", value="r1")), private_metadata="page 2"))
    shown = slack.rita.home()
    slack.rita.click(shown, "go", value="r1")
    sent = slack.app.last
    assert sent["container"] == {"type": "view", "view_id": shown.id}
    assert (sent["view"]["type"], sent["view"]["private_metadata"]) == ("home", "page 2")
    assert not {"response_url", "channel", "message"} & set(sent)


def test_menus_and_selects_act_on_the_home_tab_and_selects_keep_their_state(slack):
    published(slack, home(actions(MENU, SELECT, button("go"))))
    shown = slack.rita.home()
    slack.rita.click(shown, "m", text="Help")
    assert slack.app.last["actions"][0]["selected_option"]["value"] == "h"
    slack.rita.click(shown, "s", text="Two")
    slack.rita.click(shown, "go")
    assert slack.app.last["view"]["state"]["values"] == {
        "row": {"s": {"type": "static_select", "selected_option": option("Two", "2")}}
    }


def test_a_modal_opens_from_the_home_tab_and_nothing_is_pushed_on_it(slack):
    published(slack, home(actions(button("go"))))
    slack.rita.click(slack.rita.home(), "go")
    told = slack.call("views.push", trigger_id=slack.app.last["trigger_id"], view=modal())
    assert told["error"] == "not_found"
    slack.rita.click(slack.rita.published(), "go")
    assert slack.call("views.open", trigger_id=slack.app.last["trigger_id"], view=modal())["ok"]
    assert slack.rita.modal().title == "A form"


def test_the_home_tab_keeps_its_id_and_a_stale_hash_is_a_conflict(slack):
    first = published(slack, home())["view"]
    second = published(slack, home(), hash=first["hash"])["view"]
    assert (second["id"], second["hash"] != first["hash"]) == (first["id"], True)
    assert published(slack, home(), hash=first["hash"])["error"] == "hash_conflict"


def test_a_home_tab_over_its_limit_is_refused(slack):
    full = home(*[{"type": "divider"} for _ in range(101)])
    assert published(slack, full)["error"] == "invalid_arguments"
    assert slack.rita.published() is None


def test_nobody_presses_on_the_home_tab_of_another(slack):
    published(slack, home(actions(button("go"))))
    with pytest.raises(LookupError, match="view_not_found"):
        slack.ana.click(slack.rita.published(), "go")


def test_the_home_tab_is_published_and_opened_with_its_view(slack):
    home = {"type": "home", "blocks": [actions(button("again"))]}
    assert slack.call("views.publish", user_id="U0RITA", view=home)["ok"]
    shown = slack.rita.home()
    assert slack.app.last["event"]["view"]["id"] == shown.id
    slack.rita.click(shown, "again")
    assert slack.app.last["view"]["type"] == "home"
    assert slack.ana.published() is None
