"""Purchases: the state machine at rest, and one live purchase of a number at most."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.model.policy import Budgets
from bot.model.purchase import HELD, LIVE, MOVES, RESERVING, UNSETTLED, PurchaseStatus
from storage import budgets, purchases, schema
from storage.purchases import KeptPurchase
from storage.unit_of_work import Database, UnitOfWork
from tests.storage.rows import ACCOUNT, a_purchase, a_request, at_once, offer

S = PurchaseStatus
NUMBER = "14155550100"


def _add(database: Database) -> KeptPurchase:
    with database.write() as work:
        return a_purchase(work)


def _stand(work: UnitOfWork, purchase: KeptPurchase, status: S) -> None:
    """Puts a purchase where a test wants it, and its amount in the budget where it belongs then."""
    table, budget = schema.purchase, schema.budget
    work.execute(table.update().where(table.c.id == purchase.id).values(status=status))
    amounts = {"reserved": status in RESERVING, "committed": status in HELD}
    work.execute(budget.update().values({k: purchase.amount * there for k, there in amounts.items()}))


def _assert_accounted(work: UnitOfWork, purchase: KeptPurchase, status: S) -> None:
    """The budget says what the state says, for the person and for the workspace."""
    amounts = purchase.amount * (status in RESERVING), purchase.amount * (status in HELD)
    for spent in budgets.spent(work, purchase.purse, Budgets()):
        assert (spent.reserved, spent.committed) == amounts


def _assert_budget_is_the_sum(database: Database) -> None:
    """Each row of the budget is the sum over its purchases."""
    with database.read() as work:
        kept = [purchases.get(work, row["id"]) for row in work.rows(select(schema.purchase.c.id))]
        known = [one for one in kept if one]
        for row in work.rows(select(schema.budget)):
            mine = [one for one in known if row["spender"] in ("", one.spender)]
            assert row["reserved"] == sum((p.amount for p in mine if p.status in RESERVING), Decimal(0))
            assert row["committed"] == sum((p.amount for p in mine if p.status in HELD), Decimal(0))


def _status(work: UnitOfWork, purchase_id: str) -> S:
    found = purchases.get(work, purchase_id)
    assert found
    return found.status


def test_a_purchase_is_read_back_as_it_was_written(database: Database) -> None:
    kept = _add(database)
    with database.read() as work:
        assert purchases.get(work, kept.id) == kept
        assert purchases.of_request(work, kept.request_id) == (kept,)
        assert purchases.get(work, "P0NOTHERE") is None
    assert (kept.offer, kept.status) == (offer(), S.WAITING)
    assert (kept.setup, kept.monthly) == (Decimal("0.5"), Decimal("0.8"))


def test_every_pair_of_states_moves_as_the_table_says_and_not_otherwise(database: Database) -> None:
    kept = _add(database)
    with database.write() as work:
        for start in S:
            for end in S:
                _stand(work, kept, start)
                if end in MOVES[start]:
                    assert purchases.move(work, kept.id, [start], end) is start
                    assert _status(work, kept.id) is end
                    _assert_accounted(work, kept, end)
                    continue
                with pytest.raises(ValueError, match="no purchase moves"):
                    purchases.move(work, kept.id, [start], end)
                assert _status(work, kept.id) is start


def test_no_state_to_come_from_moves_nothing(database: Database) -> None:
    kept = _add(database)
    with database.write() as work:
        assert purchases.move(work, kept.id, [], S.BOUGHT) is None
        assert _status(work, kept.id) is kept.status
        _assert_accounted(work, kept, kept.status)


@settings(
    max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.tuples(st.sampled_from(S), st.sampled_from(S)), max_size=12))
def test_any_order_of_moves_leaves_it_where_the_table_leads(
    database: Database, steps: list[tuple[S, S]]
) -> None:
    with database.write() as work:
        name = work.new_id("V")  # every example has a request and a number of its own
        kept = a_purchase(work, name, name)
        stands = S.WAITING
        for start, end in steps:
            if end not in MOVES[start]:
                continue
            moved = purchases.move(work, kept.id, [start], end)
            assert moved == (start if start is stands else None)
            stands = end if moved else stands
        assert _status(work, kept.id) is stands
    _assert_budget_is_the_sum(database)


def test_a_mistaken_move_writes_nothing(database: Database) -> None:
    kept = _add(database)
    with database.write() as work, pytest.raises(ValueError, match="bought or waiting to dropped"):
        purchases.move(work, kept.id, [S.WAITING, S.BOUGHT], S.DROPPED)
    with database.read() as work:
        assert purchases.get(work, kept.id) == kept


def test_of_twelve_that_move_it_at_once_one_does(database: Database) -> None:
    kept = _add(database)

    def move(which: int) -> bool:
        with database.write() as work:
            return bool(purchases.move(work, kept.id, [S.WAITING], S.DROPPED if which % 2 else S.QUEUED))

    assert sum(at_once(12, move)) == 1


def test_a_late_answer_of_another_call_moves_nothing(database: Database) -> None:
    kept = _add(database)
    with database.write() as work:
        purchases.move(work, kept.id, [S.WAITING], S.QUEUED)
        purchases.move(work, kept.id, [S.QUEUED], S.BUYING, attempt="A2", call_at=work.now)
        assert not purchases.move(work, kept.id, [S.BUYING], S.BOUGHT, of_attempt="A1")
        assert _status(work, kept.id) is S.BUYING
        assert purchases.move(work, kept.id, [S.BUYING], S.BOUGHT, of_attempt="A2", api_id="x-1")
        after = purchases.get(work, kept.id)
    assert after
    assert (after.status, after.attempt, after.api_id) == (S.BOUGHT, "A2", "x-1")


def test_twelve_requests_for_one_number_make_one_purchase(database: Database) -> None:
    with database.write() as work:
        made = [a_request(work, f"V{i}") for i in range(12)]

    def add(which: int) -> KeptPurchase | None:
        with database.write() as work:
            return purchases.add(work, made[which], offer(), Budgets())

    added = [p for p in at_once(12, add) if p]
    assert len(added) == 1
    with database.read() as work:
        assert purchases.live(work, ACCOUNT, NUMBER) == added[0]


@pytest.mark.parametrize("status", list(S))
def test_a_number_is_free_again_only_when_its_purchase_is_over(database: Database, status: S) -> None:
    kept = _add(database)
    with database.write() as work:
        _stand(work, kept, status)
        second = purchases.add(work, a_request(work, "V2"), offer(), Budgets())
        assert (second is None) == (status in LIVE)
        held = purchases.live(work, ACCOUNT, NUMBER)
    assert held
    assert held.id == (kept.id if second is None else second.id)


def test_another_account_may_buy_the_same_number(database: Database) -> None:
    kept = _add(database)
    with database.write() as work:
        other = replace(a_request(work, "V2"), account="MAOTHER")
        assert purchases.add(work, other, offer(kept.number), Budgets())


def test_the_unsettled_are_listed_and_counted(database: Database) -> None:
    with database.write() as work:
        for place, status in enumerate(S):
            _stand(work, a_purchase(work, f"1415555010{place}", f"V{place}"), status)
        open_ = {p.status for p in purchases.unsettled(work)}
        counted = purchases.count_by_status(work)
    assert open_ == UNSETTLED
    assert counted == dict.fromkeys(S, 1)


def test_a_note_changes_no_state(database: Database) -> None:
    kept = _add(database)
    with database.write() as work:
        purchases.note(work, kept.id, looks=3, alias_note="The name was not taken.")
        after = purchases.get(work, kept.id)
    assert after == replace(kept, looks=3, alias_note="The name was not taken.")
