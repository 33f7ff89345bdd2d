"""Taking back, another reason, more time: every refused try is in the log, and time that is over counts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.model.request import Answer, Person
from bot.usecases.cancel import cancel
from bot.usecases.change_reason import change_reason, consider_changing
from bot.usecases.decide import AlreadyDecided, MayDecide, MayNot, NoSuchRequest, consider
from bot.usecases.desk import Desk
from bot.usecases.extend import extend
from bot.usecases.preview import NotAllowed, Preview, preview_break_glass
from bot.usecases.reprice import Dearer, look_again
from tests.usecases.conftest import POLICY, Bench, MakeBench

EXPIRING = POLICY.replace('channel = "C0APPROVE"', 'channel = "C0APPROVE"\nexpires_after = "48h"', 1)
TYPED = POLICY.replace("approvals = 2", "approvals = 2\nconfirm_by_typing = true")
Change = Callable[[Desk, Person, str], Any]

CHANGES: dict[str, Change] = {
    "request.cancelled": cancel,
    "request.reason_changed": consider_changing,
    "request.extended": extend,
}


def _dear(bench: Bench) -> str:
    found = bench.offers().offers[0]
    bench.price(found.offer.number, "10.00000")
    return next(o.id for o in bench.offers().offers if o.offer.number == found.offer.number)


@pytest.mark.parametrize("action", CHANGES)
def test_a_click_on_a_request_that_is_not_known_is_logged(bench: Bench, action: str) -> None:
    assert isinstance(CHANGES[action](bench.desk, bench.person(), "R0NOWHERE"), NoSuchRequest)
    assert bench.events()[-1] == (action, "denied")


@pytest.mark.parametrize("action", CHANGES)
def test_a_stranger_changes_nothing_and_it_is_logged(bench: Bench, action: str) -> None:
    bench.ask(offer=_dear(bench))
    assert isinstance(CHANGES[action](bench.desk, bench.person("U0EVE"), bench.request().id), MayNot)
    assert bench.events()[-1] == (action, "denied")
    assert bench.request().is_pending


@pytest.mark.parametrize("action", CHANGES)
def test_a_request_whose_time_is_over_is_expired_though_no_worker_came(
    make_bench: MakeBench, action: str
) -> None:
    bench = make_bench(EXPIRING)
    bench.ask(offer=_dear(bench))
    bench.desk.database.shift += timedelta(hours=49)
    outcome = CHANGES[action](bench.desk, bench.person(), bench.request().id)
    assert isinstance(outcome, AlreadyDecided) and outcome.request.status == "expired"
    assert ("request.expired", "success") in bench.events()


def test_a_reason_that_comes_after_the_end_changes_nothing(make_bench: MakeBench) -> None:
    bench = make_bench(EXPIRING)
    bench.ask(offer=_dear(bench))
    bench.desk.database.shift += timedelta(hours=49)
    outcome = change_reason(bench.desk, bench.person(), bench.request().id, "Late", seen="why")
    assert isinstance(outcome, AlreadyDecided)
    assert bench.request().reason == "why"


def test_who_may_not_break_the_glass_is_refused_and_it_is_logged(make_bench: MakeBench) -> None:
    bench = make_bench(f'{POLICY}\n[break_glass]\nusers = ["U0RITA"]\n')
    dear = _dear(bench)
    assert isinstance(preview_break_glass(bench.desk, bench.person(), dear), Preview)
    refused = preview_break_glass(bench.desk, bench.person("U0EVE"), dear)
    assert isinstance(refused, NotAllowed)
    assert bench.events()[-1] == ("request.submitted", "denied")
    cheap = bench.offers().offers[1].id
    needless = preview_break_glass(bench.desk, bench.person(), cheap)
    assert isinstance(needless, NotAllowed)
    assert "needs no approval" in str(needless.verdict.deny_reason)


def test_the_rule_of_a_higher_price_says_whether_digits_are_typed(make_bench: MakeBench) -> None:
    bench = make_bench(TYPED)
    bench.ask(offer=_dear(bench))
    seen = consider(bench.desk, bench.person("U0BOSS"), bench.request().id, Answer.APPROVE)
    assert isinstance(seen, MayDecide)
    assert (seen.approvals_needed, seen.confirm_by_typing) == (1, False)
    bench.price(bench.purchase().number, "30.00000")
    look = look_again(bench.desk, seen.request, seen.purchase)
    assert isinstance(look, Dearer)
    assert look.confirm_by_typing
    assert look.view.request.approvals_needed == 2
    assert look.view.purchases[0].monthly_before == 10
