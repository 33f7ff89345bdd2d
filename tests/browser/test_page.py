"""The page of the stand-in of Slack, in a real browser, with a tiny app behind it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.sandbox.counterpart import actions, button, modal, option, plain, text_input


@pytest.fixture
def rita(slack, page: Page):
    page.goto(f"{slack.url}/?user=U0RITA")
    return page


def send(page, text, place="#phone-numbers"):
    box = page.get_by_label(f"Message {place}")
    box.fill(text)
    box.press("Enter")


def open_modal(slack, view):
    slack.rita.command("C0NUMBERS", "/number x")
    told = slack.call("views.open", trigger_id=slack.app.last["trigger_id"], view=view)
    assert told["ok"], told


def test_the_page_says_what_it_is(rita):
    expect(rita).to_have_title("Workbench — a local stand-in of Slack")
    expect(rita.get_by_text("Not affiliated with")).to_be_visible()
    expect(rita.get_by_role("heading", name="#phone-numbers")).to_be_visible()
    expect(rita.get_by_label("Message #phone-numbers")).to_be_focused()


def test_a_command_is_sent_and_its_answer_is_for_one_person(slack, rita, new_context):
    slack.app.answer = lambda _: "Searching *now*"
    ana = new_context().new_page()
    ana.goto(f"{slack.url}/?user=U0ANA")
    send(rita, "/number search US")
    answer = rita.get_by_role("log").get_by_role("listitem").filter(has_text="Searching")
    expect(answer).to_contain_text("Only visible to you")
    expect(answer.locator("strong", has_text="now")).to_be_visible()
    expect(rita.get_by_label("Message #phone-numbers")).to_have_value("")
    assert slack.app.last["text"] == "search US"
    slack.post("for all")
    expect(ana.get_by_text("for all")).to_be_visible()
    expect(ana.get_by_text("Searching")).to_have_count(0)


def test_a_failed_command_is_told_to_the_person(slack, rita):
    slack.app.answer = lambda _: 500
    send(rita, "/number x")
    expect(rita.get_by_text('/number failed with the error "dispatch_failed"')).to_be_visible()


def test_every_kind_of_block_is_drawn(slack, rita):
    marks = "*Bold* _slant_ `code` <https://example.test|link> <@U0ANA> <!subteam^S0PROCURE>"
    small = "<!date^0^{date_num} {time}|then> &lt;b&gt; :warning:"
    blocks = [
        {"type": "header", "text": plain("Numbers")},
        {"type": "divider"},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": marks},
            "accessory": button("buy", "Buy", accessibility_label="Buy +1 415 555 0100"),
        },
        {"type": "section", "fields": [plain("Left"), plain("Right")]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": small}]},
    ]
    slack.post("In words", blocks)
    message = rita.get_by_role("log").get_by_role("listitem").filter(has_text="Numbers")
    expect(message.get_by_role("heading", name="Numbers")).to_be_visible()
    expect(message.get_by_role("link", name="link")).to_have_attribute("href", "https://example.test")
    expect(message.get_by_role("button", name="Buy +1 415 555 0100")).to_have_text("Buy")
    expect(message).to_contain_text("@ana @procurement")
    expect(message).to_contain_text(re.compile(r"01/01/1970 12:00.AM <b> ⚠️"))
    expect(message.locator("em", has_text="slant")).to_be_visible()


def test_text_of_others_never_becomes_markup(slack, rita):
    slack.post("<javascript:alert(1)|click> &lt;img src=x onerror=alert(1)&gt; <script>alert(1)</script>")
    message = rita.get_by_role("log").get_by_role("listitem").filter(has_text="onerror")
    expect(message.locator("img, script, a")).to_have_count(0)


def test_a_button_asks_first_if_it_should_and_a_change_is_seen_by_all(slack, rita):
    confirm = {
        "title": plain("Sure?"),
        "text": plain("It costs money."),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    message = slack.post("Choose", [actions(button("go", confirm=confirm))])
    rita.get_by_role("button", name="Go").click()
    dialog = rita.get_by_role("alertdialog", name="Sure?")
    dialog.get_by_role("button", name="No").click()
    expect(dialog).to_have_count(0)
    assert slack.app.received == []
    rita.get_by_role("button", name="Go").click()
    with rita.expect_response("**/ui/press"):
        dialog.get_by_role("button", name="Yes").click()
    assert slack.app.last["actions"][0]["action_id"] == "go"
    slack.call("chat.update", channel="C0NUMBERS", ts=message.ts, text="Decided", blocks=[])
    expect(rita.get_by_text("Decided")).to_be_visible()
    expect(rita.get_by_role("button", name="Go")).to_have_count(0)


def test_a_modal_is_filled_in_corrected_and_sent(slack, rita):
    select = {"type": "static_select", "action_id": "s", "options": [option("One", "1"), option("Two", "2")]}
    boxes = {
        "type": "checkboxes",
        "action_id": "b",
        "options": [option("SMS", "sms"), option("Voice", "voice")],
    }
    radio = {"type": "radio_buttons", "action_id": "r", "options": [option("Yes", "y"), option("No", "n")]}
    blocks = [
        {"type": "input", "block_id": name, "label": plain(name), "element": element}
        for name, element in (("Pick", select), ("Boxes", boxes), ("Radio", radio))
    ]
    open_modal(slack, modal(text_input(hint=plain("In a few words")), *blocks))
    dialog = rita.get_by_role("dialog", name="A form")
    expect(dialog.get_by_label("Why")).to_be_focused()
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text("Please complete this required field.")).to_have_count(4)
    expect(dialog.get_by_label("Why")).to_be_focused()
    dialog.get_by_label("Why").fill("because")
    dialog.get_by_label("Pick").select_option("Two")
    dialog.get_by_label("SMS").check()
    dialog.get_by_label("No", exact=True).check()
    slack.app.answer = lambda _: {"response_action": "errors", "errors": {"why": "Say more"}}
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text("Say more")).to_be_visible()
    expect(dialog.get_by_label("Why")).to_have_value("because")
    slack.app.answer = lambda _: None
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    values = slack.app.last["view"]["state"]["values"]
    assert values["why"]["v"]["value"] == "because"
    assert values["Pick"]["s"]["selected_option"]["value"] == "2"
    assert [o["value"] for o in values["Boxes"]["b"]["selected_options"]] == ["sms"]
    assert values["Radio"]["r"]["selected_option"]["value"] == "n"


def test_what_was_typed_survives_an_update_of_the_view(slack, rita):
    open_modal(slack, modal(text_input()))
    rita.get_by_label("Why").fill("half a sen")
    view = slack.rita.modal()
    slack.call("views.update", view_id=view.id, view=modal(text_input(), title="Changed"))
    dialog = rita.get_by_role("dialog", name="Changed")
    expect(dialog.get_by_label("Why")).to_have_value("half a sen")
    expect(dialog.get_by_label("Why")).to_be_focused()


def test_an_app_that_fails_leaves_the_modal_open_with_a_word(slack, rita):
    open_modal(slack, modal(text_input()))
    slack.app.answer = lambda _: 500
    rita.get_by_label("Why").fill("x")
    rita.get_by_label("Why").press("Enter")
    dialog = rita.get_by_role("dialog", name="A form")
    expect(dialog.get_by_role("alert")).to_contain_text("We had some trouble connecting. Try again?")


def test_modals_lie_on_each_other_and_escape_closes_one(slack, rita):
    open_modal(slack, modal(text_input()))
    slack.app.answer = lambda _: {"response_action": "push", "view": modal(title="On top")}
    rita.get_by_label("Why").fill("kept")
    rita.get_by_role("button", name="Send", exact=True).last.click()
    top = rita.get_by_role("dialog", name="On top")
    top.get_by_role("button", name="Back").click()
    expect(rita.get_by_role("dialog", name="A form").get_by_label("Why")).to_have_value("kept")
    rita.keyboard.press("Escape")
    expect(rita.get_by_role("dialog")).to_have_count(0)


def test_an_external_select_is_a_combobox_for_keys_and_mouse(slack, rita):
    select = {"type": "external_select", "action_id": "app", "min_query_length": 1}
    open_modal(slack, modal({"type": "input", "block_id": "pick", "label": plain("App"), "element": select}))
    slack.app.answer = lambda _: {"options": [option("Support line", "1"), option("Sales line", "2")]}
    box = rita.get_by_role("combobox", name="App")
    box.press_sequentially("li")
    expect(rita.get_by_role("listbox").get_by_role("option")).to_have_count(2)
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("Sales line")
    box.fill("s")
    rita.get_by_role("option", name="Support line").click()
    expect(box).to_have_value("Support line")
    slack.app.answer = lambda _: None
    rita.get_by_role("button", name="Send").last.click()
    expect(rita.get_by_role("dialog")).to_have_count(0)
    assert slack.app.last["view"]["state"]["values"]["pick"]["app"]["selected_option"]["value"] == "1"


def test_the_home_tab_opens_and_shows_what_the_app_publishes(slack, rita):
    rita.get_by_role("button", name="Numberdesk").click()
    rita.get_by_role("tab", name="Home").click()
    expect(rita.get_by_text("has not put anything here yet")).to_be_visible()
    home = {"type": "home", "blocks": [{"type": "header", "text": plain("Your numbers")}]}
    slack.call("views.publish", user_id="U0RITA", view=home)
    expect(rita.get_by_role("heading", name="Your numbers")).to_be_visible()
    rita.get_by_role("tab", name="Messages").click()
    expect(rita.get_by_label("Message Numberdesk")).to_be_focused()


def test_switching_the_person_keeps_to_the_address(slack, rita):
    rita.get_by_label("You are").select_option(label="Ana Arslan — approves")
    expect(rita).to_have_url(re.compile(r"\?user=U0ANA"))
    send(rita, "hello from Ana")
    expect(rita.get_by_role("log").get_by_role("listitem").filter(has_text="hello from Ana")).to_contain_text(
        "Ana Arslan"
    )


def test_a_channel_with_news_says_so(slack, rita):
    expect(rita.get_by_role("button", name="# number-approvals")).to_be_visible()
    slack.post("Please decide", channel="C0APPROVE")
    channel = rita.get_by_role("button", name=re.compile(r"# number-approvals \(new\)"))
    channel.click()
    expect(rita.get_by_text("Please decide")).to_be_visible()
    expect(rita.get_by_text("(new)")).to_have_count(0)


def test_the_picker_starts_with_rita_and_marks_who_is_no_member(slack, rita):
    people = rita.get_by_label("You are").get_by_role("option")
    expect(people).to_have_count(5)
    expect(people.first).to_have_text("Rita Reyes — asks")
    expect(people.last).to_have_text("Gus Guest — works for a supplier (guest)")
    slack.control.person("U0CARA", deleted=True, team="T0OTHER")
    expect(people.nth(3)).to_have_text("Cara Chen — CFO (deactivated, another workspace)")
    expect(rita.get_by_label("You are")).to_have_value("U0RITA")


def test_a_single_channel_guest_sees_one_channel(slack, page):
    page.goto(f"{slack.url}/?user=U0GUS")
    expect(page.get_by_role("button", name="# phone-numbers")).to_be_visible()
    expect(page.get_by_role("button", name="# number-approvals")).to_have_count(0)


def person_block(**more):
    select = {"type": "users_select", "action_id": "p", **more}
    return {"type": "input", "block_id": "who", "label": plain("For whom"), "element": select}


def chosen(slack):
    return slack.app.last["view"]["state"]["values"]["who"]["p"]["selected_user"]


def test_a_person_is_found_by_any_part_of_the_name(slack, rita):
    slack.control.person("U0ANA", deleted=True)
    open_modal(slack, modal(person_block(placeholder=plain("Who?"))))
    box = rita.get_by_role("combobox", name="For whom")
    box.fill("a")
    offered = rita.get_by_role("listbox").get_by_role("option")
    expect(offered).to_have_text(["Rita Reyes", "Cara Chen"])
    box.fill("gu")
    expect(offered).to_have_text(["Gus Guest guest"])
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("Gus Guest")
    rita.get_by_role("button", name="Send").last.click()
    expect(rita.get_by_role("dialog")).to_have_count(0)
    assert chosen(slack) == "U0GUS"


def test_a_person_who_is_taken_out_again_is_nobody(slack, rita):
    open_modal(slack, modal({**person_block(initial_user="U0ANA"), "optional": True}))
    box = rita.get_by_role("combobox", name="For whom")
    expect(box).to_have_value("Ana Arslan")
    box.fill("")
    box.press("Tab")  # the list of all people opens a moment later, over the button
    rita.get_by_role("button", name="Send").last.click()
    expect(rita.get_by_role("dialog")).to_have_count(0)
    assert chosen(slack) is None


def test_what_the_person_thought_better_of_is_taken_back(slack, rita):
    confirm = {"title": plain("Sure?"), "text": plain("x"), "confirm": plain("Yes"), "deny": plain("No")}
    person = {"type": "users_select", "action_id": "p", "placeholder": plain("Who"), "confirm": confirm}
    select = {
        "type": "static_select", "action_id": "s", "placeholder": plain("What"), "confirm": confirm,
        "options": [option("One", "1")],
    }  # fmt: skip
    boxes = {"type": "checkboxes", "action_id": "b", "options": [option("SMS", "s")], "confirm": confirm}
    slack.post("Choose", [actions(person, select, boxes)])
    deny = rita.get_by_role("alertdialog").get_by_role("button", name="No")
    rita.get_by_role("combobox", name="Who").fill("ana")
    rita.get_by_role("option", name="Ana Arslan", exact=True).click()
    deny.click()
    expect(rita.get_by_role("combobox", name="Who")).to_have_value("")
    rita.get_by_label("What").select_option("One")
    deny.click()
    expect(rita.get_by_label("What")).to_have_value("")
    rita.get_by_label("SMS").click()
    deny.click()
    expect(rita.get_by_label("SMS")).not_to_be_checked()
    assert slack.app.received == []


def test_a_ping_waits_for_its_person_and_goes_once_it_is_seen(slack, rita):
    slack.post("<@U0ANA> please decide", channel="C0APPROVE")
    expect(rita.get_by_role("button", name=re.compile("# number-approvals"))).to_be_visible()
    expect(rita.get_by_text("(mentions you)")).to_have_count(0)
    rita.get_by_label("You are").select_option("U0ANA")
    channel = rita.get_by_role("button", name=re.compile(r"# number-approvals.*\(mentions you\)"))
    expect(channel).to_contain_text("@")
    channel.click()
    expect(rita.get_by_text("please decide")).to_be_visible()
    expect(rita.get_by_text("(mentions you)")).to_have_count(0)
    rita.reload()
    expect(rita.get_by_text("please decide")).to_be_visible()
    rita.get_by_role("button", name="# phone-numbers").click()
    expect(rita.get_by_text("(mentions you)")).to_have_count(0)
    slack.post("<!subteam^S0PROCURE> one more", channel="C0APPROVE")
    expect(channel).to_be_visible()


def test_an_archived_channel_can_be_read_and_not_written_in(slack, rita):
    slack.post("From before")
    slack.control.channel("C0NUMBERS", archived=True)
    expect(rita.get_by_role("heading", name="#phone-numbers (archived)")).to_be_visible()
    expect(rita.get_by_text("From before")).to_be_visible()
    expect(rita.get_by_role("button", name="Send")).to_be_hidden()


def test_replies_stand_under_their_parent_and_a_broadcast_in_the_channel_too(slack, rita):
    first, _ = slack.post("First card"), slack.post("Second card")
    place = {"channel": "C0NUMBERS", "thread_ts": first.ts}
    slack.call("chat.postMessage", **place, text="A reminder")
    slack.call("chat.postMessage", **place, text="For everybody", reply_broadcast=True)
    lines = rita.get_by_role("log").get_by_role("listitem")
    wanted = ["First card", "A reminder", "For everybody", "Second card", "Replied to a thread"]
    expect(lines).to_contain_text(wanted)
    expect(lines.nth(1)).to_have_class(re.compile("reply"))
    expect(lines.nth(4)).not_to_have_class(re.compile("reply"))
    slack.control.delete("C0NUMBERS", first.ts)
    expect(lines.first).to_contain_text("This message was deleted.")
    expect(lines.nth(1)).to_contain_text("A reminder")
