"""The Web API as an SDK meets it: tokens, arguments, lists, messages, files."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.sandbox.counterpart import APP_TOKEN, TOKEN, actions, button


def refusal(call, **arguments):
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return refused.value.response["error"]


def test_auth_test_names_the_bot_and_its_scopes(client):
    told = client.auth_test()
    assert (told["team_id"], told["user_id"], told["bot_id"]) == ("T0DEMO", "U0DESK", "B0DESK")
    assert "chat:write" in told.headers["x-oauth-scopes"]


def test_a_wrong_token_is_refused_and_not_logged(slack):
    answer = slack.http.post("/api/auth.test", headers={"Authorization": "Bearer xoxb-wrong"})
    assert answer.json()["error"] == "invalid_auth"
    assert "xoxb-wrong" not in str(slack.control.log())


def test_no_token_is_refused(slack):
    assert slack.http.post("/api/auth.test").json()["error"] == "not_authed"


def test_the_app_token_is_for_sockets_only(slack):
    client = WebClient(APP_TOKEN, base_url=f"{slack.url}/api/")
    assert refusal(client.auth_test) == "not_allowed_token_type"
    assert client.apps_connections_open(app_token=APP_TOKEN)["url"].startswith("ws://127.0.0.1:")


def test_an_unknown_method_is_named(slack):
    assert slack.call("chat.shout") == {"ok": False, "error": "unknown_method", "req_method": "chat.shout"}


def test_query_form_and_json_are_merged(slack):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    by_form = slack.http.post("/api/api.test?a=1", data={"b": "2"}, headers=headers).json()
    by_json = slack.http.post("/api/api.test?a=1", json={"b": 2}, headers=headers).json()
    assert by_form["args"] == {"a": "1", "b": "2"}
    assert by_json["args"] == {"a": "1", "b": 2}


def test_an_empty_body_that_says_it_is_json_has_no_arguments(slack):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    assert slack.http.post("/api/auth.test", content=b"", headers=headers).json()["ok"]


def test_broken_json_is_refused(slack):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    assert slack.http.post("/api/auth.test", content=b"{", headers=headers).json()["error"] == "invalid_json"


def test_blocks_may_come_as_text_in_a_form(slack):
    data = {"token": TOKEN, "channel": "C0NUMBERS", "text": "x", "blocks": '[{"type":"divider"}]'}
    assert slack.http.post("/api/chat.postMessage", data=data).json()["ok"]
    assert slack.rita.last("C0NUMBERS").blocks[0]["type"] == "divider"
    assert TOKEN not in str(slack.control.log())


def test_a_message_is_seen_by_everybody_in_the_channel(slack, client):
    told = client.chat_postMessage(channel="C0NUMBERS", text="hello")
    assert slack.ana.last("C0NUMBERS").ts == told["ts"]


def test_a_message_to_a_person_opens_their_direct_message(slack, client):
    told = client.chat_postMessage(channel="U0RITA", text="only you")
    assert told["channel"] == slack.rita.direct
    assert slack.rita.last(slack.rita.direct).text == "only you"
    assert slack.ana.messages(slack.rita.direct) == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0NUMBERS", "text": ""}, "no_text"),
        ({"channel": "C0NUMBERS", "blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"text": "x"}, "invalid_arguments"),
    ],
)
def test_a_message_that_cannot_be_posted_is_refused(slack, arguments, error):
    assert slack.call("chat.postMessage", **arguments)["error"] == error


def test_much_block_text_is_refused_though_each_block_is_in_order(slack):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}} for _ in range(4)]
    assert (
        slack.call("chat.postMessage", channel="C0NUMBERS", blocks=blocks)["error"] == "msg_blocks_too_long"
    )


def test_an_update_is_seen_and_keeps_blocks_that_are_not_given(slack, client):
    message = slack.post("first", [actions(button("go"))])
    client.chat_update(channel="C0NUMBERS", ts=message.ts, text="second")
    kept = slack.rita.last("C0NUMBERS")
    assert (kept.text, kept.edited, len(kept.blocks)) == ("second", True, 1)
    client.chat_update(channel="C0NUMBERS", ts=message.ts, text="third", blocks=[])
    assert slack.rita.last("C0NUMBERS").blocks == []


def test_an_ephemeral_message_cannot_be_updated_or_deleted(slack, client):
    told = client.chat_postEphemeral(channel="C0NUMBERS", user="U0RITA", text="x")
    place = {"channel": "C0NUMBERS", "ts": told["message_ts"]}
    assert refusal(client.chat_update, **place, text="y") == "message_not_found"
    assert refusal(client.chat_delete, **place) == "message_not_found"


def test_a_persons_message_is_not_the_bots_to_change(slack, client):
    slack.rita.command("C0NUMBERS", "mine")
    place = {"channel": "C0NUMBERS", "ts": slack.rita.last("C0NUMBERS").ts}
    assert refusal(client.chat_update, **place, text="y") == "cant_update_message"
    assert refusal(client.chat_delete, **place) == "cant_delete_message"


def test_an_update_is_shorter_than_a_message(slack, client):
    message = slack.post("first")
    assert refusal(client.chat_update, channel="C0NUMBERS", ts=message.ts, text="x" * 4001) == "msg_too_long"


def test_a_deleted_message_is_gone(slack, client):
    message = slack.post("first")
    client.chat_delete(channel="C0NUMBERS", ts=message.ts)
    assert slack.rita.messages("C0NUMBERS") == []


def test_an_ephemeral_message_is_for_members_only(client):
    place = {"channel": "D0RITA", "user": "U0ANA", "text": "x"}
    assert refusal(client.chat_postEphemeral, **place) == "user_not_in_channel"


def test_the_history_knows_no_ephemeral_messages(slack, client):
    slack.post("lasting")
    client.chat_postEphemeral(channel="C0NUMBERS", user="U0RITA", text="fleeting")
    history = client.conversations_history(channel="C0NUMBERS")["messages"]
    assert [m["text"] for m in history] == ["lasting"]


def test_a_permalink_leads_to_a_message(slack, client):
    message = slack.post("x")
    link = client.chat_getPermalink(channel="C0NUMBERS", message_ts=message.ts)["permalink"]
    assert link.endswith(f"/archives/C0NUMBERS/p{message.ts.replace('.', '')}")


def test_people_channels_and_the_team_are_listed(client):
    assert [m["id"] for m in client.users_list()["members"]] == [
        "U0RITA", "U0ANA", "U0OTTO", "U0CARA", "U0GUS", "U0DESK",
    ]  # fmt: skip
    assert client.users_info(user="U0ANA")["user"]["real_name"] == "Ana Arslan"
    assert client.users_lookupByEmail(email="ana@demo.test")["user"]["id"] == "U0ANA"
    assert [c["id"] for c in client.conversations_list()["channels"]] == ["C0NUMBERS", "C0APPROVE"]
    assert client.conversations_info(channel="C0APPROVE")["channel"]["name"] == "number-approvals"
    assert "U0DESK" in client.conversations_members(channel="C0NUMBERS")["members"]
    assert client.conversations_open(users="U0RITA")["channel"]["id"] == "D0RITA"
    assert client.team_info()["team"]["name"] == "Demo team"
    assert client.bots_info(bot="B0DESK")["bot"]["user_id"] == "U0DESK"


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
        ("users.lookupByEmail", {"email": "nobody@demo.test"}, "users_not_found"),
        ("conversations.info", {"channel": "C0NOWHERE"}, "channel_not_found"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("conversations.open", {"users": "U0NOBODY"}, "user_not_found"),
        ("usergroups.users.list", {"usergroup": "S0NONE"}, "no_such_subteam"),
        ("bots.info", {"bot": "B0NONE"}, "bot_not_found"),
        ("views.publish", {"user_id": "U0NOBODY"}, "user_not_found"),
    ],
)
def test_what_is_not_there_is_refused_in_slacks_words(slack, method, arguments, error):
    assert slack.call(method, **arguments)["error"] == error


def test_a_group_can_be_changed_and_broken(slack, client):
    assert client.usergroups_users_list(usergroup="S0PROCURE")["users"] == ["U0ANA", "U0OTTO"]
    slack.control.group("S0PROCURE", users=["U0OTTO"])
    assert client.usergroups_users_list(usergroup="S0PROCURE")["users"] == ["U0OTTO"]
    assert client.usergroups_list()["usergroups"][0]["user_count"] == 1
    slack.control.group("S0PROCURE", error="plan_upgrade_required")
    assert refusal(client.usergroups_users_list, usergroup="S0PROCURE") == "plan_upgrade_required"


def test_a_file_is_uploaded_and_posted(slack, client):
    client.files_upload_v2(
        channel="C0NUMBERS", filename="log.csv", content="a,b\n", initial_comment="The log"
    )
    message = slack.rita.last("C0NUMBERS")
    assert "The log" in message.text
    link = message.text.partition("<")[2].partition("|")[0]
    assert slack.http.get(link).text == "a,b\n"


def test_a_file_without_bytes_is_not_found(slack):
    file_id = slack.call("files.getUploadURLExternal", filename="x", length=1)["file_id"]
    told = slack.call("files.completeUploadExternal", files=[{"id": file_id}], channel_id="C0NUMBERS")
    assert told["error"] == "file_not_found"


def test_every_call_stands_in_the_log(slack, client):
    client.chat_postMessage(channel="C0NUMBERS", text="hello")
    entry = slack.control.log("api", "chat.postMessage")[-1]
    assert entry["arguments"]["text"] == "hello"
    assert entry["answer"]["ok"] is True
    assert slack.control.log(since=entry["n"]) == []
