"""Several processes behind one address: what one has learned, the other goes by."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.slack.driver import Person
from tests.world import APPROVE, NUMBERS, World, ask, find_offer, free_port, world

RITA, ANA = "U0RITA", "U0ANA"


@contextmanager
def _second_door(first: World) -> Iterator[World]:
    """Another process of the bot on the same rows; from here on Slack calls it."""
    folder = first.folder / "second"
    folder.mkdir()
    second = replace(first, port=free_port(), folder=folder, process=None)
    try:
        second.start()
        first.control.request_url(f"http://127.0.0.1:{second.port}/slack/events")
        yield second
    finally:
        second.kill()


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        made.start()
        yield made


def test_a_form_that_comes_back_to_another_process_is_judged_there(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        ask(rita, dear=True)
        ana.click(ana.wait_message(APPROVE, "Waiting for approval"), "request_approve")
        ana.wait_for(lambda p: p.modal())
        with _second_door(desk):
            since = desk.control.mark()
            assert ana.submit() is None
            rita.wait_message(NUMBERS, "Bought")
            assert desk.control.log("api", "usergroups.users.list", since=since) == []
    assert len(desk.buys()) == 1


def test_an_offer_of_one_process_is_bought_at_another(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita:
        message, value = find_offer(rita, dear=False)
        with _second_door(desk):
            rita.click(message, "offer_buy", value=value)
            rita.wait_for(lambda p: p.modal())
            rita.fill("reason", "For the new hotline")
            assert rita.submit() is None
            rita.wait_message(NUMBERS, "Bought")
    assert len(desk.buys()) == 1


def test_a_form_that_was_open_for_too_long_is_asked_for_once_more(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        ask(rita, dear=True)
        ana.click(ana.wait_message(APPROVE, "Waiting for approval"), "request_approve")
        ana.wait_for(lambda p: p.modal())
        desk.pass_time(11 * 60)
        errors = ana.submit()
        assert errors is not None and "Please press again" in next(iter(errors.values()))
        ana.wait_for(lambda p: p.submit() is None)
        rita.wait_message(NUMBERS, "Bought")
        assert "denied" not in str(desk.rows("SELECT DISTINCT outcome FROM audit_event"))
    assert len(desk.buys()) == 1
