"""The words of a timeline: plain, for every action, done or tried."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.model.audit import SYSTEM, Action, Actor, ActorType, AuditEvent, LoggedEvent, Outcome
from handlers.ui.timeline import DONE, happened, own_step, step

AT = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
ANA = Actor(ActorType.USER, "U0ANA")


def event(
    action: Action, actor: Actor = ANA, outcome: Outcome = Outcome.SUCCESS, **fields: Any
) -> AuditEvent:
    return AuditEvent(workspace="T", account="M", actor=actor, action=action, outcome=outcome, **fields)


def logged(what: AuditEvent) -> LoggedEvent:
    return LoggedEvent(seq=1, id="E1", at=AT, event=what)


def test_every_action_has_words() -> None:
    assert set(DONE) == set(Action)
    assert all(words.strip() and "_" not in words for words in DONE.values())


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (event(Action.REQUEST_SUBMITTED), "asked"),
        (event(Action.REQUEST_SUBMITTED, changes={"for": "U0CARA"}), "asked for <@U0CARA>"),
        (event(Action.REQUEST_APPROVAL, changes={"approvals": "1 of 2"}), "approved (1 of 2)"),
        (event(Action.REQUEST_APPROVAL, outcome=Outcome.DENIED), "tried to approve"),
        (event(Action.REQUEST_DENIED), "denied"),
        (event(Action.REQUEST_REPRICED, SYSTEM), "price rose: the approvers are asked"),
        (
            event(Action.REQUEST_REMINDED, SYSTEM, changes={"reminder": 2}),
            "reminded the approvers (reminder 2)",
        ),
        (
            event(Action.REQUEST_REASON_CHANGED, changes={"from": "a <b>"}),
            "reason changed (it was “a &lt;b&gt;”)",
        ),
        (event(Action.PURCHASE_BOUGHT, SYSTEM), "bought"),
        (
            event(Action.PURCHASE_SETTLED, changes={"to": "not_bought"}),
            "said by hand what became of it: not bought",
        ),
    ],
)
def test_what_happened_is_said_in_plain_words(what: AuditEvent, words: str) -> None:
    assert happened(what) == words


def test_more_time_is_said_in_the_readers_zone() -> None:
    until = happened(event(Action.REQUEST_EXTENDED, changes={"until": "2026-03-16T09:26:53+00:00"}))
    assert until.startswith("more time given, until <!date^1773653213^")


def test_a_step_says_when_who_and_what_was_said() -> None:
    line = step(logged(event(Action.REQUEST_DENIED, reason="Too dear")))
    assert line.startswith("<!date^1773480413^")
    assert line.endswith(" · denied · by <@U0ANA> · “Too dear”")
    assert " by Numberdesk" in step(logged(event(Action.PURCHASE_BOUGHT, SYSTEM)))
    shell = Actor(ActorType.OPERATOR, "shell")
    assert " by an operator" in step(logged(event(Action.PURCHASE_SETTLED, shell)))


def test_an_outcome_is_said_where_the_words_do_not() -> None:
    refused = step(logged(event(Action.REQUEST_APPROVAL, outcome=Outcome.DENIED, reason="Not yours")))
    assert "tried to approve · by <@U0ANA> · *denied* · “Not yours”" in refused
    unnamed = step(logged(event(Action.NUMBER_NAMED, SYSTEM, Outcome.FAILURE)))
    assert unnamed.endswith("*failed*")
    gone = step(logged(event(Action.PURCHASE_REFUSED, SYSTEM, Outcome.FAILURE)))
    assert gone.endswith("not bought: refused · by Numberdesk")


def test_a_step_without_its_request_says_what_it_is_about() -> None:
    bought = own_step(logged(event(Action.PURCHASE_BOUGHT, SYSTEM, number="14155550100")))
    assert bought.endswith(" · +1 415-555-0100")
    searched = own_step(logged(event(Action.SEARCH_PERFORMED, changes={"search": "US *415*"})))
    assert searched.endswith(" · `US *415*`")
