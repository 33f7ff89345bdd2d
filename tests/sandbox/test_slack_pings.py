"""Who is pinged by what, and who is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.slack.pings import pinged
from tests.sandbox.counterpart import button

EVERYBODY = ["U0RITA", "U0ANA", "U0OTTO", "U0CARA", "U0GUS"]


def section(text, kind="mrkdwn", **more):
    return {"type": "section", "text": {"type": kind, "text": text}, **more}


def who(slack, since=0):
    return [ping["users"] for ping in slack.control.pings(since)]


@pytest.mark.parametrize(
    ("text", "users"),
    [
        ("<@U0ANA> please", ["U0ANA"]),
        ("<@U0ANA|ana> and <@U0RITA>", ["U0RITA", "U0ANA"]),
        ("<!subteam^S0PROCURE>", ["U0ANA", "U0OTTO"]),
        ("<!subteam^S0PROCURE|@procurement> <@U0OTTO>", ["U0ANA", "U0OTTO"]),
        ("<!channel>", EVERYBODY),
        ("<!here|here>", EVERYBODY),
        ("<!everyone>", EVERYBODY),
    ],
)
def test_a_mention_pings(slack, text, users):
    message = slack.post(text)
    assert slack.control.pings() == [{"channel": "C0NUMBERS", "ts": message.ts, "users": users}]


@pytest.mark.parametrize(
    "text",
    [
        "ana",
        "@ana",
        "&lt;@U0ANA&gt;",
        "&lt;!channel&gt;",
        "<@U0DESK>",
        "<@U0NOBODY>",
        "<!subteam^S0NONE>",
        "@here",
    ],
)
def test_what_is_no_mention_of_a_person_pings_nobody(slack, text):
    slack.post(text)
    assert slack.control.pings() == []


def test_mentions_in_blocks_ping_where_they_are_shown(slack):
    fields = {"type": "section", "fields": [{"type": "mrkdwn", "text": "<@U0OTTO>"}]}
    context = {"type": "context", "elements": [{"type": "mrkdwn", "text": "<@U0CARA>"}]}
    slack.post("In words", [section("for <@U0ANA>"), fields, context])
    assert who(slack) == [["U0ANA", "U0OTTO", "U0CARA"]]


def test_plain_text_and_what_a_dialog_says_ping_nobody(slack):
    confirm = {
        "title": {"type": "plain_text", "text": "<!channel>"},
        "text": {"type": "mrkdwn", "text": "<@U0ANA>"},
    }
    slack.post("In words", [section("<@U0ANA>", "plain_text", accessory=button("go", confirm=confirm))])
    assert who(slack) == []


def test_an_edit_pings_nobody(slack):
    message = slack.post("for nobody")
    slack.call("chat.update", channel="C0NUMBERS", ts=message.ts, text="<!channel> <@U0ANA>")
    assert who(slack) == []


def test_an_ephemeral_message_pings_nobody(slack):
    slack.call("chat.postEphemeral", channel="C0NUMBERS", user="U0RITA", text="<!channel> <@U0ANA>")
    assert who(slack) == []


def test_only_who_is_in_the_channel_is_pinged(slack):
    slack.post("<@U0GUS> <@U0ANA>", channel="C0APPROVE")
    slack.post("<@U0RITA> <@U0ANA>", channel="D0RITA")
    assert who(slack) == [["U0ANA"], ["U0RITA"]]


def test_who_left_is_pinged_no_more_and_a_group_is_who_is_in_it_now(slack):
    slack.control.group("S0PROCURE", users=["U0OTTO", "U0CARA"])
    slack.control.person("U0OTTO", deleted=True)
    slack.post("<!subteam^S0PROCURE>")
    assert who(slack) == [["U0CARA"]]


def test_a_person_pings_others_and_not_themselves(slack):
    slack.rita.command("C0NUMBERS", "@rita @ana look")
    assert who(slack) == [["U0ANA"]]


def test_pings_are_counted_from_a_mark(slack):
    slack.post("<@U0ANA>")
    mark = slack.control.mark()
    slack.post("<@U0OTTO>")
    assert who(slack, mark) == [["U0OTTO"]]
    slack.control.reset()
    assert slack.control.pings() == []


def test_an_answer_in_the_channel_pings_and_what_it_replaces_does_not(slack):
    slack.app.answer = lambda _: {"response_type": "in_channel", "text": "<@U0ANA>"}
    slack.rita.command("C0NUMBERS", "/number x")
    assert who(slack) == [["U0ANA"]]
    message = slack.post("Choose", [{"type": "actions", "elements": [button("go")]}])
    slack.app.answer = lambda _: None
    slack.rita.click(message, "go")
    slack.http.post(slack.app.last["response_url"], json={"text": "<@U0OTTO>", "replace_original": True})
    assert who(slack) == [["U0ANA"]]


@given(st.text(alphabet="<@!>U0AN|channelsubtem^S "))
def test_nobody_is_pinged_who_is_not_in_the_channel(text):
    there = ["U0ANA", "U0OTTO"]
    assert set(pinged(text, [section(text)], there, {"S0": ["U0CARA"]})) <= set(there)
