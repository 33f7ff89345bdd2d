"""Answers against the stand-in of Slack: what goes wrong on the way, and what the person hears anyway."""

from pathlib import Path
from threading import Event
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.app import make_program
from bot.settings import Settings
from handlers.errand import Reply, start
from handlers.parts import Recipient
from handlers.ui.blocks import message, section
from handlers.ui.trouble import LATE, RESTARTING, UNSHARED
from tests.handlers.answering import NUMBERS, PATIENCE, RITA, direct, parts_for, texts
from tests.sandbox.counterpart import TOKEN, Bench

DOWN = {"status": 500}
ANSWER = message("found", [section("found")])


def by_command(slack: Bench) -> Recipient:
    slack.rita.command(NUMBERS, "/number x")
    return Recipient(RITA, NUMBERS, slack.app.last["response_url"])


def say(slack: Bench, to: Recipient, **options: Any) -> None:
    with parts_for(slack) as parts:
        Reply(parts, to).say(ANSWER, **options)


@pytest.mark.parametrize(
    "do", [DOWN, {"status": 503}, {"reset": "before"}, {"error": "ratelimited", "retry_after": 0}]
)
def test_a_response_url_that_fails_twice_gets_the_answer_at_last(slack: Bench, do: dict[str, Any]) -> None:
    to = by_command(slack)
    slack.control.fault("response_url", do, 2)
    say(slack, to)
    assert (texts(slack), direct(slack)) == (["found"], [])
    assert [entry["ok"] for entry in slack.control.log("response_url")] == [True]


@pytest.mark.parametrize("do", [DOWN, {"error": "ratelimited", "retry_after": 3600}, {"status": 400}])
def test_a_response_url_that_is_of_no_use_is_not_the_end(slack: Bench, do: dict[str, Any]) -> None:
    to = by_command(slack)
    slack.control.fault("response_url", do, 3)
    say(slack, to)
    assert (texts(slack), direct(slack)) == (["found"], [])
    assert slack.rita.last(NUMBERS).ephemeral
    assert slack.ana.messages(NUMBERS) == []


def test_a_response_url_that_is_used_up_is_not_tried_again(slack: Bench) -> None:
    to = by_command(slack)
    for _ in range(5):
        slack.http.post(str(to.url), json={"text": "x"})
    say(slack, to)
    assert texts(slack) == ["x"] * 5 + ["found"]
    assert [entry["ok"] for entry in slack.control.log("response_url")] == [True] * 5 + [False]


def test_a_response_url_of_somebody_else_gets_nothing_and_the_person_does(slack: Bench) -> None:
    say(slack, Recipient(RITA, NUMBERS, "http://127.0.0.1:1/response/x"))
    assert texts(slack) == ["found"]


@pytest.mark.parametrize("do", [DOWN, {"error": "ratelimited", "retry_after": 0}, {"reset": "before"}])
def test_without_a_response_url_the_channel_is_tried_again(slack: Bench, do: dict[str, Any]) -> None:
    slack.control.fault("chat.postEphemeral", do, 2)
    say(slack, Recipient(RITA, NUMBERS))
    assert (texts(slack), direct(slack)) == (["found"], [])


@pytest.mark.parametrize(("do", "times"), [(DOWN, 3), ({"error": "user_not_in_channel"}, 1)])
def test_where_the_channel_is_closed_it_comes_directly(slack: Bench, do: dict[str, Any], times: int) -> None:
    slack.control.fault("chat.postEphemeral", do, times)
    slack.control.fault("chat.postMessage", DOWN)
    say(slack, Recipient(RITA, NUMBERS))
    assert (texts(slack), direct(slack)) == ([], ["found"])


def test_if_nobody_can_be_told_the_log_says_so_once_and_without_the_url(slack: Bench) -> None:
    to = by_command(slack)
    slack.control.fault("response_url", DOWN, 100)
    slack.control.fault("*", DOWN, 100)
    with capture_logs() as lines:
        say(slack, to)
    assert [line["event"] for line in lines] == ["an answer reached nobody"]
    assert str(to.url) not in repr(lines)
    assert (texts(slack), direct(slack)) == ([], [])


