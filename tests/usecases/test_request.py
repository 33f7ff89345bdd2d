"""Asking and deciding: one request a modal, one a number, one outcome, whoever is fastest."""

from collections import Counter

from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, RequestStatus
from bot.usecases import search as searching
from bot.usecases.decide import (
    AlreadyDecided,
    AlreadySpoken,
    Approved,
    Denied,
    MayNot,
    PriceChanged,
    Say,
    decide,
)
from bot.usecases.preview import NotAllowed, OfferGone, Preview, Taken, preview
from bot.usecases.search import SearchGone
from bot.usecases.submit import Repeated, Submitted
from tests.usecases.conftest import APPROVERS, Bench, at_once


def _dear(bench: Bench) -> str:
    offer = bench.offers().offers[0]
    bench.price(offer.offer.number, "25.00000")
    return next(o.id for o in bench.offers().offers if o.offer.number == offer.offer.number)


def _approve(bench: Bench, user: str, answer: Answer = Answer.APPROVE, round_seen: int = 1) -> object:
    say = Say(answer=answer, round_seen=round_seen, comment="ok")
    return decide(bench.desk, bench.person(user), bench.request().id, say)


def test_a_modal_submitted_twice_is_one_request(bench: Bench) -> None:
    offer = bench.offers().offers[0].id
    assert isinstance(bench.ask(offer=offer), Submitted)
    assert isinstance(bench.ask(offer=offer), Repeated)


def test_a_modal_submitted_twelve_times_at_once_is_one_request(bench: Bench) -> None:
    """Of two copies of one form the slower is told that somebody else was faster."""
    offer = bench.offers().offers[0].id
    kinds = Counter(
        type(outcome) for outcome in at_once(*(lambda: bench.ask(offer=offer) for _ in range(12)))
    )
    assert kinds == {Submitted: 1, Repeated: 11}
    assert not [e for e in bench.events() if e == ("request.submitted", "denied")]


def test_twelve_people_ask_for_one_number_and_one_gets_it(bench: Bench) -> None:
    offer = bench.offers().offers[0].id
    asks = [lambda i=i: bench.ask(f"U0R{i:02}", offer, key=f"V{i}") for i in range(12)]
    kinds = Counter(type(outcome) for outcome in at_once(*asks))
    assert kinds == {Submitted: 1, Taken: 11}
    bench.work()
    assert bench.posts(bench.purchase().number) == 1


def test_an_offer_is_gone_after_a_day(bench: Bench) -> None:
    offer = bench.offers().offers[0].id
    assert isinstance(preview(bench.desk, bench.person(), offer), Preview)
    bench.later(86_401)
    assert isinstance(preview(bench.desk, bench.person(), offer), OfferGone)


def test_without_a_policy_nothing_can_be_asked_for_and_the_refusal_is_logged(bench: Bench) -> None:
    offer = bench.offers().offers[0].id
    object.__setattr__(bench.desk, "policy", None)
    assert isinstance(preview(bench.desk, bench.person(), offer), NotAllowed)
    assert isinstance(bench.ask(offer=offer), NotAllowed)
    assert bench.events()[-1] == ("request.submitted", "denied")


def test_a_quorum_of_two_is_reached_once_by_twelve_approvers_at_once(bench: Bench) -> None:
    bench.ask(offer=_dear(bench))
    outcomes = at_once(*(lambda u=u: _approve(bench, u) for u in sorted(APPROVERS)))
    counted = [o for o in outcomes if isinstance(o, Approved)]
    assert len(counted) == 2
    assert [o.complete for o in counted].count(True) == 1
    assert all(isinstance(o, AlreadyDecided) for o in outcomes if o not in counted)
    assert bench.request().status is RequestStatus.APPROVED
    bench.work()
    assert bench.posts(bench.purchase().number) == 1
    assert bench.events().count(("request.approved", "success")) == 1


def test_one_person_counts_once(bench: Bench) -> None:
    bench.ask(offer=_dear(bench))
    outcomes = at_once(*(lambda: _approve(bench, "U0BOSS") for _ in range(6)))
    assert Counter(type(o) for o in outcomes) == {Approved: 1, AlreadySpoken: 5}
    assert bench.request().approvals_given == 1


def test_yes_and_no_in_the_same_moment_have_one_outcome(bench: Bench) -> None:
    bench.ask(offer=_dear(bench))
    _approve(bench, "U0A00")
    yes, no = at_once(lambda: _approve(bench, "U0A01"), lambda: _approve(bench, "U0A02", Answer.DENY))
    assert isinstance(yes, Approved) != isinstance(no, Denied)
    status = bench.request().status
    assert status is (RequestStatus.APPROVED if isinstance(yes, Approved) else RequestStatus.DENIED)


def test_who_may_not_decide_hears_why_and_it_is_logged(bench: Bench) -> None:
    bench.ask("U0A03", offer=_dear(bench))
    assert isinstance(_approve(bench, "U0A03"), MayNot)
    assert isinstance(_approve(bench, "U0NOBODY"), MayNot)
    assert bench.events()[-1] == ("request.approval", "denied")
    assert isinstance(_approve(bench, "U0BOSS", round_seen=2), PriceChanged)
    assert bench.request().status is RequestStatus.PENDING


def test_a_denied_number_can_be_asked_for_again(bench: Bench) -> None:
    offer = _dear(bench)
    bench.ask(offer=offer)
    assert isinstance(_approve(bench, "U0BOSS", Answer.DENY), Denied)
    assert bench.purchase().status is PurchaseStatus.DROPPED
    assert isinstance(bench.ask(offer=offer, key="V2"), Submitted)


def test_a_page_of_a_search_that_is_gone_is_answered_and_logged(bench: Bench) -> None:
    search_id = bench.offers().kept.id
    bench.later(86_401)
    for look in (
        lambda: searching.turn(bench.desk, bench.person(), search_id, 5),
        lambda: searching.share(bench.desk, bench.person(), search_id, 0, channel="C0NUMBERS"),
        lambda: searching.look(bench.desk, bench.person(), search_id),
    ):
        assert isinstance(look(), SearchGone)
        assert bench.events()[-1] == ("search.performed", "denied")
