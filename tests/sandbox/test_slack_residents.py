"""A workspace with other people and channels than the demo's; and what a crowd in it costs."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack.driver import Person
from sandbox.slack.world import APPROVALS, DEMO, NUMBERS, PEOPLE, Channel, Member, Residents
from tests.sandbox.counterpart import TOKEN, bench

IDA = Member("U0IDA", "ida", "Ida Ito", "came later")
ROOM = Channel("C0IDA", "ida-alone", only=("U0IDA",))


@pytest.fixture(scope="module")
def running():
    with bench(residents=Residents((*PEOPLE, IDA), (NUMBERS, APPROVALS, ROOM))) as one:
        yield one


@pytest.fixture
def slack(running):
    return running.fresh()


@pytest.fixture
def client(slack):
    return WebClient(TOKEN, base_url=f"{slack.url}/api/")


@pytest.fixture
def ida(slack):
    with Person(slack.url, "U0IDA") as one:
        yield one


def test_a_new_member_is_known_to_the_app_and_to_the_page(slack, client, ida):
    assert client.users_info(user="U0IDA")["user"]["name"] == "ida"
    assert "U0IDA" in [member["id"] for member in client.users_list()["members"]]
    assert "U0IDA" in client.conversations_members(channel="C0NUMBERS")["members"]
    assert ida.direct == "D0IDA" == client.conversations_open(users="U0IDA")["channel"]["id"]
    ida.command("C0NUMBERS", "/number help")
    assert slack.app.last["user_name"] == "ida"


def test_what_is_said_in_a_channel_of_few_is_seen_by_them_alone(slack, client, ida):
    client.chat_postMessage(channel="C0IDA", text="for Ida: <!channel>")
    assert ida.last("C0IDA").text.startswith("for Ida")
    assert slack.control.pings()[-1]["users"] == ["U0IDA"]
    assert slack.rita.messages("C0IDA") == []
    assert client.conversations_members(channel="C0IDA")["members"] == ["U0IDA", "U0DESK"]
    client.chat_postEphemeral(channel="C0IDA", user="U0IDA", text="psst")
    with pytest.raises(SlackApiError, match="user_not_in_channel"):
        client.chat_postEphemeral(channel="C0IDA", user="U0RITA", text="psst")


def test_the_demo_has_its_own_people_only():
    with bench() as demo:
        assert demo.call("users.info", user="U0IDA")["error"] == "user_not_found"
        assert demo.call("chat.postMessage", channel="C0IDA", text="hello")["error"] == "channel_not_found"
    assert [person.name for person in DEMO.people] == ["rita", "ana", "otto", "cara", "gus"]


def test_a_person_waits_for_what_their_own_page_shows(slack, client, ida):
    """With fifty people at their pages, each would look whenever one of the others does something."""

    def revision(of: str) -> int:
        return int(slack.control.get("/ui/changes", since=-1, timeout=0, user=of)["revision"])

    before = revision("U0RITA"), revision("U0IDA")
    client.chat_postMessage(channel="C0IDA", text="for Ida")
    assert (revision("U0RITA"), revision("U0IDA") > before[1]) == (before[0], True)

    before = revision("U0RITA"), revision("U0IDA")
    posted = client.chat_postMessage(channel="C0NUMBERS", text="for all")
    assert revision("U0RITA") > before[0]
    assert revision("U0IDA") > before[1]

    before = revision("U0RITA"), revision("U0IDA")
    client.chat_postEphemeral(channel="C0NUMBERS", user="U0RITA", text="psst")
    assert (revision("U0RITA") > before[0], revision("U0IDA")) == (True, before[1])

    before = revision("U0RITA"), revision("U0IDA")
    client.chat_update(channel="C0NUMBERS", ts=posted["ts"], text="for all of you")
    assert revision("U0RITA") > before[0]
    assert revision("U0IDA") > before[1]

    assert ida.wait_for(lambda one: one.last("C0NUMBERS").edited, own=True)


def test_a_modal_wakes_the_one_who_sees_it(slack, ida):
    view = {"type": "modal", "title": {"type": "plain_text", "text": "A form"}, "blocks": []}
    ida.command("C0NUMBERS", "/number help")
    slack.call("views.open", trigger_id=slack.app.last["trigger_id"], view=view)
    shown = ida.wait_for(lambda one: one.modal(), own=True)
    assert shown and shown.title == "A form"
    assert slack.rita.modal() is None