def test_a_try_that_the_end_of_the_program_cuts_off_is_logged(slack: Bench) -> None:
    slack.control.fault("chat.postEphemeral", DOWN)
    with capture_logs() as lines, parts_for(slack, pauses=(60.0,)) as parts:
        Reply(parts, Recipient(RITA, NUMBERS)).say(ANSWER)
        parts.apologies.stop(0.01)
    assert "an answer reached nobody" in [line["event"] for line in lines]


def test_a_shared_page_goes_to_the_channel_where_the_response_url_is_closed(slack: Bench) -> None:
    to = by_command(slack)
    slack.control.fault("response_url", {"status": 404})
    say(slack, to, public=True)
    assert [each.text for each in slack.ana.messages(NUMBERS)] == ["found"]


def test_a_page_that_cannot_be_shared_is_not_said_to_be(slack: Bench) -> None:
    slack.control.fault("chat.postMessage", {"error": "not_in_channel"})
    say(slack, Recipient(RITA, NUMBERS), public=True)
    assert (texts(slack), direct(slack)) == ([], [UNSHARED])


def test_an_excuse_is_tried_once_each_way(slack: Bench) -> None:
    to = by_command(slack)
    slack.control.fault("response_url", DOWN)
    with parts_for(slack, pauses=(60.0, 60.0)) as parts:
        Reply(parts, to).excuse()
    assert texts(slack) == [LATE]


def test_who_has_the_answer_gets_no_excuse_and_hears_of_no_restart(slack: Bench) -> None:
    with parts_for(slack) as parts:
        reply = Reply(parts, Recipient(RITA, NUMBERS))
        reply.say(ANSWER)
        reply.excuse()
        reply.lost()
    assert texts(slack) == ["found"]


def test_work_that_takes_long_is_excused_without_a_response_url(slack: Bench) -> None:
    gate = Event()
    with parts_for(slack, patience=0.01) as parts:
        reply = Reply(parts, Recipient(RITA, NUMBERS))
        assert start(parts, reply, lambda r: (gate.wait(PATIENCE), r.say(ANSWER)))
        slack.rita.wait_message(NUMBERS, LATE)
        gate.set()
    assert texts(slack) == [LATE, "found"]


def test_work_that_is_lost_is_told_to_those_who_wait_for_it(slack: Bench) -> None:
    gate, began = Event(), Event()
    with parts_for(slack) as parts:
        here, there = Recipient(RITA, NUMBERS), Recipient("U0ANA", NUMBERS)
        assert start(parts, Reply(parts, here), lambda _: (began.set(), gate.wait(PATIENCE)))
        assert began.wait(PATIENCE)
        assert start(parts, Reply(parts, there), lambda _: None)
        parts.errands.stop(0.01)
        parts.apologies.stop(PATIENCE)
        gate.set()
    assert texts(slack) == [RESTARTING]
    assert [each.text for each in slack.ana.messages(NUMBERS)] == [RESTARTING]


def test_the_program_leaves_time_to_say_what_is_lost(slack: Bench, tmp_path: Path) -> None:
    settings = Settings(
        slack_bot_token=TOKEN, slack_api_url=f"{slack.url}/api/", plivo_auth_id="MA", plivo_auth_token="x",
        database_url=f"sqlite:///{tmp_path / 'x.db'}",
    )  # fmt: skip
    program = make_program(settings, works=False)
    gate, began = Event(), Event()
    reply = Reply(program.parts, by_command(slack))
    assert start(program.parts, reply, lambda _: (began.set(), gate.wait(PATIENCE)))
    assert began.wait(PATIENCE)
    program.stop(5.1)
    assert texts(slack) == [RESTARTING]
    gate.set()
