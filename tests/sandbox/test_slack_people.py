"""Guests, deactivated accounts and people of other workspaces, as Slack shows them to an app."""

import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.counterpart import actions, button, modal, text_input


def kinds(user):
    return user["is_restricted"], user["is_ultra_restricted"]


def test_a_single_channel_guest_lives_in_the_world(slack, client):
    assert kinds(client.users_info(user="U0GUS")["user"]) == (True, True)
    assert "U0GUS" in client.conversations_members(channel="C0NUMBERS")["members"]
    assert "U0GUS" not in client.conversations_members(channel="C0APPROVE")["members"]


@pytest.mark.parametrize(
    ("guest", "restricted"), [("multi", (True, False)), ("single", (True, True)), ("", (False, False))]
)
def test_a_person_can_be_made_a_guest(slack, client, guest, restricted):
    slack.control.person("U0ANA", guest=guest)
    assert kinds(client.users_info(user="U0ANA")["user"]) == restricted
    listed = {member["id"]: member for member in client.users_list()["members"]}
    assert kinds(listed["U0ANA"]) == restricted
    assert kinds(listed["U0RITA"]) == (False, False)


def test_a_guest_can_be_made_a_full_member(slack, client):
    slack.control.person("U0GUS", guest="")
    assert kinds(client.users_info(user="U0GUS")["user"]) == (False, False)
    slack.control.person("U0GUS")
    assert kinds(client.users_info(user="U0GUS")["user"]) == (True, True)


def test_a_deactivated_account_is_shown_with_fewer_fields_and_takes_no_message(slack, client):
    slack.control.person("U0OTTO", deleted=True)
    user = client.users_info(user="U0OTTO")["user"]
    assert user["deleted"] is True
    assert not {"is_restricted", "is_ultra_restricted", "is_stranger", "tz"} & set(user)
    assert slack.call("conversations.open", users="U0OTTO")["error"] == "user_disabled"
    assert slack.call("users.lookupByEmail", email="otto@demo.test")["error"] == "users_not_found"


def test_a_person_of_another_workspace_has_its_id_and_no_address(slack, client):
    slack.control.person("U0ANA", team="T0OTHER")
    user = client.users_info(user="U0ANA")["user"]
    assert (user["team_id"], user["profile"]["team"], user["is_stranger"]) == ("T0OTHER", "T0OTHER", True)
    assert "email" not in user["profile"]


def test_a_person_met_in_a_shared_channel_is_no_stranger_and_yet_of_another_workspace(slack, client):
    slack.control.person("U0ANA", team="T0OTHER", stranger=False)
    user = client.users_info(user="U0ANA")["user"]
    assert (user["team_id"], user["is_stranger"]) == ("T0OTHER", False)


def test_a_look_up_can_be_broken_and_only_that_one(slack, client):
    slack.control.person("U0ANA", error="internal_error")
    with pytest.raises(SlackApiError, match="internal_error"):
        client.users_info(user="U0ANA")
    assert client.users_info(user="U0RITA")["ok"]


def test_a_reset_makes_everybody_what_they_were(slack, client):
    slack.control.person("U0ANA", guest="multi", deleted=True, team="T0OTHER", error="internal_error")
    slack.control.reset()
    user = client.users_info(user="U0ANA")["user"]
    assert (user["deleted"], user["team_id"], *kinds(user)) == (False, "T0DEMO", False, False)


@pytest.mark.parametrize(
    "order", [{"user": "U0NOBODY"}, {"user": "U0DESK"}, {"user": "U0ANA", "guest": "both"}, {}]
)
def test_an_order_that_makes_no_sense_is_refused(slack, order):
    assert slack.http.post("/control/people", json=order).status_code == 400


def test_a_command_of_another_workspaces_person_says_whose_they_are(slack):
    slack.control.person("U0RITA", team="T0OTHER")
    slack.rita.command("C0NUMBERS", "/number help")
    assert (slack.app.last["team_id"], slack.app.last["team_domain"]) == ("T0OTHER", "other")


def test_a_press_of_another_workspaces_person_keeps_the_apps_team(slack):
    slack.control.person("U0RITA", team="T0OTHER")
    slack.rita.click(slack.post("Choose", [actions(button("go"))]), "go")
    assert (slack.app.last["user"]["team_id"], slack.app.last["team"]["id"]) == ("T0OTHER", "T0DEMO")


def test_a_submission_of_another_workspaces_person_has_their_team_and_where_the_app_is(slack):
    slack.control.person("U0RITA", team="T0OTHER")
    slack.rita.command("C0NUMBERS", "/number x")
    slack.call("views.open", trigger_id=slack.app.last["trigger_id"], view=modal(text_input()))
    slack.rita.fill("why", "because")
    assert slack.rita.submit() is None
    sent = slack.app.last
    assert (sent["user"]["team_id"], sent["team"]["id"]) == ("T0OTHER", "T0OTHER")
    assert sent["view"]["app_installed_team_id"] == "T0DEMO"
