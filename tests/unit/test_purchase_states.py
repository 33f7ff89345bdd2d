"""The states of a purchase, held against what money demands."""

import pytest

from bot.model.purchase import LIVE, MOVES, UNSETTLED, PurchaseStatus
from bot.usecases.settle import ASKABLE

S = PurchaseStatus


def _reachable(start: S) -> set[S]:
    seen = {start}
    todo = [start]
    while todo:
        fresh = MOVES[todo.pop()] - seen
        seen |= fresh
        todo += fresh
    return seen


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(S)


def test_every_state_can_be_reached_from_the_first() -> None:
    assert _reachable(S.WAITING) == set(S)


@pytest.mark.parametrize("start", list(S))
def test_no_state_leads_to_itself(start: S) -> None:
    assert start not in MOVES[start]


def test_only_a_queued_purchase_is_called_for() -> None:
    assert [start for start in S if S.BUYING in MOVES[start]] == [S.QUEUED]


@pytest.mark.parametrize(
    "start", [S.UNKNOWN, S.NEEDS_HUMAN, S.NOT_BOUGHT, S.BOUGHT, S.AWAITING_DOCUMENTS, S.REFUSED]
)
def test_after_a_call_that_may_have_bought_there_is_no_second_call(start: S) -> None:
    assert S.BUYING not in _reachable(start)


@pytest.mark.parametrize("end", [S.BOUGHT, S.REFUSED, S.DROPPED])
def test_an_end_is_an_end(end: S) -> None:
    assert MOVES[end] == frozenset()


@pytest.mark.parametrize("start", sorted(UNSETTLED))
def test_what_is_unsettled_can_be_settled_either_way(start: S) -> None:
    assert S.BOUGHT in _reachable(start)
    assert _reachable(start) & {S.NOT_BOUGHT, S.REFUSED}


def test_while_money_may_move_nobody_else_buys_the_number() -> None:
    assert UNSETTLED <= LIVE
    assert LIVE.isdisjoint({S.DROPPED, S.REFUSED, S.NOT_BOUGHT})


def test_a_person_settles_only_what_is_unclear() -> None:
    assert ASKABLE <= UNSETTLED
    assert all({S.BOUGHT, S.NOT_BOUGHT} <= MOVES[start] for start in ASKABLE)
