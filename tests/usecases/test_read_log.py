"""Who sees what of the log, and what is said where that could not be looked up."""

from dataclasses import replace

import pytest

from bot.usecases.read_log import LogPage, read_log
from handlers.ui.audit import log_page
from tests.usecases.conftest import Bench

NOT_KNOWN = "Whether you may see all of it could not be looked up; this is what concerns you."


def slack_is_down(bench: Bench) -> None:
    bench.slack.down = True


def page(bench: Bench, user: str, text: str = "") -> LogPage:
    return read_log(bench.desk, bench.person(user), text)


def said(shown: LogPage) -> list[str]:
    """The text that is read aloud, and the one that is seen."""
    drawn = log_page(shown)
    return [drawn["text"], str(drawn["blocks"])]


def test_an_approver_by_a_group_sees_all_of_it(bench: Bench) -> None:
    bench.offers()
    shown = page(bench, "U0A03")
    assert shown.all_of_it and not shown.not_known
    assert [event.event.actor.id for event in shown.events] == ["U0RITA"]
    assert not any(NOT_KNOWN in text for text in said(shown))


def test_somebody_else_sees_what_concerns_them_and_no_excuse(bench: Bench) -> None:
    bench.offers()
    shown = page(bench, "U0BEA")
    assert (shown.all_of_it, shown.not_known, shown.events) == (False, False, ())
    assert not any(NOT_KNOWN in text for text in said(shown))


@pytest.mark.parametrize("user", ["U0A03", "U0RITA"])
def test_a_group_that_cannot_be_looked_up_is_said(bench: Bench, user: str) -> None:
    bench.offers()
    slack_is_down(bench)
    shown = page(bench, user)
    assert (shown.all_of_it, shown.not_known) == (False, True)
    assert {event.event.actor.id for event in shown.events} <= {user}
    assert all(NOT_KNOWN in text for text in said(shown))


def test_an_approver_by_name_sees_all_of_it_although_slack_is_down(bench: Bench) -> None:
    bench.offers()
    slack_is_down(bench)
    shown = page(bench, "U0BOSS")
    assert shown.all_of_it and not shown.not_known
    assert len(shown.events) == 1


def test_without_a_policy_nobody_sees_more_than_what_concerns_them(bench: Bench) -> None:
    bench.desk = replace(bench.desk, policy=None)
    shown = page(bench, "U0BOSS")
    assert (shown.all_of_it, shown.not_known) == (False, False)
