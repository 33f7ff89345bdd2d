"""The comparison itself: for every state of a purchase, listed or not, and for any two sides at all."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.provider import RentedNumber
from bot.model.purchase import HELD, PurchaseStatus
from bot.model.sweep import Comparison, Kind, Standing, compare

S = PurchaseStatus
NUMBER = "14155550100"
CALLED = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
SETTLED = CALLED + timedelta(hours=1)


def ours(status: S, number: str = NUMBER, **more: object) -> Standing:
    plain = Standing(
        id=f"P{number}", request_id="R1", workspace="T0ONE", number=number, status=status,
        attempt="A1", call_at=CALLED, updated_at=CALLED,
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


def rented(number: str = NUMBER, **more: object) -> RentedNumber:
    return RentedNumber(number, **more)  # type: ignore[arg-type]


def compared(*purchases: Standing, listed: RentedNumber | None = None) -> Comparison:
    return compare({listed.number: listed} if listed else {}, purchases, settled_before=SETTLED)


@pytest.mark.parametrize("status", sorted(HELD))
def test_what_both_sides_hold_is_no_difference(status: S) -> None:
    seen = compared(ours(status), listed=rented())
    assert (seen.unrecorded, seen.missing, seen.proofs, seen.held) == ((), (), (), 1)


@pytest.mark.parametrize("status", [S.QUEUED, S.BUYING])
def test_what_is_being_bought_is_no_difference(status: S) -> None:
    for listed in (rented(), None):
        seen = compared(ours(status), listed=listed)
        assert (seen.unrecorded, seen.missing, seen.proofs) == ((), (), ())
        assert seen.in_flight == {NUMBER}


@pytest.mark.parametrize("status", [S.UNKNOWN, S.NEEDS_HUMAN])
def test_what_is_unclear_and_listed_was_bought(status: S) -> None:
    purchase = ours(status)
    assert [p.purchase for p in compared(purchase, listed=rented()).proofs] == [purchase]
    assert compared(purchase).proofs == ()


@pytest.mark.parametrize("status", [S.WAITING, S.DROPPED, S.REFUSED])
def test_what_we_never_bought_and_is_listed_is_not_recorded(status: S) -> None:
    purchase = ours(status)
    (found,) = compared(purchase, listed=rented()).unrecorded
    assert (found.kind, found.number, found.purchase) == (Kind.UNRECORDED, NUMBER, purchase)


@pytest.mark.parametrize(
    ("added", "certain"),
    [
        (date(2026, 3, 12), False),
        (date(2026, 3, 13), True),
        (date(2026, 3, 14), True),
        (date(2026, 3, 15), True),
        (date(2026, 3, 16), False),
        (None, False),
    ],
)
def test_what_was_given_up_was_bought_only_if_it_was_added_on_the_day_of_the_call(
    added: date | None, certain: bool
) -> None:
    """A number that somebody bought in the console a month after our call is not our call's."""
    seen = compared(ours(S.NOT_BOUGHT), listed=rented(added_on=added))
    assert (len(seen.proofs), len(seen.unrecorded)) == ((1, 0) if certain else (0, 1))


def test_what_was_given_up_before_it_was_called_for_proves_nothing() -> None:
    for missing in ({"call_at": None}, {"attempt": None}):
        seen = compared(ours(S.NOT_BOUGHT, **missing), listed=rented(added_on=CALLED.date()))
        assert (len(seen.proofs), len(seen.unrecorded)) == (0, 1)


@pytest.mark.parametrize("later", [S.WAITING, S.REFUSED, S.DROPPED])
def test_a_later_request_for_it_does_not_hide_what_was_given_up(later: S) -> None:
    first = ours(S.NOT_BOUGHT)
    second = ours(later, id="P2", call_at=None, updated_at=SETTLED)
    (proof,) = compared(first, second, listed=rented(added_on=CALLED.date())).proofs
    assert proof.purchase == first


def test_documents_are_accepted_when_the_provider_says_active_and_not_when_it_says_nothing() -> None:
    waits = ours(S.AWAITING_DOCUMENTS)
    assert [p.purchase for p in compared(waits, listed=rented(active=True)).proofs] == [waits]
    for active in (False, None):
        assert compared(waits, listed=rented(active=active)).proofs == ()


def test_what_we_hold_and_the_list_lacks_is_missing_unless_it_is_too_new_for_the_list() -> None:
    old, young = ours(S.BOUGHT), ours(S.BOUGHT, updated_at=SETTLED)
    assert compared(old).missing == (old,)
    seen = compared(young)
    assert (seen.missing, seen.in_flight) == ((), {NUMBER})


@pytest.mark.parametrize("status", [s for s in S if s not in HELD])
def test_what_nobody_holds_is_no_difference(status: S) -> None:
    seen = compared(ours(status))
    assert (seen.unrecorded, seen.missing, seen.proofs) == ((), (), ())


def test_a_number_that_was_bought_again_is_judged_by_the_purchase_that_holds_it() -> None:
    """Its first purchase was given up, the second bought it: nothing of the first is left to say."""
    first = ours(S.NOT_BOUGHT, id="P1")
    second = ours(S.BOUGHT, id="P2", call_at=SETTLED)
    for order in ((first, second), (second, first)):
        seen = compared(*order, listed=rented(added_on=CALLED.date()))
        assert (seen.unrecorded, seen.missing, seen.proofs) == ((), (), ())


_NUMBERS = st.sampled_from([f"1415555010{i}" for i in range(5)])
_PURCHASES = st.lists(
    st.builds(
        ours,
        st.sampled_from(S),
        _NUMBERS,
        call_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        updated_at=st.datetimes(timezones=st.just(UTC)),
    ),
    max_size=8,
)
_LISTED = st.lists(
    st.builds(rented, _NUMBERS, active=st.sampled_from([True, False, None]), added_on=st.none() | st.dates())
)


@given(_PURCHASES, _LISTED)
def test_each_number_is_said_once_and_only_by_a_side_that_has_it(
    purchases: list[Standing], listed: list[RentedNumber]
) -> None:
    sides = {each.number: each for each in listed}
    seen = compare(sides, purchases, settled_before=SETTLED)
    said = [f.number for f in seen.unrecorded] + [p.rented.number for p in seen.proofs]
    assert len(said) == len(set(said))
    assert set(said) <= set(sides)
    assert not {p.number for p in seen.missing} & set(sides)
    assert all(p.status in HELD for p in seen.missing)
    holding = {p.number for p in purchases if p.status is S.BOUGHT}
    assert not holding & {f.number for f in seen.unrecorded}
